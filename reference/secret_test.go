package reference_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/reference"
)

// secretive lists texts in which something before an "@" may be a password.
// Parse and ParseEndpoint refuse each of them without repeating any of it.
func secretive() map[string]string {
	return map[string]string{
		"user and password":           "oci://user:hunter2@host/repo",
		"user alone":                  "oci://hunter2@host/repo",
		"nothing before the at sign":  "oci://@host/repo",
		"colon in the password":       "oci://user:hun:ter2@host/repo",
		"slash in the password":       "oci://user:hun/ter2@host/repo",
		"number in front of a slash":  "oci://user:80/hunter2@host/repo",
		"at sign in the password":     "oci://user:hun@ter2@host/repo",
		"digest in the password":      "oci://user:p/w@" + sha256Digest + "@host/repo",
		"digest behind the host":      "oci://user:hunter2@host/repo@" + sha256Digest,
		"token with a slash":          "oci://hun/ter2@host/repo",
		"host with a port":            "oci://user:hun/ter2@host:5000/repo",
		"host with a port, no path":   "oci://user:hun/ter2@host:5000",
		"host called like a digest":   "oci://user:hunter2@sha256:5000/repo",
		"host called so, and a slash": "oci://user:hun/ter2@sha256:5000/repo",
		"no repository":               "oci://user:hunter2@" + sha256Digest,
		"IPv6 host":                   "oci://user:hunter2@[::1]:5000/repo",
		"no host":                     "oci://user:hunter2@",
		"slash and no host":           "oci://user:hun/ter2@",
		"escaped at sign":             "oci://user:hunter2%40host/repo",
		"question mark":               "oci://user:hunt?r2@host/repo",
		"newline":                     "oci://user:hunter2\n@host/repo",
		"one slash behind the scheme": "oci:/user:hunter2@host/repo",
		"no slash behind the scheme":  "oci:user:hunter2@host/repo",
		"two schemes":                 "oci://https://user:hunter2@host/repo",
		"two schemes and no path":     "oci://https://user:hunter2@" + sha256Digest,
		"https":                       "https://user:hunter2@host/repo",
		"https without a path":        "https://u:hunter2@host",
		"unknown scheme":              "docker://user:hunter2@host/repo",
		"no scheme":                   "user:hunter2@host/repo",
		"no scheme, no path":          "user:hunter2@host",
		"a version behind an at sign": "oci://host/repo@v1", // cannot be told from a token with a slash
		"1 MiB":                       "oci://user:" + strings.Repeat("hunter2/", 1<<17) + "@host/repo",
	}
}

func TestSecretsAreNotRepeated(t *testing.T) {
	for name, input := range secretive() {
		row := refusal{name, input, reference.ErrCredentialsInReference, credentials, hintCredentials}
		t.Run(name, func(t *testing.T) {
			_, err := reference.Parse(input)
			row.check(t, err)
			assert.Empty(t, requireError(t, err).Input)
			assert.Empty(t, requireError(t, err).Part)

			endpoint, err := reference.ParseEndpoint(input)
			row.check(t, err)
			assert.Empty(t, requireError(t, err).Input)
			assert.Empty(t, requireError(t, err).Part)
			assert.Zero(t, endpoint)
		})
		t.Run(name+" given as a part", func(t *testing.T) {
			err := reference.CheckRepository(input)
			require.EqualError(t, err, `invalid repository: "@" and "?" are not allowed`)
			assert.Equal(t, &reference.Error{Kind: reference.ErrInvalidRepository, Reason: `"@" and "?" are not allowed`},
				withoutHint(t, err, "write the repository without a tag, digest or password, such as org/my-app"))

			err = reference.CheckTag(input)
			require.EqualError(t, err, `invalid tag: "@" and "?" are not allowed`)
			assert.Equal(t, &reference.Error{Kind: reference.ErrInvalidTag, Reason: `"@" and "?" are not allowed`},
				withoutHint(t, err, "write a tag such as v1.0.0"))
		})
	}
}

// withoutHint compares the hint and returns what an embedder can see besides.
func withoutHint(t *testing.T, err error, hint string) *reference.Error {
	t.Helper()
	e := requireError(t, err)
	assert.Equal(t, hint, e.Hint())
	return &reference.Error{Kind: e.Kind, Input: e.Input, Part: e.Part, Reason: e.Reason}
}
