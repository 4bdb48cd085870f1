package oci_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/internal/memregistry"
)

func TestVerifyAccess(t *testing.T) {
	server := startRegistry(t, memregistry.Options{Users: map[string]memregistry.User{"writer": {Password: "pw"}}})
	err := oci.NewRegistryVerifier().VerifyAccess(t.Context(), oci.VerifyOptions{
		RegistryEndpoint: "http://" + server.Host, Repository: "acme/new", Username: "writer", Password: "pw",
	})
	require.NoError(t, err)
	requests := server.takeRequests()
	require.NotEmpty(t, requests)
	last := requests[len(requests)-1]
	assert.True(t, strings.HasPrefix(last, "DELETE /v2/acme/new/blobs/uploads/"), "not cancelled: %v", requests)
}

func TestVerifyAccessRefuses(t *testing.T) {
	for _, tt := range []struct {
		name string
		opts oci.VerifyOptions
		want error
	}{
		{"no endpoint", oci.VerifyOptions{Repository: "app"}, oci.ErrRegistryEndpointRequired},
		{"no repository", oci.VerifyOptions{RegistryEndpoint: "ghcr.io"}, oci.ErrRepositoryRequired},
		{"illegal repository", oci.VerifyOptions{RegistryEndpoint: "localhost:5000", Repository: "App"}, oci.ErrInvalidOCIFormat},
		{"illegal endpoint", oci.VerifyOptions{RegistryEndpoint: "ghcr.io:http", Repository: "app"}, oci.ErrInvalidPort},
	} {
		t.Run(tt.name, func(t *testing.T) {
			require.ErrorIs(t, oci.NewRegistryVerifier().VerifyAccess(t.Context(), tt.opts), tt.want)
		})
	}
}

// Insecure selects plain HTTP for a host that is not loopback.
func TestVerifyAccessInsecure(t *testing.T) {
	handler := memregistry.Handler(memregistry.Options{})
	opts := oci.VerifyOptions{RegistryEndpoint: "registry.example.com", Repository: "app"}
	var schemes []string
	opts.Registry.Transport = roundTripper(func(req *http.Request) (*http.Response, error) {
		schemes = append(schemes, req.URL.Scheme)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, req)
		resp := w.Result()
		resp.Request = req
		return resp, nil
	})
	require.NoError(t, oci.NewRegistryVerifier().VerifyAccess(t.Context(), opts))
	assert.Equal(t, []string{"https", "https"}, schemes)
	schemes, opts.Insecure = nil, true
	require.NoError(t, oci.NewRegistryVerifier().VerifyAccess(t.Context(), opts))
	assert.Equal(t, []string{"http", "http"}, schemes)
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func TestVerifyRegistryAccessWithTimeout(t *testing.T) {
	released := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		select {
		case <-req.Context().Done():
		case <-released:
		}
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(released) })
	opts := oci.VerifyOptions{RegistryEndpoint: host(server), Repository: "app"}

	err := oci.VerifyRegistryAccessWithTimeout(t.Context(), opts, 50*time.Millisecond)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorIs(t, err, oci.ErrRegistryUnreachable)
	assert.EqualError(t, err, "verify access to "+host(server)+"/app: registry unreachable: not done within 50ms; no response to POST of an upload")
	assert.Equal(t, "raise Registry.VerifyTimeout, or the timeout or deadline of the call, or check why the registry does not respond", oci.Hint(err))

	err = oci.VerifyRegistryAccessWithTimeout(t.Context(), opts, -time.Second)
	require.ErrorIs(t, err, oci.ErrInvalidOptions)
	assert.EqualError(t, err, "invalid registry options: the timeout -1s is negative")
	assert.Equal(t, "pass a positive timeout, or zero for Registry.VerifyTimeout", oci.Hint(err))

	good := startRegistry(t, memregistry.Options{})
	opts.RegistryEndpoint = good.Host
	require.NoError(t, oci.VerifyRegistryAccessWithTimeout(t.Context(), opts, time.Minute))
	require.NoError(t, oci.VerifyRegistryAccessWithTimeout(t.Context(), opts, 0), "zero is the default")
}
