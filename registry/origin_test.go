package registry_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/registry"
)

// stranger is a server on the same machine as the registry, with the same host name,
// that must never see a credential. next handles its requests.
type stranger struct {
	*httptest.Server
	mu       sync.Mutex
	requests []string
}

func startStranger(t *testing.T, next http.Handler) *stranger {
	t.Helper()
	s := new(stranger)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.requests = append(s.requests, r.Method)
		s.mu.Unlock()
		assert.Empty(t, r.Header.Get("Authorization"))
		_, _, ok := r.BasicAuth()
		assert.False(t, ok)
		next.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *stranger) seen() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

// A registry may redirect to a storage that must not see the credential.
func TestRedirectToAnotherOriginIsWithoutCredential(t *testing.T) {
	eachScheme(t, func(t *testing.T, opts memregistry.Options) {
		origin := start(t, opts)
		a := newArtifact(t, "demo")
		_, err := a.push(t, origin.client(t, registry.Options{Credential: ci}), registry.PushOptions{}, "v1")
		require.NoError(t, err)

		cdn := startStranger(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			blob := a.Layer
			if strings.Contains(r.URL.Path, a.Config.Digest.String()) {
				blob = a.Config
			}
			content, err := a.store.Fetch(t.Context(), blob)
			assert.NoError(t, err)
			_, err = readAllTo(w, content)
			assert.NoError(t, err)
		}))
		srv := start(t, opts, fault{"GET blobs/", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, cdn.URL+r.URL.Path+"?signature="+password, http.StatusTemporaryRedirect)
		}})
		srv.registry = origin.registry

		dst := new(packager.Store)
		defer func() { _ = dst.Close() }()
		_, err = srv.client(t, registry.Options{Credential: ci}).Pull(t.Context(), repository, "v1", dst, registry.PullOptions{})
		require.NoError(t, err)
		assert.Equal(t, []string{"GET", "GET"}, cdn.seen())
	})
}

// A host that is reached by a redirect gets no password.
func TestChallengeOfAnotherOriginIsNotAnswered(t *testing.T) {
	for _, step := range []string{"GET manifests/", "POST blobs/uploads/", "PUT blobs/uploads/", "PUT manifests/"} {
		t.Run(step, func(t *testing.T) {
			thief := startStranger(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("WWW-Authenticate", `Basic realm="registry"`)
				w.WriteHeader(http.StatusUnauthorized)
			}))
			srv := start(t, memregistry.Options{Users: users}, fault{step, func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, thief.URL+r.URL.Path, http.StatusTemporaryRedirect)
			}})
			_, err := newArtifact(t, "demo").push(t, srv.client(t, registry.Options{Credential: ci}), registry.PushOptions{ImmutableTags: true}, "v1")
			requireError(t, err)
			assert.Empty(t, srv.digestOf(t, "v1"))
		})
	}
}

// The location of an upload must be on the registry's origin.
func TestUploadLocationOfAnotherOriginIsNotUsed(t *testing.T) {
	eachScheme(t, func(t *testing.T, opts memregistry.Options) {
		thief := startStranger(t, http.HandlerFunc(page(http.StatusCreated)))
		srv := start(t, opts, fault{"POST blobs/uploads/", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", thief.URL+"/upload?state="+password)
			w.WriteHeader(http.StatusAccepted)
		}})
		client := srv.client(t, registry.Options{Credential: ci})
		_, err := newArtifact(t, "demo").push(t, client, registry.PushOptions{}, "v1")
		failed := requireKind(t, err, registry.ErrUnsupported)
		assert.Contains(t, err.Error(), "the registry redirects uploads to another host: "+thief.URL)
		assert.Contains(t, failed.Hint(), "set Registry.AllowCrossOriginUploads")

		requireKind(t, client.VerifyAccess(t.Context(), repository), registry.ErrUnsupported)
		assert.Empty(t, thief.seen())
		assert.Empty(t, srv.digestOf(t, "v1"))
	})
}

// hosts routes requests by host, without a network.
type hosts map[string]http.Handler

func (h hosts) RoundTrip(r *http.Request) (*http.Response, error) {
	return inProcess{h[r.URL.Host]}.RoundTrip(r)
}

// challenge requires a token from realm.
func challenge(realm string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("WWW-Authenticate", `Bearer realm="`+realm+`",service="registry"`)
		status(http.StatusUnauthorized, "UNAUTHORIZED")(w, nil)
	})
}

// A remote registry must not name a token service of this machine or its cloud.
func TestTokenServiceAtAPrivateAddress(t *testing.T) {
	const local, noTLS = "set Registry.AllowLocalServices", "with https if the registry has TLS"
	for realm, hint := range map[string]string{
		"https://127.0.0.1/token?state=" + password: local,
		"https://[::1]:8443/token":                  local,
		"https://169.254.169.254/latest/meta-data":  local,
		"https://10.0.0.1/token":                    local, // of a network that a public registry is not in
		"https://[fd00::1]/token":                   local,
		"http://198.51.100.7/token":                 noTLS, // other than the registry
		"ftp://198.51.100.7/token":                  noTLS,
	} {
		t.Run(realm, func(t *testing.T) {
			client := newClient(t, "198.51.100.1", registry.Options{
				Credential: ci,
				Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
					assert.Equal(t, "198.51.100.1", r.URL.Host)
					assert.Empty(t, r.Header.Get("Authorization"))
					return inProcess{challenge(realm)}.RoundTrip(r)
				}),
			})
			failed := requireKind(t, client.VerifyAccess(t.Context(), repository), registry.ErrUnsupported)
			assert.Contains(t, failed.Hint(), hint)
		})
	}
}

// The token service of a registry in a private network may be there too.
func TestTokenServiceInTheSameNetwork(t *testing.T) {
	asked := 0
	client := newClient(t, "10.0.0.2:5000", registry.Options{
		Credential: ci,
		Transport: hosts{
			"10.0.0.2:5000": challenge("https://10.0.0.3/token"),
			"10.0.0.3":      http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { asked++; status(http.StatusForbidden, "DENIED")(w, nil) }),
		},
	})
	requireKind(t, client.VerifyAccess(t.Context(), repository), registry.ErrPermissionDenied)
	assert.Equal(t, 3, asked, "a denial there may be transient")
}

// A token service on another host sees the credential, and the registry only the token.
func TestTokenServiceAtAnotherHost(t *testing.T) {
	const realm = "https://198.51.100.7/token"
	inner := memregistry.Handler(memregistry.Options{})
	client := newClient(t, "registry.example.com", registry.Options{
		Credential: ci,
		Transport: hosts{
			"registry.example.com": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch r.Header.Get("Authorization") {
				case "Bearer of-the-service":
					inner.ServeHTTP(w, r)
				case "":
					challenge(realm).ServeHTTP(w, r)
				default:
					t.Error("not the token")
				}
			}),
			"198.51.100.7": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				assert.Equal(t, "Basic "+basic(ci), r.Header.Get("Authorization"))
				assert.Equal(t, "repository:apps/demo:pull,push", r.URL.Query().Get("scope"))
				http.Redirect(w, r, "https://198.51.100.8/token", http.StatusTemporaryRedirect)
			}),
			"198.51.100.8": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				assert.Empty(t, r.Header.Get("Authorization"))
				_, _ = w.Write([]byte(`{"token":"of-the-service"}`))
			}),
		},
	})
	_, err := newArtifact(t, "demo").push(t, client, registry.PushOptions{}, "v1")
	require.NoError(t, err)
	require.NoError(t, client.VerifyAccess(t.Context(), repository))
}

// The token request for an identity token has it in its body, which does not follow a
// redirect.
func TestIdentityTokenIsNotRedirected(t *testing.T) {
	thief := startStranger(t, http.HandlerFunc(page(http.StatusOK)))
	srv := start(t, memregistry.Options{Users: users, Bearer: true},
		fault{"POST /token", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, thief.URL, http.StatusTemporaryRedirect)
		}})
	client := srv.client(t, registry.Options{Credential: registry.Credential{IdentityToken: password}})
	requireError(t, client.VerifyAccess(t.Context(), repository))
	assert.Empty(t, thief.seen())
}

// A redirect loop ends.
func TestRedirectsAreBounded(t *testing.T) {
	srv := start(t, memregistry.Options{}, fault{"", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Path+"?again="+password, http.StatusTemporaryRedirect)
	}})
	requireKind(t, srv.client(t, registry.Options{}).VerifyAccess(t.Context(), repository), registry.ErrNotRegistry)
	assert.LessOrEqual(t, srv.count("POST"), 11)
}
