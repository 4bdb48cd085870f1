package registry_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/registry"
)

// challenging is a registry that requires a credential and writes its challenges in an
// unusual way. BASIC and BEARER stand for its own.
func challenging(opts memregistry.Options, headers ...string) http.Handler {
	inner := memregistry.Handler(opts)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inner.ServeHTTP(&rewriting{ResponseWriter: w, rewrite: func(h http.Header) {
			own := h.Get("WWW-Authenticate")
			h.Del("WWW-Authenticate")
			for _, header := range headers {
				h.Add("WWW-Authenticate", strings.NewReplacer("BASIC", own, "BEARER", own).Replace(header))
			}
		}}, r)
	})
}

// rewriting changes the header of a refusal.
type rewriting struct {
	http.ResponseWriter
	rewrite func(http.Header)
}

func (w *rewriting) WriteHeader(status int) {
	if status == http.StatusUnauthorized {
		w.rewrite(w.Header())
	}
	w.ResponseWriter.WriteHeader(status)
}

// The challenges of a response may come in any order, in one header or in several.
func TestChallengesInAnyOrder(t *testing.T) {
	basic, bearer := memregistry.Options{Users: users}, memregistry.Options{Users: users, Bearer: true}
	for _, tt := range []struct {
		name    string
		opts    memregistry.Options
		headers []string
	}{
		{"Basic after others", basic, []string{"Negotiate", `Digest realm="a, b", nonce="x"`, "BASIC"}},
		{"Basic after others in one header", basic, []string{"Negotiate, NTLM TlRM==, BASIC"}},
		{"Basic before others", basic, []string{"BASIC, Negotiate"}},
		{"Bearer after others", bearer, []string{"Negotiate YWJj=", "BEARER"}},
		{"Bearer after Basic", bearer, []string{`Basic realm="x"`, "BEARER"}},
		{"Bearer after Basic in one header", bearer, []string{`Basic realm="x, y", BEARER`}},
		{"Bearer before Basic", bearer, []string{`BEARER, Basic realm="x"`}},
		{"Bearer after one without a realm", bearer, []string{"Bearer, BEARER"}},
		{"Basic after Bearer without a realm", basic, []string{`Bearer error="invalid_token"`, "BASIC"}},
		{"after what cannot be read", bearer, []string{`Basic realm="`, `;"x`, "BEARER"}},
		{"after ten thousand", bearer, []string{"BEARER" + strings.Repeat(", Negotiate", 10000)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			client := newClient(t, "localhost", registry.Options{Credential: ci, Transport: inProcess{challenging(tt.opts, tt.headers...)}})
			_, err := newArtifact(t, "demo").push(t, client, registry.PushOptions{}, "v1")
			require.NoError(t, err)
			require.NoError(t, client.VerifyReadAccess(t.Context(), repository))
		})
	}
}

// If this package knows none of the schemes, the password is not to blame.
func TestUnknownSchemes(t *testing.T) {
	many := make([]string, 10000)
	for i := range many {
		many[i] = fmt.Sprint("Scheme", i)
	}
	for _, tt := range []struct {
		name    string
		headers []string
		schemes string
	}{
		{"one", []string{"Negotiate"}, "Negotiate"},
		{"several", []string{"Negotiate, NTLM", `Digest realm="x"`, "negotiate"}, "Negotiate, NTLM, Digest"},
		{"ten thousand", []string{strings.Join(many, ", ")}, "Scheme0, Scheme1, Scheme2, Scheme3, …"},
		{"a name of 1 MiB", []string{strings.Repeat("x", 1<<20)}, strings.Repeat("x", 32) + "…"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header()["Www-Authenticate"] = tt.headers
				w.WriteHeader(http.StatusUnauthorized)
			})
			began := time.Now()
			everythingButLookup(t, newClient(t, "localhost", registry.Options{Credential: ci, Transport: inProcess{handler}}), func(t *testing.T, err error) {
				failed := requireKind(t, err, registry.ErrUnsupported)
				assert.Equal(t, http.StatusUnauthorized, failed.StatusCode)
				assert.Contains(t, failed.Error(), "not supported: status 401, Unauthorized: the registry offers only the authentication schemes "+tt.schemes)
				assert.Equal(t, "ask the owner of the registry to offer Basic or Bearer authentication", failed.Hint())
			})
			assert.Less(t, time.Since(began), 5*time.Second)
		})
	}
}

// A token holds the scopes that the registry asks for, whatever they are, and no request
// is sent twice to learn them again.
func TestChallengeWithOtherScopes(t *testing.T) {
	for _, scope := range []string{
		"*", "repository:" + repository + ":*", "repository:" + repository + ":pull,push,delete", "registry:catalog:* repository:other:pull",
		"repository:" + repository + ":pull", "", strings.Repeat("repository:x:pull ", 3000),
	} {
		t.Run(fmt.Sprintf("%.60s", scope), func(t *testing.T) {
			inner, refusals, tokens := memregistry.Handler(memregistry.Options{}), 0, 0
			client := newClient(t, "localhost", registry.Options{Credential: ci, Transport: inProcess{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.URL.Path == "/token":
					tokens++
					_, _ = io.WriteString(w, `{"token":"t"}`)
				case r.Header.Get("Authorization") == "":
					refusals++
					w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="http://localhost/token",service="x",scope=%q`, scope))
					w.WriteHeader(http.StatusUnauthorized)
				default:
					inner.ServeHTTP(w, r)
				}
			})}})
			a := newArtifact(t, "demo")
			_, err := a.push(t, client, registry.PushOptions{}, "v1", "v2")
			require.NoError(t, err)
			_, err = a.with(t, "other").push(t, client, registry.PushOptions{}, "v1")
			require.NoError(t, err)
			assert.Equal(t, 1, refusals)
			assert.Equal(t, 1, tokens)
		})
	}
}
