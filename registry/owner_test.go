package registry_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/registry"
)

// A denial names the user and the origin of the credential, or where none was found, for
// the registry and for its token service.
func TestOwnerOfADeniedCredential(t *testing.T) {
	wrong := registry.Credential{Username: "bob", Password: "wrong"}
	entry := func(user, password string) string {
		return fmt.Sprintf(`{"auths":{"localhost":{"auth":%q}}}`, base64.StdEncoding.EncodeToString([]byte(user+":"+password)))
	}
	config, other := writeConfig(t, "%s", entry("bob", "wrong")), writeConfig(t, `{"auths":{"ghcr.io":{}}}`)
	broken := writeConfig(t, "%s", entry("ci", password+"\n"))
	missing := t.TempDir() + "/config.json"
	find := func(c registry.Credential) registry.CredentialFunc {
		return func(context.Context, string) (registry.Credential, error) { return c, nil }
	}
	for _, tt := range []struct {
		name  string
		opts  registry.Options
		kind  error
		owner string
		hint  string
	}{
		{"options", registry.Options{Credential: wrong}, registry.ErrPermissionDenied, `user "bob" from the options`, hintPassword},
		{"function", registry.Options{CredentialFunc: find(wrong)}, registry.ErrPermissionDenied, `user "bob" from CredentialFunc`, hintFunc},
		{"file", registry.Options{DockerConfig: config}, registry.ErrPermissionDenied, fmt.Sprintf(`user "bob" from the entry for "localhost" in Docker configuration %q`, config), hintLogin},
		{"bytes", registry.Options{DockerConfigJSON: []byte(entry("bob", "wrong"))}, registry.ErrPermissionDenied, `user "bob" from the entry for "localhost" in the Docker configuration`, "renew the entry in Registry.DockerConfigJSON"},
		{"no entry in bytes", registry.Options{DockerConfigJSON: []byte(`{"auths":{"ghcr.io":{}}}`)}, registry.ErrAuthRequired, "no entry for localhost in the Docker configuration", "add an entry for this registry to Registry.DockerConfigJSON"},
		{"line break", registry.Options{DockerConfig: broken}, registry.ErrPermissionDenied, fmt.Sprintf(`user "ci" from the entry for "localhost" in Docker configuration %q, whose password has a line break`, broken), hintLogin},
		{"line break in the options", registry.Options{Credential: registry.Credential{Username: "ci", Password: password + "\r\n"}}, registry.ErrPermissionDenied, `user "ci" from the options, whose password has a line break`, hintPassword},
		{"long user", registry.Options{Credential: registry.Credential{Username: strings.Repeat("x", 500), Password: "wrong"}}, registry.ErrPermissionDenied, `user "` + strings.Repeat("x", 80) + `" from the options`, hintPassword},
		{"user that is the password", registry.Options{Credential: registry.Credential{Username: "wrong-one", Password: "wrong-one"}}, registry.ErrPermissionDenied, `user "[redacted]" from the options`, hintPassword},
		{"no entry", registry.Options{DockerConfig: other}, registry.ErrAuthRequired, fmt.Sprintf("no entry for localhost in Docker configuration %q", other), hintAuth},
		{"no file", registry.Options{DockerConfig: missing}, registry.ErrAuthRequired, fmt.Sprintf("Docker configuration %q does not exist", missing), hintAuth},
		{"no result", registry.Options{CredentialFunc: find(registry.Credential{})}, registry.ErrAuthRequired, "none from CredentialFunc", "return a credential that this registry accepts from Registry.CredentialFunc"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			eachScheme(t, func(t *testing.T, server memregistry.Options) {
				tt.opts.Transport, tt.opts.Retry = inProcess{memregistry.Handler(server)}, once
				failed := requireKind(t, newClient(t, "localhost", tt.opts).VerifyAccess(t.Context(), repository), tt.kind)
				assert.Contains(t, failed.Error(), tt.owner)
				assert.Equal(t, tt.hint, failed.Hint())
				requireNothingSecretIn(t, failed)
			})
		})
	}
}

const (
	hintLogin = "log in to the registry again"
	hintFunc  = "check the credential that Registry.CredentialFunc returns"
)

// A credential that cannot be sent is one of the function or the file, and so is the
// advice.
func TestOwnerOfAnInvalidCredential(t *testing.T) {
	const hintResult = hintFunc + ": a user name with a password, or a token alone"
	const hintEntry = "log in to the registry again, or remove the entry"
	config := writeConfig(t, `{"auths":{"localhost":{"username":"ci"}}}`)
	half := func(context.Context, string) (registry.Credential, error) {
		return registry.Credential{Username: "ci"}, nil
	}
	broken := func(context.Context, string) (registry.Credential, error) {
		return registry.Credential{AccessToken: password + "\n"}, nil
	}
	for _, tt := range []struct {
		name   string
		opts   registry.Options
		reason string
		hint   string
	}{
		{"half of one from a function", registry.Options{CredentialFunc: half}, "a user name without a password, from CredentialFunc", hintResult},
		{"token with a line break", registry.Options{CredentialFunc: broken}, "a token with control characters, such as a newline at its end, from CredentialFunc", hintResult},
		{"half of one from bytes", registry.Options{DockerConfigJSON: []byte(`{"auths":{"localhost":{"username":"ci"}}}`)}, `a user name without a password, from the entry for "localhost" in the Docker configuration`, "renew the entry in Registry.DockerConfigJSON"},
		{"half of one from a file", registry.Options{DockerConfig: config}, fmt.Sprintf(`a user name without a password, from the entry for "localhost" in Docker configuration %q`, config), hintEntry},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.opts.Transport = inProcess{memregistry.Handler(memregistry.Options{Users: users})}
			err := newClient(t, "localhost", tt.opts).VerifyAccess(t.Context(), repository)
			require.ErrorIs(t, err, registry.ErrInvalidCredential)
			failed := requireKind(t, err, nil)
			assert.Equal(t, "verify access to localhost/"+repository+": invalid registry credential: "+tt.reason, failed.Error())
			assert.Equal(t, tt.hint, failed.Hint())
			requireNothingSecretIn(t, failed)
		})
	}
}

func TestOwnerOfAToken(t *testing.T) {
	for text, cred := range map[string]registry.Credential{"an access token from the options": {AccessToken: password}, "an identity token from the options": {IdentityToken: password}} {
		client := newClient(t, "localhost", registry.Options{
			Credential: cred, Retry: once, Transport: inProcess{memregistry.Handler(memregistry.Options{Users: users, Bearer: true})},
		})
		failed := requireError(t, client.VerifyAccess(t.Context(), repository))
		assert.Contains(t, failed.Error(), text)
		requireNothingSecretIn(t, failed)
	}
}

const hintService = "check the URL of the token service in the configuration of the registry: what responds there is none"

// What a token service responds is reported as that of the token service.
func TestResponsesOfATokenService(t *testing.T) {
	const at = "the token service at auth.example.com/v2/token"
	for _, tt := range []struct {
		name    string
		handler http.HandlerFunc
		kind    error
		text    string
		hint    string
	}{
		{"denied", refusal(403, "DENIED", "denied"), registry.ErrPermissionDenied, at + ` responds with status 403, DENIED: denied (user "ci" from the options)`, hintPermission},
		{"unauthorized", refusal(401, "UNAUTHORIZED", "no such user"), registry.ErrPermissionDenied, at + ` responds with status 401, UNAUTHORIZED: no such user (user "ci" from the options)`, hintPassword},
		{"bare 401", bare(401), registry.ErrPermissionDenied, at + ` responds with status 401, Unauthorized (user "ci" from the options)`, hintPassword},
		{"bare 404", bare(404), registry.ErrUnsupported, at + " responds with status 404, Not Found", hintService},
		{"page with status 404", page(404), registry.ErrUnsupported, at + " responds with status 404, Not Found: text/html", hintService},
		{"405", bare(405), registry.ErrUnsupported, at + " responds with status 405, Method Not Allowed", hintService},
		{"page with status 403", page(403), registry.ErrUnsupported, at + " responds with status 403, Forbidden: text/html", hintService},
		{"page with status 400", page(400), registry.ErrUnsupported, at + " responds with status 400, Bad Request: text/html", hintService},
		{"400", refusal(400, "UNSUPPORTED", "no such service"), registry.ErrUnsupported, at + " responds with status 400, UNSUPPORTED: no such service", hintService},
		{"page", page(200), registry.ErrUnsupported, at + ": not a token: status 200, text/html", hintService},
		{"no token", forever(200, `{}`), registry.ErrUnsupported, at + ": not a token: status 200", hintService},
		{"202", forever(202, `{"token":"x"}`), registry.ErrUnsupported, at + " responds with status 202, Accepted", hintService},
		{"204", bare(204), registry.ErrUnsupported, at + " responds with status 204, No Content", hintService},
		{"failure", bare(500), registry.ErrServer, at + " responds with status 500, Internal Server Error", "try again later"},
		{"rate limit", bare(429), registry.ErrRateLimited, at + " responds with status 429, Too Many Requests", "try again later, or less often"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			client := newClient(t, "registry.example.com", registry.Options{Credential: ci, Retry: once, Transport: hosts{
				"registry.example.com": challenge("https://auth.example.com/v2/token?key=secret"),
				"auth.example.com":     tt.handler,
			}, AllowLocalServices: true})
			everything(t, client, func(t *testing.T, err error) {
				failed := requireKind(t, err, tt.kind)
				assert.Contains(t, err.Error(), ": "+tt.kind.Error()+": "+tt.text)
				assert.NotContains(t, err.Error(), "secret")
				if tt.hint != hintPermission {
					assert.Equal(t, tt.hint, failed.Hint())
				}
			})
		})
	}
}

// forever responds with a status and JSON.
func forever(code int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		_, _ = w.Write([]byte(body))
	}
}

// A token service that cannot be reached is named, because the registry can be.
func TestTokenServiceThatCannotBeReached(t *testing.T) {
	registered := challenge("https://auth.example.com/token")
	client := newClient(t, "registry.example.com", registry.Options{Credential: ci, Retry: once, AllowLocalServices: true, Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.URL.Host == "auth.example.com" {
			return nil, fmt.Errorf("connection refused")
		}
		return inProcess{registered}.RoundTrip(r)
	})})
	everything(t, client, func(t *testing.T, err error) {
		requireKind(t, err, registry.ErrUnreachable)
		assert.Contains(t, err.Error(), "registry unreachable: the token service at auth.example.com/token: connection refused")
	})
	require.NotNil(t, client)
}
