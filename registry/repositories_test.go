package registry_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/registry"
)

// A public repository gets no password or token that it did not ask for, because it may
// refuse one, although another repository of the registry requires it.
func TestPublicRepositoryAfterAPrivateOne(t *testing.T) {
	eachScheme(t, func(t *testing.T, opts memregistry.Options) {
		private, public := memregistry.Handler(opts), memregistry.Handler(memregistry.Options{})
		for code, name := range map[int]string{400: "UNSUPPORTED", 401: "UNAUTHORIZED", 403: "DENIED", 404: "NAME_UNKNOWN"} {
			t.Run(name, func(t *testing.T) {
				client := newClient(t, "localhost", registry.Options{Credential: ci, Transport: inProcess{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					switch {
					case strings.HasPrefix(r.URL.Path, "/v2/a/"), r.URL.Path == "/token":
						private.ServeHTTP(w, r)
					case r.Header.Get("Authorization") != "":
						status(code, name)(w, r)
					default:
						public.ServeHTTP(w, r)
					}
				})}})
				for _, repository := range []string{"a/x", "b/x", "a/y", "b/x"} {
					require.NoError(t, client.VerifyAccess(t.Context(), repository), repository)
				}
			})
		}
	})
}

// Each repository may ask for a scope of its own.
func TestScopeOfEachRepository(t *testing.T) {
	public := memregistry.Handler(memregistry.Options{})
	client := newClient(t, "localhost", registry.Options{Credential: ci, Transport: inProcess{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		scope := "project:" + strings.Split(r.URL.Path+"//", "/")[2] + ":pull"
		switch token := r.Header.Get("Authorization"); {
		case r.URL.Path == "/token":
			_, err := io.WriteString(w, fmt.Sprintf(`{"token":%q}`, strings.Join(r.URL.Query()["scope"], "+")))
			assert.NoError(t, err)
		case token == "":
			w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="http://localhost/token",scope=%q`, scope))
			status(http.StatusUnauthorized, "UNAUTHORIZED")(w, r)
		case !strings.Contains(token, scope):
			status(http.StatusForbidden, "DENIED")(w, r)
		default:
			public.ServeHTTP(w, r)
		}
	})}})
	for _, repository := range []string{"a/x", "b/x"} {
		require.NoError(t, client.VerifyAccess(t.Context(), repository), repository)
	}
}
