package reference_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/reference"
)

func TestParseEmpty(t *testing.T) {
	r, err := reference.Parse("")
	require.NoError(t, err)
	require.Nil(t, r)
}

func TestParse(t *testing.T) {
	longHost := strings.Repeat("a", 63) + "." + strings.Repeat("b", 63)
	for _, tt := range []struct {
		name, input string
		want        reference.Reference
		registry    string
		full        string
	}{
		{
			name: "tag", input: "oci://ghcr.io/app:v1.0.0",
			want:     reference.Reference{Host: "ghcr.io", Repository: "app", Ref: "v1.0.0"},
			registry: "ghcr.io", full: "app",
		},
		{
			name: "neither tag nor digest", input: "oci://ghcr.io/app",
			want:     reference.Reference{Host: "ghcr.io", Repository: "app"},
			registry: "ghcr.io", full: "app",
		},
		{
			name: "port, variant and tag", input: "oci://localhost:5000/app/overlays/dev:latest",
			want:     reference.Reference{Host: "localhost", Port: 5000, Repository: "app", Variant: "overlays/dev", Ref: "latest"},
			registry: "localhost:5000", full: "app/overlays/dev",
		},
		{
			name: "host of one label is still the host", input: "oci://host/app",
			want:     reference.Reference{Host: "host", Repository: "app"},
			registry: "host", full: "app",
		},
		{
			name: "sha256", input: "oci://ghcr.io/org/app@" + sha256Digest,
			want:     reference.Reference{Host: "ghcr.io", Repository: "org", Variant: "app", Ref: sha256Digest},
			registry: "ghcr.io", full: "org/app",
		},
		{
			name: "sha512 with a port", input: "oci://ghcr.io:443/app@" + sha512Digest,
			want:     reference.Reference{Host: "ghcr.io", Port: 443, Repository: "app", Ref: sha512Digest},
			registry: "ghcr.io:443", full: "app",
		},
		{
			name: "repository and digest that could be a login", input: "oci://user:80/pw@" + sha256Digest,
			want:     reference.Reference{Host: "user", Port: 80, Repository: "pw", Ref: sha256Digest},
			registry: "user:80", full: "pw",
		},
		{
			name: "IPv6 with a port", input: "oci://[::1]:5000/app:v1",
			want:     reference.Reference{Host: "::1", Port: 5000, Repository: "app", Ref: "v1"},
			registry: "[::1]:5000", full: "app",
		},
		{
			name: "IPv6 without a port, and a digest", input: "oci://[2001:DB8::1]/app@" + sha256Digest,
			want:     reference.Reference{Host: "2001:DB8::1", Repository: "app", Ref: sha256Digest},
			registry: "[2001:DB8::1]", full: "app",
		},
		{
			name: "IPv4 mapped to IPv6", input: "oci://[::ffff:127.0.0.1]/app",
			want:     reference.Reference{Host: "::ffff:127.0.0.1", Repository: "app"},
			registry: "[::ffff:127.0.0.1]", full: "app",
		},
		{
			name: "IPv4", input: "oci://127.0.0.1:65535/app",
			want:     reference.Reference{Host: "127.0.0.1", Port: 65535, Repository: "app"},
			registry: "127.0.0.1:65535", full: "app",
		},
		{
			name: "case of the host is kept, lowest port", input: "oci://Registry.Example.COM:1/app",
			want:     reference.Reference{Host: "Registry.Example.COM", Port: 1, Repository: "app"},
			registry: "Registry.Example.COM:1", full: "app",
		},
		{
			name: "punycode", input: "oci://xn--mnchen-3ya.example/app",
			want:     reference.Reference{Host: "xn--mnchen-3ya.example", Repository: "app"},
			registry: "xn--mnchen-3ya.example", full: "app",
		},
		{
			name: "every separator", input: "oci://h/a.b_c__d-e---f/0:_.-",
			want:     reference.Reference{Host: "h", Repository: "a.b_c__d-e---f", Variant: "0", Ref: "_.-"},
			registry: "h", full: "a.b_c__d-e---f/0",
		},
		{
			name: "longest labels, and 255 bytes with the registry", input: "oci://" + longHost + "/" + strings.Repeat("c", 127),
			want:     reference.Reference{Host: longHost, Repository: strings.Repeat("c", 127)},
			registry: longHost, full: strings.Repeat("c", 127),
		},
		{
			name: "longest tag", input: "oci://h/app:" + strings.Repeat("t", 128),
			want:     reference.Reference{Host: "h", Repository: "app", Ref: strings.Repeat("t", 128)},
			registry: "h", full: "app",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := reference.Parse(tt.input)
			require.NoError(t, err)
			assert.Equal(t, tt.want, *r)
			assert.Equal(t, tt.registry, r.Registry())
			assert.Equal(t, tt.full, r.FullRepository())
			assert.Equal(t, strings.Contains(tt.input, "@"), r.IsDigest())
			assert.Equal(t, tt.input, r.String())
		})
	}
}
