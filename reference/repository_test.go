package reference_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/reference"
)

func TestCheckRepository(t *testing.T) {
	for _, legal := range []string{
		"a", "7", "ab", "42", "a/b", "org/app", "a.b/c_d/e__f/g-h/i---j", "library/app", strings.Repeat("a", 255),
	} {
		require.NoError(t, reference.CheckRepository(legal))
		require.Equal(t, legal, reference.NormalizeRepository(legal), "a legal name must stay as it is")
	}
}

func TestCheckRepositoryRefuses(t *testing.T) {
	const misplaced = `misplaced ".", "_" or "-"`
	const hintReference = `write the part after the host and its slash, or use ParseReference and WithReference for a whole reference`
	long := strings.Repeat("a", 256)
	for _, tt := range []struct{ name, input, message, hint string }{
		{"empty", "", `invalid repository: missing`, hintRepository},
		{"blank", " ", `invalid repository " ": " " is not allowed`, hintRepository},
		{"one separator", "-", `invalid repository "-": misplaced ".", "_" or "-"`, hintRepository},
		{"256 bytes", long, `invalid repository "` + long[:159] + `"…: longer than 255 bytes`, hintRepository},
		{"upper case", "Org/App", `invalid repository "Org/App": "O" is not allowed`, `write "org/app"`},
		{"upper case and worse", "My App", `invalid repository "My App": "M" is not allowed`, hintRepository},
		{"blank inside", "my app", `invalid repository "my app": " " is not allowed`, hintRepository},
		{"tag", "app:v1", `invalid repository "app:v1": ":" is not allowed`, `remove the tag: the tag belongs in Version`},
		{"illegal tag", "app:v1+2", `invalid repository "app:v1+2": ":" is not allowed`, hintRepository},
		{"upper case and tag", "App:v1", `invalid repository "App:v1": "A" is not allowed`, hintRepository},
		{"reference", "oci://ghcr.io/app:v1", `invalid repository "oci://ghcr.io/app:v1": empty path segment`, hintReference},
		{"reference with a digest", "OCI://ghcr.io/app@sha256:0", `invalid repository "OCI://ghcr.io/app@sha256:0": empty path segment`, hintReference},
		{"digest", "org/app@sha256:0", `invalid repository "org/app@sha256:0": "@" is not allowed`, `remove the digest: it is the result of a push`},
		{"not ASCII", "äpp", `invalid repository "äpp": "ä" is not allowed`, hintRepository},
		{"kelvin sign", "\u212aey", "invalid repository \"\u212aey\": \"\u212a\" is not allowed", hintRepository},
		{"not UTF-8", "a\xffb", `invalid repository "a\xffb": "\xff" is not allowed`, hintRepository},
		{"backslash", `a\b`, `invalid repository "a\\b": "\\" is not allowed`, hintRepository},
		{"percent", "%2e%2e", `invalid repository "%2e%2e": "%" is not allowed`, hintRepository},
		{"slash in front", "/app", `invalid repository "/app": empty path segment`, hintSlash},
		{"slash at the end", "app/", `invalid repository "app/": empty path segment`, hintSlash},
		{"two slashes", "a//b", `invalid repository "a//b": empty path segment`, hintRepository},
		{"dot", "a/./b", `invalid repository "a/./b": ` + misplaced, hintRepository},
		{"dot dot", "..", `invalid repository "..": ` + misplaced, hintRepository},
		{"two dots", "a..b", `invalid repository "a..b": ` + misplaced, hintRepository},
		{"three underscores", "a___b", `invalid repository "a___b": ` + misplaced, hintRepository},
		{"dot and hyphen", "a.-b", `invalid repository "a.-b": ` + misplaced, hintRepository},
		{"hyphen in front", "-ab", `invalid repository "-ab": ` + misplaced, hintRepository},
		{"underscore at the end", "ab_/c", `invalid repository "ab_/c": ` + misplaced, hintRepository},
	} {
		t.Run(tt.name, func(t *testing.T) {
			refusal{tt.name, tt.input, reference.ErrInvalidRepository, tt.message, tt.hint}.
				check(t, reference.CheckRepository(tt.input))
		})
	}
}

func TestNormalizeRepository(t *testing.T) {
	for _, tt := range []struct{ name, input, want string }{
		{"empty", "", ""},
		{"nothing left", " /../%/ü/-", ""},
		{"upper case", "Org/My-App", "org/my-app"},
		{"run of illegal bytes", "my (new)  app", "my-new-app"},
		{"run with a separator in it", "my _ app", "my-app"},
		{"illegal separator", "a..b___c.-d", "a-b-c-d"},
		{"legal separators", "a.b_c__d---e", "a.b_c__d---e"},
		{"ends of segments", "-a-/.b./_c_", "a/b/c"},
		{"empty segments", "//a///b//", "a/b"},
		{"path confusion", "../a/./b/..", "a/b"},
		{"not ASCII", "größe/数/k\u212a", "gr-e/k"},
		{"not UTF-8", "a\xff\xfeb", "a-b"},
		{"control bytes", "\x00a\nb\x1b", "a-b"},
		{"cut", strings.Repeat("a", 300), strings.Repeat("a", 255)},
		{"cut in front of a segment", strings.Repeat("a", 254) + "/b", strings.Repeat("a", 254)},
		{"cut inside a separator", strings.Repeat("a", 253) + "---b", strings.Repeat("a", 253)},
		{"cut in the second segment", strings.Repeat("a", 200) + "/" + strings.Repeat("b", 200), strings.Repeat("a", 200) + "/" + strings.Repeat("b", 54)},
		{"one byte, which is not legal", "A", "a"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, reference.NormalizeRepository(tt.input))
		})
	}
}
