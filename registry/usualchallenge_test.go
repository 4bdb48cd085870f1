package registry_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/registry"
)

// asking is a registry that requires a credential. It lists the requests without one, as "?a"
// for a repository in a, and those for a token, as "token a/x" for a scope.
type asking struct {
	http.Handler

	mu  sync.Mutex
	log []string
}

func (a *asking) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	part, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v2/"), "/")
	step := "?" + part
	switch {
	case strings.HasSuffix(r.URL.Path, "/token"):
		step = "token"
		for _, scope := range r.URL.Query()["scope"] {
			step += " " + strings.Split(scope, ":")[1]
		}
	case r.Header.Get("Authorization") != "":
		step = ""
	}
	if step != "" {
		a.mu.Lock()
		a.log = append(a.log, step)
		a.mu.Unlock()
	}
	a.Handler.ServeHTTP(w, r)
}

// steps returns what the registry was sent since the last call.
func (a *asking) steps() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	log := a.log
	a.log = nil
	return log
}

// access verifies access to a repository.
func access(t *testing.T, c *registry.Client, repository string) {
	t.Helper()
	require.NoError(t, c.VerifyAccess(t.Context(), repository), repository)
}

// A registry is asked once which credential it wants, and not for each repository.
func TestTheChallengeIsRemembered(t *testing.T) {
	eachScheme(t, func(t *testing.T, opts memregistry.Options) {
		srv := &asking{Handler: challenging(opts, `BEARER,scope="repository:a/x:pull,push"`)}
		tokens := func(repository string) []string {
			if opts.Bearer {
				return []string{"token " + repository}
			}
			return nil
		}
		client := newClient(t, "localhost", registry.Options{Credential: ci, Transport: inProcess{srv}})
		access(t, client, "a/x")
		assert.Equal(t, append([]string{"?a"}, tokens("a/x")...), srv.steps())
		for _, repository := range []string{"b/x", "c/x"} {
			access(t, client, repository)
			assert.Equal(t, tokens(repository), srv.steps())
		}
		_, err := newArtifact(t, "demo").push(t, client, registry.PushOptions{}, "v1")
		require.NoError(t, err)
		assert.Equal(t, tokens(repository), srv.steps(), "requests with a body")
	})
}

// A repository that does not need what the others need is found to be so, at the cost of
// a request, and then the registry is asked for each.
func TestTheChallengeOfOtherRepositories(t *testing.T) {
	private := memregistry.Handler(memregistry.Options{Users: users, Bearer: true})
	public := memregistry.Handler(memregistry.Options{})
	for _, tt := range []struct {
		name        string
		other       http.HandlerFunc // for the repositories in b and c
		refused     bool             // other handles requests for a token as well
		steps, then []string         // for a repository in b, and then for one in c
	}{
		{"another token service", func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.URL.Path == "/other/token":
				_, _ = io.WriteString(w, `{"token":"other"}`)
			case r.Header.Get("Authorization") == "Bearer other":
				public.ServeHTTP(w, r)
			default:
				w.Header().Set("WWW-Authenticate", `Bearer realm="http://localhost/other/token"`)
				status(http.StatusUnauthorized, "UNAUTHORIZED")(w, r)
			}
		}, false, []string{"token b/x", "token b/x"}, []string{"?c", "token c/x"}},
		{"no credential, and a token service that refuses", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/token" {
				status(http.StatusForbidden, "DENIED")(w, r)
				return
			}
			public.ServeHTTP(w, r)
		}, true, []string{"token b/x", "?b", "?b"}, []string{"?c", "?c"}},
		{"basic authentication", func(w http.ResponseWriter, r *http.Request) {
			if user, _, basic := r.BasicAuth(); basic && user == ci.Username {
				public.ServeHTTP(w, r)
				return
			}
			w.Header().Set("WWW-Authenticate", `Basic realm="b"`)
			status(http.StatusUnauthorized, "UNAUTHORIZED")(w, r)
		}, false, []string{"token b/x"}, []string{"?c"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := &asking{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasPrefix(r.URL.Path, "/v2/a/") || r.URL.Path == "/token" && !tt.refused || strings.Contains(r.URL.Query().Get("scope"), ":a/") {
					private.ServeHTTP(w, r)
					return
				}
				tt.other(w, r)
			})}
			client := newClient(t, "localhost", registry.Options{Credential: ci, Transport: inProcess{srv}})
			access(t, client, "a/x")
			assert.Equal(t, []string{"?a", "token a/x"}, srv.steps())
			access(t, client, "b/x")
			assert.Equal(t, tt.steps, srv.steps())
			access(t, client, "c/x")
			assert.Equal(t, tt.then, srv.steps())
		})
	}
}

// A password that is refused for one repository is the error for that one, and no others.
func TestTheChallengeWithAWrongPassword(t *testing.T) {
	eachScheme(t, func(t *testing.T, opts memregistry.Options) {
		inner := memregistry.Handler(opts)
		var passwords atomic.Int32
		srv := &asking{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, sent, basic := r.BasicAuth(); basic && sent == "wrong" {
				passwords.Add(1)
			}
			inner.ServeHTTP(w, r)
		})}
		config := fmt.Sprintf(`{"auths": {"localhost": {"username": "ci", "password": %q}, "localhost/b": {"username": "ci", "password": "wrong"}}}`, password)
		client := newClient(t, "localhost", registry.Options{Transport: inProcess{srv}, DockerConfigJSON: []byte(config)})
		refused := func() {
			t.Helper()
			err := client.VerifyAccess(t.Context(), "b/x")
			assert.Equal(t, http.StatusUnauthorized, requireKind(t, err, registry.ErrPermissionDenied).StatusCode)
		}
		refused()
		srv.steps()
		access(t, client, "a/x")
		assert.Contains(t, srv.steps(), "?a", "nothing is known of a challenge that was not answered")
		passwords.Store(0)
		refused()
		if !opts.Bearer { // the registry may have wanted another token service
			assert.Equal(t, int32(1), passwords.Load(), "the password is not tried again")
		}
		srv.steps()
		access(t, client, "c/x")
		assert.NotContains(t, srv.steps(), "?c")
	})
}

// A storage that the registry redirects to gets its request, although that has no token.
func TestTheChallengeOfARedirect(t *testing.T) {
	a, inner := newArtifact(t, "demo"), memregistry.Handler(memregistry.Options{Users: users, Bearer: true})
	stored := func(w http.ResponseWriter, r *http.Request) {
		for _, blob := range []ocispec.Descriptor{a.Config, a.Layer} {
			if r.URL.Path == "/"+blob.Digest.Encoded() {
				content, err := a.store.Fetch(r.Context(), blob)
				if assert.NoError(t, err) {
					_, _ = readAllTo(w, content)
				}
			}
		}
	}
	var redirected atomic.Int32
	client := newClient(t, "localhost", registry.Options{Credential: ci, Transport: inProcess{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch _, blob, found := strings.Cut(r.URL.Path, "/blobs/sha256:"); {
		case r.Host != "localhost":
			assert.Empty(t, r.Header.Get("Authorization"))
			stored(w, r)
		case found && r.Method == http.MethodGet && r.Header.Get("Authorization") != "":
			redirected.Add(1)
			http.Redirect(w, r, "http://storage.localhost/"+blob, http.StatusTemporaryRedirect)
		default:
			inner.ServeHTTP(w, r)
		}
	})}})
	_, err := a.push(t, client, registry.PushOptions{}, "v1")
	require.NoError(t, err)
	pulled, err := client.Pull(t.Context(), repository, "v1", new(packager.Store), registry.PullOptions{})
	require.NoError(t, err)
	assert.Equal(t, a.Manifest.Digest, pulled.Digest)
	assert.Equal(t, int32(2), redirected.Load())
}
