package registry_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/registry"
)

// Registries of k3d have such names. No name server knows this one.
func TestPushToANameInLocalhost(t *testing.T) {
	eachScheme(t, func(t *testing.T, opts memregistry.Options) {
		t.Setenv("HTTP_PROXY", "http://127.0.0.1:1") // it is not for this machine
		srv, a := start(t, opts), newArtifact(t, "demo")
		_, port, _ := strings.Cut(srv.host, ":")
		host := "k3d-registry.LocalHost:" + port
		var asked string
		client := newClient(t, host, registry.Options{CredentialFunc: func(_ context.Context, host string) (registry.Credential, error) {
			asked = host
			return ci, nil
		}})
		defer client.Close()
		_, err := a.push(t, client, registry.PushOptions{}, "v1")
		require.NoError(t, err)
		assert.Equal(t, a.Manifest.Digest, srv.digestOf(t, "v1"))
		assert.Equal(t, host, asked)
	})
}

// The scheme does not change what the name means.
func TestNameInLocalhostWithAScheme(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	srv := start(t, memregistry.Options{Users: users})
	_, port, _ := strings.Cut(srv.host, ":")
	for _, tt := range []struct {
		endpoint string
		opts     registry.Options
	}{
		{"http://no-such-registry.localhost:", registry.Options{Credential: ci}},
		{"no-such-registry.localhost:", registry.Options{Credential: ci, Scheme: registry.SchemeHTTP}},
		{"http://no-such-registry.localhost:", registry.Options{Credential: ci, Scheme: registry.SchemeHTTP}},
	} {
		endpoint := tt.endpoint + port
		client, err := registry.NewClient(endpoint, tt.opts)
		require.NoError(t, err, endpoint)
		require.NoError(t, client.VerifyAccess(t.Context(), repository), endpoint)
		client.Close()
	}
}

// A caller's proxy resolves the name.
func TestNameInLocalhostByAProxy(t *testing.T) {
	srv := start(t, memregistry.Options{})
	_, port, _ := strings.Cut(srv.host, ":")
	proxied := 0
	for _, opts := range []registry.Options{{}, {Scheme: registry.SchemeHTTP}} {
		endpoint := "no-such-registry.localhost:" + port
		if opts.Scheme == "" {
			endpoint = "http://" + endpoint
		}
		opts.Proxy = func(*http.Request) (*url.URL, error) { proxied++; return url.Parse(srv.URL) }
		require.NoError(t, newClient(t, endpoint, opts).VerifyAccess(t.Context(), repository))
	}
	assert.Positive(t, proxied)
}
