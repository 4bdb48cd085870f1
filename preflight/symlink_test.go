package preflight_test

import (
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"

	"github.com/kubeoci/oci/manifests"
)

// An object that a symbolic link makes a duplicate is in one file only.
func TestDuplicatesThroughSymlinks(t *testing.T) {
	const (
		hint    = "exclude the link with Collect.Ignore, or set Collect.Symlinks to files, which skips links to directories"
		through = " is reached through a symbolic link [duplicate-object]"
	)
	link := func(target string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte(target), Mode: fs.ModeSymlink | 0o777}
	}
	for _, tt := range []struct {
		name string
		tree tree
		link string
		to   string
		want string
	}{
		{"a link to a directory", tree{"base/app.yaml": app}, "overlay", "base",
			`overlay/app.yaml:1:1: error: Flux refuses the ConfigMap "app": it is defined here and at base/app.yaml:1, and overlay/app.yaml` + through},
		{"a link that comes first", tree{"base/app.yaml": app}, "a", "base",
			`base/app.yaml:1:1: error: Flux refuses the ConfigMap "app": it is defined here and at a/app.yaml:1, and a/app.yaml` + through},
		{"a link to a file", tree{"app.yaml": app}, "b.yaml", "app.yaml",
			`b.yaml:1:1: error: Flux refuses the ConfigMap "app": it is defined here and at app.yaml:1, and b.yaml` + through},
		{"a link to a resource", tree{"app.yaml": app, "kustomization.yaml": "resources: [app.yaml, b.yaml]\n"}, "b.yaml", "app.yaml",
			`b.yaml:1:1: error: Flux refuses the ConfigMap "app": it is defined here and at app.yaml:1, and b.yaml` + through},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fsys := tt.tree.fs()
			fsys[tt.link] = link(tt.to)
			findings := checkFS(t, fsys, flux, manifests.Options{})
			assert.Equal(t, []string{tt.want}, brief(findings))
			assert.Equal(t, hint, findings[0].Hint)
		})
	}
	fsys := tree{"base/app.yaml": app}.fs()
	fsys["overlay"] = link("base")
	assert.Empty(t, checkFS(t, fsys, flux, manifests.Options{Symlinks: manifests.SymlinksFiles}))
}
