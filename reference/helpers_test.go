package reference_test

import (
	"errors"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/reference"
)

// Hints that many rows share.
const (
	hintCredentials = `set Username and Password in place of it; ":" precedes a tag, "@sha256:" a digest`
	hintDigest      = `write sha256: and 64, or sha512: and 128 lower-case hexadecimal digits`
	hintDomain      = `write letters, digits and inner hyphens, joined by dots`
	hintIPv6        = `write an address such as [::1]:5000`
	hintPort        = `remove the colon, or write a port such as :5000`
	hintPunycode    = `write an international domain name in punycode (xn--…)`
	hintQuery       = `remove the "?" and the text after it`
	hintRepository  = `write lower-case letters and digits, such as org/my-app`
	hintSlash       = `remove the slash at the beginning or end`
	hintScheme      = `write oci:// in front of the host, in lower case`
	hintShorter     = `shorten the repository`

	credentials = `credentials do not belong in a reference: the text before "@" may be a password`
)

var (
	sha256Digest = "sha256:" + strings.Repeat("0123456789abcdef", 4)
	sha512Digest = "sha512:" + strings.Repeat("0123456789abcdef", 8)
)

// refusal is a row of the tables of bad inputs.
type refusal struct {
	name, input   string
	kind          error
	message, hint string
}

// check asserts that err is the row's refusal, to the letter.
func (r refusal) check(t *testing.T, err error) {
	t.Helper()
	require.EqualError(t, err, r.message)
	require.ErrorIs(t, err, r.kind)

	refused := requireError(t, err)
	assert.Equal(t, r.hint, refused.Hint())
	if refused.Input != "" {
		assert.Equal(t, r.input, refused.Input)
	}
	own := r.kind == reference.ErrInvalidOCIScheme || r.kind == reference.ErrInvalidPort
	assert.Equal(t, !own, errors.Is(err, reference.ErrInvalidOCIFormat))
}

// requireError asserts what holds for every error of the package.
func requireError(t *testing.T, err error) *reference.Error {
	t.Helper()
	var refused *reference.Error
	require.ErrorAs(t, err, &refused)
	for _, text := range []string{refused.Error(), refused.Hint()} {
		require.NotEmpty(t, text)
		require.Less(t, len(text), 500)
		require.False(t, strings.ContainsFunc(text, unicode.IsControl), "control byte in %q", text)
	}
	return refused
}
