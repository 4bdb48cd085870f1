package registry_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/registry"
)

// A registry may name itself as the token service, also by the URL of the request. Even
// then no secret goes over plain HTTP.
func TestRealmThatIsTheQuestion(t *testing.T) {
	identity := registry.Credential{IdentityToken: password}
	for _, tt := range []struct {
		name  string
		realm func(*http.Request) string
	}{
		{"the same URL", func(r *http.Request) string { return "http://" + r.Host + r.URL.RequestURI() }},
		{"the same path", func(r *http.Request) string { return "http://" + r.Host + r.URL.Path + "?a=b" }},
		{"another path", func(r *http.Request) string { return "http://" + r.Host + "/token" }},
		{"another host", func(r *http.Request) string { return "http://198.51.100.7" + r.URL.Path }},
	} {
		for name, opts := range map[string]registry.Options{
			"CredentialFunc":   {CredentialFunc: func(context.Context, string) (registry.Credential, error) { return identity, nil }},
			"DockerConfigJSON": {DockerConfigJSON: []byte(`{"auths":{"registry.example.com":{"identitytoken":"` + password + `"}}}`)},
		} {
			t.Run(tt.name+" "+name, func(t *testing.T) {
				secrets := 0
				opts.Retry = once
				opts.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
					if r.Body != nil {
						body, err := io.ReadAll(r.Body)
						require.NoError(t, err)
						secrets += strings.Count(string(body), password)
					}
					return inProcess{challenge(tt.realm(r))}.RoundTrip(r)
				})
				client := newClient(t, "http://registry.example.com", opts)
				_, resolveErr := client.Resolve(t.Context(), repository, "v1")
				for _, err := range []error{resolveErr, client.VerifyAccess(t.Context(), repository)} {
					requireError(t, err)
					require.ErrorIs(t, err, registry.ErrInvalidCredential)
				}
				assert.Zero(t, secrets)
			})
		}
	}
}

// A token is as secret as a password, also one for everybody.
func TestTokenOverPlainHTTP(t *testing.T) {
	for _, tt := range []struct {
		name  string
		token http.Handler // of the token service at localhost
	}{
		{"realm", nil},
		{"redirect", http.RedirectHandler("http://198.51.100.7/token", http.StatusTemporaryRedirect)},
	} {
		for _, allowed := range []bool{false, true} {
			asked := false
			realm := "http://localhost:5001/token"
			if tt.token == nil {
				realm = "http://198.51.100.7/token"
			}
			client := newClient(t, "localhost:5000", registry.Options{
				AllowPlainHTTPCredentials: allowed,
				Transport: hosts{
					"localhost:5000": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						if r.Header.Get("Authorization") == "" {
							challenge(realm).ServeHTTP(w, r)
							return
						}
						refusal(http.StatusNotFound, "NAME_UNKNOWN", "")(w, r)
					}),
					"localhost:5001": tt.token,
					"198.51.100.7": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
						asked = true
						_, _ = io.WriteString(w, `{"token":"anonymous"}`)
					}),
				},
			})
			_, err := client.Resolve(t.Context(), repository, "v1")
			assert.Equal(t, allowed, asked, tt.name)
			if allowed {
				requireKind(t, err, registry.ErrNotFound)
				continue
			}
			failed := requireKind(t, err, registry.ErrAuthRequired)
			assert.Equal(t, "resolve localhost:5000/apps/demo:v1: registry requires authentication: the token would come over plain HTTP from a host "+
				"that is not loopback, unless AllowPlainHTTPCredentials allows it: 198.51.100.7", failed.Error())
		}
	}
}

// Each response of a token service is bounded.
func TestTokenResponsesAreBounded(t *testing.T) {
	for _, status := range []int{http.StatusOK, http.StatusBadRequest} {
		for name, path := range map[string]string{"the URL that was asked": "", "another URL": "/token"} {
			t.Run(name+" "+http.StatusText(status), func(t *testing.T) {
				var read int64
				client := newClient(t, "localhost", registry.Options{
					Credential: registry.Credential{IdentityToken: password},
					Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
						if r.Method == http.MethodPost && r.URL.RawQuery == "" || r.URL.Path == "/token" {
							return &http.Response{StatusCode: status, Body: &endless{read: &read}, ContentLength: -1}, nil
						}
						realm := "http://" + r.URL.Host + r.URL.Path
						if path != "" {
							realm = "http://" + r.URL.Host + path
						}
						return inProcess{challenge(realm)}.RoundTrip(r)
					}),
				})
				_, err := client.Resolve(t.Context(), repository, "v1")
				requireError(t, err)
				assert.LessOrEqual(t, read, int64(64<<10+1))
			})
		}
	}
}

// endless is a token that never ends.
type endless struct {
	read  *int64
	begun bool
}

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	if !e.begun {
		copy(p, `{"access_token":"`)
		e.begun = true
	}
	*e.read += int64(len(p))
	return len(p), nil
}

func (e *endless) Close() error { return nil }

// A challenge that cannot be followed is the registry's fault, not the credential's.
func TestChallengeThatCannotBeFollowed(t *testing.T) {
	for _, tt := range []struct{ name, challenge, want string }{
		{"no realm", `Bearer service="x"`, "no token service"},
		{"empty realm", `Bearer realm=""`, "no token service"},
		{"realm without a host", `Bearer realm="https:///token"`, "no token service"},
		{"path as the realm", `Bearer realm="/token"`, "unsupported scheme"},
		{"ftp", `Bearer realm="ftp://registry.example.com/token"`, "unsupported scheme"},
		{"ftp without quotes", `Bearer realm=ftp://registry.example.com/token`, "unsupported scheme"},
		{"no URL", `Bearer realm="https://[::1/token"`, "no token service"},
		{"URL with a control character", "Bearer realm=\"https://h\x7f/token\"", "no token service"},
	} {
		for _, endpoint := range []string{"registry.example.com", "localhost:5000", "http://registry.example.com"} {
			for name, cred := range map[string]registry.Credential{"anonymous": {}, "password": ci, "token": {IdentityToken: password}} {
				t.Run(tt.name+" "+name+" "+endpoint, func(t *testing.T) {
					client := newClient(t, endpoint, registry.Options{
						CredentialFunc: func(context.Context, string) (registry.Credential, error) { return cred, nil },
						Transport: inProcess{http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
							w.Header().Set("WWW-Authenticate", tt.challenge)
							w.WriteHeader(http.StatusUnauthorized)
						})},
					})
					_, resolveErr := client.Resolve(t.Context(), repository, "v1")
					_, pushErr := newArtifact(t, "demo").push(t, client, registry.PushOptions{}, "v1")
					for _, err := range []error{resolveErr, pushErr, client.VerifyAccess(t.Context(), repository)} {
						failed := requireKind(t, err, registry.ErrUnsupported)
						assert.Contains(t, failed.Error(), tt.want)
						assert.Equal(t, "configure the registry with the URL of its token service, with https if the registry has TLS", failed.Hint())
					}
				})
			}
		}
	}
}

// The path of a request has the name of the repository.
func TestRedirectsHaveNoReferer(t *testing.T) {
	handler := memregistry.Handler(memregistry.Options{})
	a := newArtifact(t, "demo")
	_, err := a.push(t, newClient(t, "localhost", registry.Options{Transport: inProcess{handler}}), registry.PushOptions{}, "v1")
	require.NoError(t, err)
	elsewhere := 0
	client := newClient(t, "registry.example.com", registry.Options{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		assert.Empty(t, r.Header.Get("Referer"))
		switch r.URL.Host {
		case "registry.example.com":
			return inProcess{http.RedirectHandler("https://198.51.100.7"+r.URL.Path, http.StatusTemporaryRedirect)}.RoundTrip(r)
		case "198.51.100.7":
			return inProcess{http.RedirectHandler("https://198.51.100.8"+r.URL.Path, http.StatusTemporaryRedirect)}.RoundTrip(r)
		}
		elsewhere++
		return inProcess{handler}.RoundTrip(r)
	})})
	_, err = client.Resolve(t.Context(), repository, "v1")
	require.NoError(t, err)
	assert.Equal(t, 1, elsewhere)
}
