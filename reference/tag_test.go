package reference_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/reference"
)

func TestCheckTag(t *testing.T) {
	for _, legal := range []string{"v1.0.0", "latest", "_", "0", "A-._", strings.Repeat("t", 128)} {
		require.NoError(t, reference.CheckTag(legal))
	}
}

func TestCheckTagRefuses(t *testing.T) {
	const hintDigestAsTag = `a digest is the result of a push: set Version to a tag`
	long := strings.Repeat("t", 129)
	for _, tt := range []struct{ name, input, message, hint string }{
		{"empty", "", `invalid tag: missing`, `write a tag such as v1.0.0`},
		{"blank", " ", `invalid tag " ": " " is not allowed`, `write a tag such as v1.0.0`},
		{"plus", "1.2.3+build", `invalid tag "1.2.3+build": "+" is not allowed`, `write "1.2.3" without the build metadata: with a hyphen in front, version ranges would pass over it`},
		{"plus in a pre-release", "v1.2.3-rc.1+5", `invalid tag "v1.2.3-rc.1+5": "+" is not allowed`, `write "v1.2.3-rc.1" without the build metadata: with a hyphen in front, version ranges would pass over it`},
		{"plus without a version", "a+b", `invalid tag "a+b": "+" is not allowed`, `write "a-b"`},
		{"version with a blank", "1.2.3 beta", `invalid tag "1.2.3 beta": " " is not allowed`, `write "1.2.3-beta"`},
		{"dot in front", ".v1", `invalid tag ".v1": starts with "."`, `write "v1"`},
		{"hyphen in front", "-v1", `invalid tag "-v1": starts with "-"`, `write "v1"`},
		{"slash", "feature/x", `invalid tag "feature/x": "/" is not allowed`, `write "feature-x"`},
		{"not ASCII", "größe", `invalid tag "größe": "ö" is not allowed`, `write "gr-e"`},
		{"newline", "v1\nv2", `invalid tag "v1\nv2": "\n" is not allowed`, `write "v1-v2"`},
		{"not UTF-8", "v\xff", `invalid tag "v\xff": "\xff" is not allowed`, `write "v"`},
		{"nothing legal", "+++", `invalid tag "+++": "+" is not allowed`, `write a tag such as v1.0.0`},
		{"dots and illegal bytes", ".+.+a", `invalid tag ".+.+a": starts with "."`, `write "a"`},
		{"129 bytes", long, `invalid tag "` + long + `": longer than 128 bytes`, `write "` + long[:128] + `"`},
		{"digest", sha256Digest, `invalid tag "` + sha256Digest + `": ":" is not allowed`, hintDigestAsTag},
		{"short digest in upper case", "SHA256:AB", `invalid tag "SHA256:AB": ":" is not allowed`, hintDigestAsTag},
		{"version behind an at sign", "app@1.2.3", `invalid tag: "@" and "?" are not allowed`, `write a tag such as v1.0.0`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := reference.CheckTag(tt.input)
			refusal{tt.name, tt.input, reference.ErrInvalidTag, tt.message, tt.hint}.check(t, err)
			if quoted, found := strings.CutPrefix(requireError(t, err).Hint(), `write "`); found {
				proposal, _, _ := strings.Cut(quoted, `"`)
				require.NoError(t, reference.CheckTag(proposal))
			}
		})
	}
}
