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

// forbidden refuses with a body, and with headers that are names and values.
func forbidden(body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, body)
	}
}

const (
	hintForbidden = "check the host and port, and the proxies and filters in front of the registry: one of them, or another program, refuses the request"
	hintAirPlay   = "check the port: on macOS, AirPlay Receiver uses port 5000"
)

// A 403 that no registry wrote is about no credential. It is named with what can be seen
// of its author.
func TestForbiddenByAnotherProgram(t *testing.T) {
	a := newArtifact(t, "demo")
	for _, tt := range []struct {
		name    string
		handler http.HandlerFunc
		author  string
	}{
		{"nothing", forbidden(""), "refused with status 403, and not by a registry"},
		{"page of a filter", forbidden("<html>Blocked</html>", "Content-Type", "text/html; charset=utf-8", "Server", "squid/6.9"), "refused with status 403, and not by a registry: text/html, server squid/6.9"},
		{"AirPlay", forbidden("", "Server", "AirTunes/845.5.1"), "refused with status 403, and not by a registry: server AirTunes/845.5.1"},
		{"JSON of another program", forbidden(`{"message":"forbidden"}`, "Content-Type", "application/json"), "refused with status 403, and not by a registry: application/json"},
		{"text", forbidden("no", "Content-Type", "text/plain"), "refused with status 403, and not by a registry: text/plain"},
		{"page with a challenge", forbidden("<html>", "Content-Type", "text/html", "WWW-Authenticate", "Negotiate"), "refused with status 403, and not by a registry: text/html"},
		{"server with control characters", forbidden("", "Server", "a\x1b[31m\u202e"+strings.Repeat("x", 1000)), "refused with status 403, and not by a registry: server a [31m"},
	} {
		for step, at := range map[string]string{"everything": "", "POST": "", "PUT blobs/": "", "PUT manifests/": ":v1"} {
			for _, cred := range []registry.Credential{{}, ci} {
				t.Run(fmt.Sprint(tt.name, " ", step, " ", cred.Username), func(t *testing.T) {
					prefix := strings.TrimPrefix(step, "everything")
					srv := newServer(memregistry.Options{}, fault{prefix, tt.handler})
					client := newClient(t, "registry.example.com", registry.Options{Transport: inProcess{srv.Config.Handler}, Credential: cred})
					_, err := a.push(t, client, registry.PushOptions{}, "v1")
					failed := requireKind(t, err, registry.ErrNotRegistry)
					assert.Equal(t, http.StatusForbidden, failed.StatusCode)
					assert.False(t, failed.Retryable())
					assert.Contains(t, err.Error(), "push to registry.example.com/apps/demo"+at+": the response is not from an OCI registry: "+tt.author)
					assert.Equal(t, hintForbidden, failed.Hint())
				})
			}
		}
	}
	airplay := newClient(t, "localhost:5000", registry.Options{Transport: inProcess{forbidden("", "Server", "AirTunes/1")}})
	assert.Equal(t, hintAirPlay, requireError(t, airplay.VerifyAccess(t.Context(), repository)).Hint())
}

// A registry's own 403 has its error body, a challenge, or the header of its API.
func TestForbiddenByARegistry(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"code":      refusal(403, "DENIED", "no"),
		"message":   refusal(403, "", "no"),
		"challenge": forbidden("", "WWW-Authenticate", `Bearer realm="https://h/token",error="insufficient_scope"`),
		"API":       forbidden("", "Docker-Distribution-Api-Version", "registry/2.0"),
	} {
		for kind, cred := range map[error]registry.Credential{registry.ErrAuthRequired: {}, registry.ErrPermissionDenied: ci} {
			t.Run(name+" "+cred.Username, func(t *testing.T) {
				client := newClient(t, "localhost", registry.Options{Transport: inProcess{h}, Credential: cred})
				everythingButLookup(t, client, func(t *testing.T, err error) { requireKind(t, err, kind) })
			})
		}
	}
	require.NotErrorIs(t, registry.ErrNotRegistry, registry.ErrPermissionDenied)
}

// A registry's own 404 and 400 need no code either.
func TestRefusalByARegistryWithoutACode(t *testing.T) {
	for _, tt := range []struct {
		status int
		kind   error
	}{{http.StatusNotFound, registry.ErrNotFound}, {http.StatusBadRequest, registry.ErrInvalid}} {
		for name, h := range map[string]http.HandlerFunc{
			"message": refusal(tt.status, "", "no such repository"),
			"API": func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Docker-Distribution-Api-Version", "registry/2.0")
				http.Error(w, "page not found", tt.status)
			},
		} {
			t.Run(fmt.Sprint(name, " ", tt.status), func(t *testing.T) {
				client := newClient(t, "localhost", registry.Options{Transport: inProcess{h}})
				_, err := newArtifact(t, "demo").push(t, client, registry.PushOptions{}, "v1")
				requireKind(t, err, tt.kind)
				requireKind(t, client.VerifyAccess(t.Context(), repository), tt.kind)
			})
		}
	}
}
