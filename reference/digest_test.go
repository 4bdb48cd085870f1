package reference_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/reference"
)

func TestCheckDigest(t *testing.T) {
	for _, digest := range []string{
		"sha256:" + strings.Repeat("0a", 32),
		"sha512:" + strings.Repeat("f9", 64),
	} {
		require.NoError(t, reference.CheckDigest(digest))
	}
	for _, tt := range []struct{ name, digest, text string }{
		{"empty", "", `invalid digest: not a sha256 or sha512 digest`},
		{"a tag", "v1", `invalid digest "v1": not a sha256 or sha512 digest`},
		{"too short", "sha256:abc", `invalid digest "sha256:abc": not a sha256 or sha512 digest`},
		{"upper case", "sha256:" + strings.Repeat("0A", 32), ""},
		{"length of the other", "sha512:" + strings.Repeat("0a", 32), ""},
		{"another algorithm", "sha384:" + strings.Repeat("0a", 48), ""},
		{"in a reference", "host/app@sha256:" + strings.Repeat("0a", 32), ""},
		{"possible password", "user:pw@sha256", `invalid digest: "@" and "?" are not allowed`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := reference.CheckDigest(tt.digest)
			require.ErrorIs(t, err, reference.ErrInvalidDigest)
			require.ErrorIs(t, err, reference.ErrInvalidOCIFormat)
			if tt.text != "" {
				assert.EqualError(t, err, tt.text)
			}
		})
	}
}
