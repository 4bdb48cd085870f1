package kustomize_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/kustomize"
)

// TestRemote lists the fields in which each path is remote: those of files, of
// directories, or of either.
func TestRemote(t *testing.T) {
	const file, dir, either = 1, 2, 4
	for path, want := range map[string]int{
		"a.yaml": 0, "../base": 0, "./a//b": 0, "base.git/x": 0, "/etc/a.yaml": 0, "a@b/c.yaml": 0, "a@b/c/d": dir | either, "a:b/c": 0, "C:/a/b": 0,
		"https://example.com/a.yaml":                    file | either, // without a repository's two segments
		"HTTP://example.com/a/b.yaml":                   file | dir | either,
		"https://github.com/acme/shop":                  file | dir | either,
		"https://github.com/acme/shop//base?ref=v1":     file | dir | either,
		"https://example.com/scm/shop.git/base?ref=v1":  file | dir | either,
		"https://dev.example.com/acme/p/_git/shop/base": file | dir | either,
		"git::https://github.com/acme/shop":             dir | either,
		"github.com/acme/shop/base?ref=v1":              dir | either,
		"GitHub.com:acme/shop":                          dir | either,
		"github.com/acme":                               0,
		"github.com/acme/shop/../../x":                  0,
		"github.com/acme/shop//../x":                    0,
		"github.community/acme/shop":                    0,
		"example.com/acme/shop?ref=v1":                  0, // kustomize asks for a scheme
		"gitlab.com/acme/shop.git":                      0,
		"git@github.com:acme/shop.git":                  dir | either,
		"git@example.com:acme/shop":                     dir | either,
		"git@example.com:shop.git//base":                dir | either,
		"git@example.com:shop":                          0,
		"9git@example.com:acme/shop":                    0,
		"ssh://git@example.com/acme/shop":               dir | either,
		"ssh://git@example.com:2222/acme/shop":          dir | either,
		"ssh://example.com":                             0,
		"ssh:///acme/shop":                              dir | either,
		"file:///srv/git/shop":                          dir | either,
		"file:///srv/git/shop.git/../../x":              0,
		"oci://example.com/acme/shop":                   0,
		"s3::https://example.com/acme/shop":             0,
		"?ref=v1":                                       0,
	} {
		t.Run(path, func(t *testing.T) {
			got := 0
			for bit, field := range map[int]string{file: "crds", dir: "components", either: "resources"} {
				k, err := kustomize.Parse(fmt.Appendf(nil, "%s: [%q]", field, path))
				require.NoError(t, err)
				if len(k.References) == 0 {
					got |= bit
				}
			}
			assert.Equal(t, want, got)
		})
	}
}
