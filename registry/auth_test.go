package registry_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/registry"
)

// eachScheme runs a test with basic and with bearer authentication.
func eachScheme(t *testing.T, test func(*testing.T, memregistry.Options)) {
	t.Run("basic", func(t *testing.T) { test(t, memregistry.Options{Users: users}) })
	t.Run("bearer", func(t *testing.T) { test(t, memregistry.Options{Users: users, Bearer: true}) })
}

func TestPushWithACredential(t *testing.T) {
	eachScheme(t, func(t *testing.T, opts memregistry.Options) {
		srv, a := start(t, opts), newArtifact(t, "demo")
		client := srv.client(t, registry.Options{Credential: ci})
		_, err := a.push(t, client, registry.PushOptions{}, "v1")
		require.NoError(t, err)
		assert.Equal(t, a.Manifest.Digest, srv.digestOf(t, "v1"))
		require.NoError(t, client.VerifyAccess(t.Context(), repository))
	})
}

func TestAccessIsRefused(t *testing.T) {
	for _, tt := range []struct {
		name       string
		credential registry.Credential
		kind       error
		status     int
	}{
		{"anonymous", registry.Credential{}, registry.ErrAuthRequired, http.StatusUnauthorized},
		{"wrong password", registry.Credential{Username: "ci", Password: "wrong"}, registry.ErrPermissionDenied, http.StatusUnauthorized},
		{"unknown user", registry.Credential{Username: "nobody", Password: password}, registry.ErrPermissionDenied, http.StatusUnauthorized},
		{"read-only user", registry.Credential{Username: "guest", Password: password}, registry.ErrPermissionDenied, http.StatusForbidden},
	} {
		t.Run(tt.name, func(t *testing.T) {
			eachScheme(t, func(t *testing.T, opts memregistry.Options) {
				srv := start(t, opts)
				client := srv.client(t, registry.Options{Credential: tt.credential})

				_, err := newArtifact(t, "demo").push(t, client, registry.PushOptions{}, "v1")
				assert.Equal(t, tt.status, requireKind(t, err, tt.kind).StatusCode)
				err = client.VerifyAccess(t.Context(), repository)
				assert.Equal(t, tt.status, requireKind(t, err, tt.kind).StatusCode)
				assert.Empty(t, srv.digestOf(t, "v1"))
			})
		})
	}
}

// Without a password there is nothing to retry with.
func TestPushWithoutAPasswordEndsImmediately(t *testing.T) {
	for _, tt := range []struct {
		name string
		opts registry.Options
		kind error
	}{
		{"none given", registry.Options{}, registry.ErrAuthRequired},
		{"none found", registry.Options{
			CredentialFunc: func(context.Context, string) (registry.Credential, error) {
				return registry.Credential{}, errors.New("locked")
			},
		}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv, a := start(t, memregistry.Options{Users: users}), newArtifact(t, "demo")
			_, err := a.push(t, srv.client(t, tt.opts), registry.PushOptions{}, "v1", "v2")
			requireKind(t, err, tt.kind)
			assert.Equal(t, []string{"GET manifests/v1"}, srv.requests(a))
		})
	}
}

// A token service may issue anonymous tokens, mostly for reading only.
func TestAnonymousToken(t *testing.T) {
	srv := start(t, memregistry.Options{Users: users, Bearer: true},
		fault{"GET /token", func(w http.ResponseWriter, r *http.Request) {
			assert.Empty(t, r.Header.Get("Authorization"))
			_, _ = io.WriteString(w, `{"token":"anonymous"}`)
		}})
	client := srv.client(t, registry.Options{})
	_, err := newArtifact(t, "demo").push(t, client, registry.PushOptions{}, "v1")
	requireKind(t, err, registry.ErrAuthRequired)
	requireKind(t, client.VerifyAccess(t.Context(), repository), registry.ErrAuthRequired)
	assert.Empty(t, srv.digestOf(t, "v1"))
}

// token asks the server's token service for a token of ci.
func (s *server) token(t *testing.T) string {
	t.Helper()
	w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/token", nil)
	r.SetBasicAuth(ci.Username, ci.Password)
	s.registry.ServeHTTP(w, r)
	var answer struct{ Token string }
	require.NoError(t, json.NewDecoder(w.Body).Decode(&answer))
	require.NotEmpty(t, answer.Token)
	return answer.Token
}

func TestAccessToken(t *testing.T) {
	srv, a := start(t, memregistry.Options{Users: users, Bearer: true}), newArtifact(t, "demo")
	_, err := a.push(t, srv.client(t, registry.Options{
		Credential: registry.Credential{AccessToken: srv.token(t)},
	}), registry.PushOptions{}, "v1")
	require.NoError(t, err)
	assert.Equal(t, a.Manifest.Digest, srv.digestOf(t, "v1"))
	assert.Zero(t, srv.count("GET /token"))
	assert.Zero(t, srv.count("POST /token"))
}

func TestAccessTokenThatIsRefused(t *testing.T) {
	srv := start(t, memregistry.Options{Users: users, Bearer: true})
	client := srv.client(t, registry.Options{Credential: registry.Credential{AccessToken: password}})
	requireKind(t, client.VerifyAccess(t.Context(), repository), registry.ErrPermissionDenied)
}

func TestIdentityToken(t *testing.T) {
	var srv *server
	srv = start(t, memregistry.Options{Users: users, Bearer: true},
		fault{"POST /token", func(w http.ResponseWriter, r *http.Request) {
			if r.FormValue("grant_type") != "refresh_token" || r.FormValue("refresh_token") != password {
				status(http.StatusUnauthorized, "UNAUTHORIZED")(w, r)
				return
			}
			_ = json.NewEncoder(w).Encode(map[string]string{"access_token": srv.token(t)})
		}})
	a := newArtifact(t, "demo")
	_, err := a.push(t, srv.client(t, registry.Options{
		Credential: registry.Credential{IdentityToken: password},
	}), registry.PushOptions{}, "v1")
	require.NoError(t, err)
	assert.Equal(t, a.Manifest.Digest, srv.digestOf(t, "v1"))

	err = srv.client(t, registry.Options{
		Credential: registry.Credential{IdentityToken: "expired"},
	}).VerifyAccess(t.Context(), repository)
	requireKind(t, err, registry.ErrPermissionDenied)
}

func TestCredentialFunc(t *testing.T) {
	eachScheme(t, func(t *testing.T, opts memregistry.Options) {
		srv, a := start(t, opts), newArtifact(t, "demo")
		var mu sync.Mutex
		var hosts []string
		client := srv.client(t, registry.Options{
			CredentialFunc: func(_ context.Context, host string) (registry.Credential, error) {
				mu.Lock()
				defer mu.Unlock()
				hosts = append(hosts, host)
				return ci, nil
			},
		})
		_, err := a.push(t, client, registry.PushOptions{}, "v1")
		require.NoError(t, err)
		assert.Equal(t, []string{srv.host}, slices.Compact(hosts))
	})
}

func TestCredentialFuncIsAskedOnlyWhenNeeded(t *testing.T) {
	srv := start(t, memregistry.Options{})
	client := srv.client(t, registry.Options{
		CredentialFunc: func(context.Context, string) (registry.Credential, error) {
			t.Error("the registry is open to everybody")
			return registry.Credential{}, nil
		},
	})
	require.NoError(t, client.VerifyAccess(t.Context(), repository))
}

type keychainError struct{ code int }

func (keychainError) Error() string { return "keychain is locked" }

func TestCredentialFuncThatFails(t *testing.T) {
	errLocked := errors.New("locked")
	for _, tt := range []struct {
		name string
		cred registry.Credential
		err  error
		kind error // in the package
		want func(*testing.T, error)
	}{
		{"with nothing", registry.Credential{}, nil, registry.ErrAuthRequired, nil},
		{"with a sentinel", registry.Credential{}, errLocked, nil, func(t *testing.T, err error) {
			require.ErrorIs(t, err, errLocked)
		}},
		{"with a type", ci, &keychainError{7}, nil, func(t *testing.T, err error) {
			var locked *keychainError
			require.ErrorAs(t, err, &locked)
			assert.Equal(t, 7, locked.code)
		}},
		{"with a context's error", registry.Credential{}, context.DeadlineExceeded, nil, func(t *testing.T, err error) {
			require.ErrorIs(t, err, context.DeadlineExceeded)
		}},
		{"with half a credential", registry.Credential{Password: password}, nil, nil, func(t *testing.T, err error) {
			require.ErrorIs(t, err, registry.ErrInvalidCredential)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			eachScheme(t, func(t *testing.T, opts memregistry.Options) {
				srv := start(t, opts)
				client := srv.client(t, registry.Options{
					CredentialFunc: func(context.Context, string) (registry.Credential, error) { return tt.cred, tt.err },
				})
				_, pushErr := newArtifact(t, "demo").push(t, client, registry.PushOptions{}, "v1")
				_, resolveErr := client.Resolve(t.Context(), repository, "v1")
				for _, err := range []error{pushErr, resolveErr, client.VerifyAccess(t.Context(), repository)} {
					requireKind(t, err, tt.kind)
					requireNothingSecretIn(t, err)
					if tt.want != nil {
						tt.want(t, err)
					}
				}
				assert.Zero(t, srv.count("PUT "))
			})
		})
	}
}

// The function is called again when a token or password has been replaced.
func TestCredentialFuncIsAskedAgain(t *testing.T) {
	srv := start(t, memregistry.Options{Users: users})
	current := registry.Credential{Username: "ci", Password: "outdated"}
	client := srv.client(t, registry.Options{
		CredentialFunc: func(context.Context, string) (registry.Credential, error) { return current, nil },
	})
	requireKind(t, client.VerifyAccess(t.Context(), repository), registry.ErrPermissionDenied)
	current = ci
	require.NoError(t, client.VerifyAccess(t.Context(), repository))
}

// docker.io is served by another host, and the function is called with that one.
func TestCredentialFuncForDockerHub(t *testing.T) {
	registered := memregistry.Handler(memregistry.Options{Users: users})
	var asked string
	client := newClient(t, "docker.io", registry.Options{
		Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			assert.Equal(t, "registry-1.docker.io", r.URL.Host)
			return inProcess{registered}.RoundTrip(r)
		}),
		CredentialFunc: func(_ context.Context, host string) (registry.Credential, error) {
			asked = host
			return ci, nil
		},
	})
	require.NoError(t, client.VerifyAccess(t.Context(), repository))
	assert.Equal(t, "registry-1.docker.io", asked)
}
