package reference_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/reference"
)

func TestParseEndpoint(t *testing.T) {
	for _, tt := range []struct {
		name, input string
		want        reference.Endpoint
		text        string
	}{
		{"host", "ghcr.io", reference.Endpoint{Host: "ghcr.io"}, "ghcr.io"},
		{"host and port", "ghcr.io:443", reference.Endpoint{Host: "ghcr.io", Port: 443}, "ghcr.io:443"},
		{"slash at the end", "ghcr.io/", reference.Endpoint{Host: "ghcr.io"}, "ghcr.io"},
		{"http", "http://host:5000", reference.Endpoint{Scheme: "http", Host: "host", Port: 5000}, "host:5000"},
		{"https and slash", "https://host/", reference.Endpoint{Scheme: "https", Host: "host"}, "host"},
		{"oci", "oci://host:5000/", reference.Endpoint{Host: "host", Port: 5000}, "host:5000"},
		{"host called like a scheme", "https", reference.Endpoint{Host: "https"}, "https"},
		{"IPv6", "[::1]", reference.Endpoint{Host: "::1"}, "[::1]"},
		{"IPv6 and port", "http://[::1]:5000/", reference.Endpoint{Scheme: "http", Host: "::1", Port: 5000}, "[::1]:5000"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e, err := reference.ParseEndpoint(tt.input)
			require.NoError(t, err)
			assert.Equal(t, tt.want, e)
			assert.Equal(t, tt.text, e.String())
		})
	}
}

func TestParseEndpointRefuses(t *testing.T) {
	const hintPath = "write the registry alone in RegistryEndpoint and the path in Repository, or use WithReference for a whole oci:// reference"
	const hintEndpointScheme = "write http://, https:// or no scheme, in lower case"
	for _, tt := range []refusal{
		{
			"empty", "", reference.ErrInvalidHost,
			`invalid host: missing`, hintDomain,
		},
		{
			"blank", " ", reference.ErrInvalidHost,
			`invalid host " ": " " is not allowed`, hintDomain,
		},
		{
			"scheme alone", "https://", reference.ErrInvalidHost,
			`invalid host in "https://": missing`, hintDomain,
		},
		{
			"slash alone", "/", reference.ErrInvalidHost,
			`invalid host in "/": missing`, hintDomain,
		},
		{
			"unknown scheme", "docker://host", reference.ErrInvalidOCIScheme,
			`invalid OCI scheme "docker" in "docker://host": not http, https or oci`, hintEndpointScheme,
		},
		{
			"upper-case scheme", "HTTPS://host", reference.ErrInvalidOCIScheme,
			`invalid OCI scheme "HTTPS" in "HTTPS://host": not http, https or oci`, hintEndpointScheme,
		},
		{
			"empty scheme", "://host", reference.ErrInvalidOCIScheme,
			`invalid OCI scheme in "://host": not http, https or oci`, hintEndpointScheme,
		},
		{
			"path", "ghcr.io/org", reference.ErrInvalidOCIFormat,
			`invalid OCI format in "ghcr.io/org": has a path`, hintPath,
		},
		{
			"two slashes at the end", "ghcr.io//", reference.ErrInvalidOCIFormat,
			`invalid OCI format in "ghcr.io//": has a path`, hintPath,
		},
		{
			"reference", "oci://ghcr.io/org/app@sha256:0", reference.ErrInvalidOCIFormat,
			`invalid OCI format in "oci://ghcr.io/org/app@sha256:0": has a path`, hintPath,
		},
		{
			"underscore", "host_a", reference.ErrInvalidHost,
			`invalid host "host_a": "_" is not allowed`, hintDomain,
		},
		{
			"IPv6 without brackets", "::1", reference.ErrInvalidHost,
			`invalid host "::1": more than one colon outside brackets`,
			`write an IPv6 address in brackets, such as [::1]:5000`,
		},
		{
			"IPv6 with a zone", "http://[fe80::1%25eth0]:5000", reference.ErrInvalidHost,
			`invalid host "[fe80::1%25eth0]" in "http://[fe80::1%25eth0]:5000": has a zone`, hintIPv6,
		},
		{
			"port without digits", "host:", reference.ErrInvalidPort,
			`invalid port in "host:": missing`, hintPort,
		},
		{
			"port out of range", "host:65536", reference.ErrInvalidPort,
			`invalid port "65536" in "host:65536": not between 1 and 65535`, hintPort,
		},
		{
			"one slash behind the scheme", "https:/host", reference.ErrInvalidPort,
			`invalid port in "https:/host": missing`, hintPort,
		},
		{
			"query", "https://host?token=hunter2", reference.ErrInvalidOCIFormat,
			`invalid OCI format: the text after "?" may be a secret`, hintQuery,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e, err := reference.ParseEndpoint(tt.input)
			tt.check(t, err)
			assert.Zero(t, e)
		})
	}
}

func TestEndpointLoopback(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost":           true,
		"LocalHost":           true,
		"127.0.0.1":           true,
		"127.255.255.254":     true,
		"::1":                 true,
		"0:0:0:0:0:0:0:1":     true,
		"::ffff:127.0.0.1":    true,
		"::ffff:7f01:203":     true,
		"":                    false,
		"0.0.0.0":             false,
		"128.0.0.1":           false,
		"127.1":               false,
		"127.0.0.01":          false,
		"127.0.0.1.nip.io":    false,
		"::":                  false,
		"::2":                 false,
		"::ffff:10.0.0.1":     false,
		"app.localhost":       true,
		"a.b.LOCALHOST":       true,
		"app.localhost.":      false, // not a legal host here
		"notlocalhost":        false,
		"localhost.":          false,
		"localhost.evil.test": false,
		"localhoſt":           false, // folds to localhost in Unicode
	} {
		assert.Equal(t, want, reference.Endpoint{Host: host, Port: 5000}.Loopback(), host)
	}
}
