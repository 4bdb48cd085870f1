package registry_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/registry"
)

// Content stays with the registry, even if it redirects to another host.
func TestPushIsNotRedirected(t *testing.T) {
	for _, step := range []string{"POST", "PUT blobs/", "PUT manifests/"} {
		t.Run(step, func(t *testing.T) {
			var got atomic.Int64
			stranger := startStranger(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				n, _ := io.Copy(io.Discard, r.Body)
				got.Add(n)
				w.Header().Set("Location", "/upload")
				w.WriteHeader(http.StatusCreated)
			}))
			srv := start(t, memregistry.Options{}, fault{step, func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, stranger.URL, http.StatusTemporaryRedirect)
			}})
			_, err := newArtifact(t, "demo").push(t, srv.client(t, registry.Options{}), registry.PushOptions{}, "v1")
			requireKind(t, err, registry.ErrNotRegistry)
			assert.Zero(t, got.Load())
			assert.Empty(t, stranger.seen())
		})
	}
}

func TestVerifyAccessIsNotRedirected(t *testing.T) {
	stranger := startStranger(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "/upload")
		w.WriteHeader(http.StatusAccepted)
	}))
	redirect := fault{"POST", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, stranger.URL, http.StatusTemporaryRedirect)
	}}
	for _, tt := range []struct {
		name string
		tls  bool
	}{{"to another host", false}, {"from TLS to plain HTTP", true}} {
		t.Run(tt.name, func(t *testing.T) {
			srv := newServer(memregistry.Options{}, redirect)
			opts := registry.Options{InsecureSkipVerify: tt.tls}
			if tt.tls {
				srv.StartTLS()
			} else {
				srv.Start()
			}
			t.Cleanup(srv.Close)
			requireKind(t, newClient(t, srv.URL, opts).VerifyAccess(t.Context(), repository), registry.ErrNotRegistry)
			assert.Empty(t, stranger.seen())
		})
	}
}

// A token service over plain HTTP gets no credential, like a registry over plain HTTP.
func TestTokenServiceInTheClear(t *testing.T) {
	for _, allowed := range []bool{false, true} {
		var sent string
		client := newClient(t, "localhost:5000", registry.Options{
			Credential:                ci,
			AllowPlainHTTPCredentials: allowed,
			Transport: hosts{
				"localhost:5000": challenge("http://198.51.100.7/token"),
				"198.51.100.7": http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					sent = r.Header.Get("Authorization")
				}),
			},
		})
		err := client.VerifyAccess(t.Context(), repository)
		require.Error(t, err)
		assert.Equal(t, allowed, sent != "")
		assert.Equal(t, !allowed, errors.Is(err, registry.ErrInvalidCredential))
	}
}

// A token is as secret as the credential that it was exchanged for.
func TestBearerTokenIsNotRepeated(t *testing.T) {
	srv := start(t, memregistry.Options{Users: users, Bearer: true}, fault{"PUT manifests/", func(w http.ResponseWriter, r *http.Request) {
		refusal(http.StatusForbidden, "DENIED", "token "+r.Header.Get("Authorization"))(w, r)
	}})
	var token atomic.Value
	client := srv.client(t, registry.Options{Credential: ci, Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		if sent, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
			token.Store(sent)
		}
		return http.DefaultTransport.RoundTrip(r)
	})})
	_, err := newArtifact(t, "demo").push(t, client, registry.PushOptions{}, "v1")
	requireKind(t, err, registry.ErrPermissionDenied)
	require.NotEmpty(t, token.Load())
	assert.NotContains(t, err.Error(), token.Load())
	assert.Contains(t, err.Error(), "[redacted]")
}

// Some registries lock an account after a few wrong passwords.
func TestWrongPasswordIsNotRepeated(t *testing.T) {
	srv := start(t, memregistry.Options{Users: users})
	var logins atomic.Int64
	wrong := registry.Credential{Username: ci.Username, Password: "wrong"}
	client := srv.client(t, registry.Options{Credential: wrong, Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.Header.Get("Authorization") != "" {
			logins.Add(1)
		}
		return http.DefaultTransport.RoundTrip(r)
	})})
	_, err := newArtifact(t, "demo").push(t, client, registry.PushOptions{}, "v1", "v2", "v3")
	requireKind(t, err, registry.ErrPermissionDenied)
	// GET, and POST: first with the cached credential, then once more.
	assert.LessOrEqual(t, logins.Load(), int64(3))
}
