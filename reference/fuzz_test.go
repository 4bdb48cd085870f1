package reference_test

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"oras.land/oras-go/v2/registry"

	"github.com/kubeoci/oci/reference"
)

// The grammar as the OCI distribution specification prints it.
var (
	specName = regexp.MustCompile(`^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$`)
	specTag  = regexp.MustCompile(`^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$`)
)

// seeds starts the fuzzing of both parsers.
func seeds(f *testing.F) {
	for _, input := range secretive() {
		if len(input) < 1<<10 {
			f.Add(input)
		}
	}
	for _, seed := range []string{
		"", " ", "oci://host/repo", "oci://host:5000/repo/a/b:v1", "oci://[::1]:5000/repo:v1",
		"oci://host/repo@" + sha256Digest, "oci://host/repo@" + sha512Digest, "oci://host/repo:v1@" + sha256Digest,
		"oci://host/repo@md5:0", "oci://[fe80::1%25eth0]/repo", "oci://[::ffff:127.0.0.1]/repo", "oci://::1/repo",
		"oci://a-b.c--d.E:1/a.b_c__d-e---f:_A.-", "oci://host:65536/repo", "oci://host:080/repo", "oci://host./repo",
		"oci://host/Repo", "oci://host/repo//x", "oci://host/%2e%2e/x", "oci://host/repo:", "oci://host/repo:1+2",
		"oci://h\x00st/r\xffpo:\x1b", "http://host", "https://host:5000/", "https://host?sig=x", "ghcr.io/org", "host:",
		"oci://" + strings.Repeat("a.", 200) + "/" + strings.Repeat("b/", 200), "127.0.0.1:5000", "LOCALHOST",
	} {
		f.Add(seed)
	}
}

// requireOneMessage asserts that the refusal of a text with a password does not
// depend on the text.
func requireOneMessage(t *testing.T, err error) {
	t.Helper()
	require.EqualError(t, err, credentials)
	refused := requireError(t, err)
	require.Equal(t, hintCredentials, refused.Hint())
	require.Empty(t, refused.Input)
	require.Empty(t, refused.Part)
}

func FuzzParse(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, s string) {
		_, err := reference.Parse("oci://user:" + s + "@ghcr.io/app")
		requireOneMessage(t, err)

		r, err := reference.Parse(s)
		if err != nil {
			require.Nil(t, r)
			requireError(t, err)
			return
		}
		if r == nil {
			require.Empty(t, s)
			return
		}
		require.Equal(t, s, r.String())
		again, err := reference.Parse(r.String())
		require.NoError(t, err)
		require.Equal(t, r, again)

		theirs, err := registry.ParseReference(strings.TrimPrefix(s, "oci://"))
		require.NoError(t, err)
		require.Equal(t, registry.Reference{Registry: r.Registry(), Repository: r.FullRepository(), Reference: r.Ref}, theirs)
	})
}

func FuzzParseEndpoint(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, s string) {
		_, err := reference.ParseEndpoint("https://user:" + s + "@ghcr.io")
		requireOneMessage(t, err)

		e, err := reference.ParseEndpoint(s)
		if err != nil {
			require.Zero(t, e)
			requireError(t, err)
			return
		}
		again, err := reference.ParseEndpoint(e.String())
		require.NoError(t, err)
		require.Equal(t, reference.Endpoint{Host: e.Host, Port: e.Port}, again)
		require.NoError(t, registry.Reference{Registry: e.String()}.ValidateRegistry())

		if e.Scheme != "" {
			theirs, err := url.Parse(s)
			require.NoError(t, err)
			port, _ := strconv.Atoi(theirs.Port()) // 0 for ""
			require.Equal(t, reference.Endpoint{Scheme: theirs.Scheme, Host: theirs.Hostname(), Port: int32(port)}, e)
		}
	})
}

func FuzzNormalizeRepository(f *testing.F) {
	for _, seed := range []string{
		"", "a", "ab", "My App", "a..b", "a___b", "-a-/.b./_c_", "//a//b", "größe", "\u212a", "a\xffb", "\x00",
		strings.Repeat("a", 254) + "/b", strings.Repeat("a/", 200), strings.Repeat("a-", 200), strings.Repeat("-", 300),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		legal := specName.MatchString(s) && len(s) <= 255
		err := reference.CheckRepository(s)
		require.Equal(t, legal, err == nil, "CheckRepository against the specification")
		if err != nil {
			requireError(t, err)
		}

		name := reference.NormalizeRepository(s)
		require.Equal(t, name, reference.NormalizeRepository(name), "not idempotent")
		if legal {
			require.Equal(t, s, name)
		}
		if name == "" {
			require.NotRegexp(t, `[A-Za-z0-9]`, s)
		} else {
			require.NoError(t, reference.CheckRepository(name))
		}
	})
}

func FuzzCheckTag(f *testing.F) {
	for _, seed := range []string{"", "v1", "1.2.3+build", ".v1", "-.-", "a/b", "größe", "a@b/c", strings.Repeat("+a", 200)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		err := reference.CheckTag(s)
		require.Equal(t, specTag.MatchString(s), err == nil, "CheckTag against the specification")
		if err == nil {
			return
		}
		if quoted, found := strings.CutPrefix(requireError(t, err).Hint(), `write "`); found {
			proposal, _, _ := strings.Cut(quoted, `"`)
			assert.NoError(t, reference.CheckTag(proposal))
		}
	})
}
