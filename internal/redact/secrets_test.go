package redact_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/redact"
	"github.com/kubeoci/oci/internal/testing/echo"
)

func TestSecrets(t *testing.T) {
	for _, secret := range []string{
		"hunter2-secret", "pass", "Pässwörd €", `a"b\c/d&e<f%41g+h`, "p w with blanks", "0123456789abcdef0123456789abcdef", strings.Repeat("long", 200),
	} {
		for form, text := range echo.Forms(secret) {
			t.Run(fmt.Sprintf("%.20s/%s", secret, form), func(t *testing.T) {
				got := redact.Secrets("before "+text+" after", []string{"other-secret", secret})
				assert.Regexp(t, `^before [^a-z]{0,8}\[redacted\][^a-z]{0,8}after$`, got)
			})
		}
	}
}

func TestSecretsThatAreShort(t *testing.T) {
	for _, tt := range []struct{ name, secret, text, want string }{
		{"one letter", "p", "dial tcp: password p is wrong", "dial tcp: password [redacted] is wrong"},
		{"three letters", "abc", "abcd (abc) dabc", "abcd ([redacted]) dabc"},
		{"blanks in between", "00 0", "00 0, 100 0", "[redacted], 100 0"},
		{"empty", "", "text", "text"},
		{"blank", " ", "a text", "a text"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, redact.Secrets(tt.text, []string{tt.secret}))
		})
	}
}

func TestSecretsWithinEachOther(t *testing.T) {
	assert.Equal(t, "a [redacted] b [redacted]", redact.Secrets("a secret-longer b secret", []string{"secret", "secret-longer"}))
	assert.Equal(t, "[redacted]", redact.Secrets("onetwoone", []string{"one", "twoone", "onetwo"}))
}

// The end of a long text may be a part of a secret, and is dropped.
func TestSecretsInALongText(t *testing.T) {
	const secret = "hunter2-secret"
	for _, text := range []string{
		strings.Repeat(secret, 10000), strings.Repeat("\u200b", 16<<10/3-3) + secret,
		strings.Repeat("x", 16<<10-3) + secret, strings.Repeat("%68%75%6e%74%65%72%32%2d%73%65%63%72%65%74", 1000),
	} {
		got := redact.Secrets(text, []string{secret})
		assert.NotContains(t, got, secret[:3])
		assert.LessOrEqual(t, len(got), 16<<10+len(redact.Mark))
	}
	require.Equal(t, "no secrets", redact.Secrets("no secrets", nil))
}

// visible counts the characters that are compared.
func visible(secret string) (n int) {
	for _, r := range secret {
		if r != utf8.RuneError && unicode.In(r, unicode.Letter, unicode.Number, unicode.Punct, unicode.Symbol) {
			n++
		}
	}
	return n
}

func FuzzSecrets(f *testing.F) {
	for _, text := range []string{"", "%", "%4", `\`, `\u`, "&#0;", "&#x110000;", "\xff", "%ff%fe", strings.Repeat("%25", 1000), "[redacted]"} {
		f.Add(text, "secret")
		f.Add("secret"+text, text)
	}
	f.Add("000000000", "000\x7f") // three visible characters
	for _, text := range []string{"0", "-1", "2147483648", "4294967296", "9223372036854775807", "&#9999999;", "&#xffffff;", strings.Repeat("x", 16<<10)} {
		f.Add(text, "secret")
		f.Add("text", text)
	}
	f.Fuzz(func(t *testing.T, text, secret string) {
		got := redact.Secrets(text+secret+text, []string{secret})
		if len(secret) >= 4 && len(text) < 1000 && len(secret) < 1000 && strings.TrimSpace(secret) == secret && !strings.Contains(redact.Mark, secret) {
			if visible(secret) >= 4 && strings.Count(got, secret) > 2*strings.Count(text, secret) {
				t.Fatalf("%q in %q", secret, got)
			}
		}
	})
}
