package registry_test

import (
	"io"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/registry"
)

// Blobs go to a storage on another host if the caller allows it. It sees no credential,
// and the query of its URL exactly as the registry wrote it.
func TestCrossOriginUploads(t *testing.T) {
	eachScheme(t, func(t *testing.T, opts memregistry.Options) {
		var mu sync.Mutex
		sizes := map[int64]bool{}
		storage := startStranger(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodDelete {
				return
			}
			assert.Regexp(t, `^signature=a%2Fb&digest=sha256%3A[0-9a-f]{64}$`, r.URL.RawQuery)
			n, err := io.Copy(io.Discard, r.Body)
			assert.NoError(t, err)
			mu.Lock()
			defer mu.Unlock()
			sizes[n] = true
			w.WriteHeader(http.StatusCreated)
		}))
		a := newArtifact(t, "demo")
		srv := start(t, opts, fault{plainUpload, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", storage.URL+"/?signature=a%2Fb")
			w.WriteHeader(http.StatusAccepted)
		}}, fault{"PUT manifests/", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Docker-Content-Digest", a.Manifest.Digest.String())
			w.WriteHeader(http.StatusCreated)
		}})
		client := srv.client(t, registry.Options{Credential: ci, AllowCrossOriginUploads: true})
		_, err := a.push(t, client, registry.PushOptions{}, "v1")
		require.NoError(t, err)
		assert.Equal(t, map[int64]bool{a.Config.Size: true, a.Layer.Size: true}, sizes)

		require.NoError(t, client.VerifyAccess(t.Context(), repository))
		assert.Contains(t, storage.seen(), http.MethodDelete)
	})
}

// A remote registry must not lead to services of this machine or its cloud. One of the
// caller's own may, if allowed.
func TestRedirectToALocalAddress(t *testing.T) {
	for _, target := range []string{
		"127.0.0.1", "[::1]:8443", "169.254.169.254", "localhost", "0.0.0.0", "[64:ff9b::a9fe:a9fe]", "[2002:a9fe:a9fe::1]", "[fec0::1]", "192.0.0.192", "[::7f00:1]",
	} {
		t.Run(target, func(t *testing.T) {
			asked := 0
			transport := roundTripper(func(r *http.Request) (*http.Response, error) {
				if r.URL.Host == target {
					asked++
					return inProcess{http.NotFoundHandler()}.RoundTrip(r)
				}
				return inProcess{http.RedirectHandler("https://"+target+r.URL.Path+"?key="+password, http.StatusTemporaryRedirect)}.RoundTrip(r)
			})
			pull := func(opts registry.Options) error {
				opts.Transport = transport
				_, err := newClient(t, "registry.example.com", opts).Pull(t.Context(), repository, "v1", new(packager.Store), registry.PullOptions{})
				return err
			}
			failed := requireKind(t, pull(registry.Options{}), registry.ErrUnsupported)
			assert.Equal(t, "pull registry.example.com/apps/demo:v1: not supported: the registry leads to a local address: "+target, failed.Error())
			assert.Equal(t, "set Registry.AllowLocalServices if the registry is one of your own", failed.Hint())
			assert.Zero(t, asked)

			requireKind(t, pull(registry.Options{AllowLocalServices: true}), registry.ErrNotFound)
			assert.Equal(t, 1, asked)
		})
	}
}

// A token service on this machine is used if the caller allows it.
func TestLocalTokenService(t *testing.T) {
	inner := memregistry.Handler(memregistry.Options{})
	client := newClient(t, "registry.example.com", registry.Options{
		Credential:         ci,
		AllowLocalServices: true,
		Transport: hosts{
			"registry.example.com": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") != "Bearer local" {
					challenge("https://127.0.0.1:8443/token").ServeHTTP(w, r)
					return
				}
				inner.ServeHTTP(w, r)
			}),
			"127.0.0.1:8443": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, `{"token":"local"}`)
			}),
		},
	})
	require.NoError(t, client.VerifyAccess(t.Context(), repository))
}

// Some locations are refused even if other origins are allowed.
func TestCrossOriginUploadsHaveLimits(t *testing.T) {
	for place, text := range map[string]string{
		"http://registry.example.com/upload": "the registry redirects uploads to another host: http://registry.example.com",
		"http://198.51.100.7/upload":         "the registry redirects uploads to another host: http://198.51.100.7",
		"ftp://198.51.100.7/upload":          "the registry redirects uploads to another host: ftp://198.51.100.7",
		"https://169.254.169.254/upload":     "the registry leads to a local address: 169.254.169.254",
		"https://127.0.0.1:1/upload":         "the registry leads to a local address: 127.0.0.1:1",
	} {
		t.Run(place, func(t *testing.T) {
			var methods []string
			client := newClient(t, "registry.example.com", registry.Options{
				AllowCrossOriginUploads: true,
				Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
					methods = append(methods, r.Method)
					return inProcess{opened(place)}.RoundTrip(r)
				}),
			})
			failed := requireKind(t, client.VerifyAccess(t.Context(), repository), registry.ErrUnsupported)
			assert.Equal(t, "verify access to registry.example.com/apps/demo: not supported: "+text, failed.Error())
			assert.Equal(t, []string{http.MethodPost}, methods)
		})
	}
}

// Host names from a registry are printed without control sequences.
func TestLocationWithControlCharacters(t *testing.T) {
	client := newClient(t, "registry.example.com", registry.Options{
		Transport: inProcess{opened("http://a%C2%9B31m%E2%80%AEevil/upload")},
	})
	requireKind(t, client.VerifyAccess(t.Context(), repository), registry.ErrUnsupported)
}
