package registry_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/testing/echo"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/registry"
)

// echoes are responses to a request with a credential, with a text in one of their fields.
var echoes = []struct {
	name    string
	respond func(w http.ResponseWriter, text string)
}{
	{"message", func(w http.ResponseWriter, text string) { refusal(403, "DENIED", text)(w, nil) }},
	{"code", func(w http.ResponseWriter, text string) { refusal(400, text, "sorry")(w, nil) }},
	{"detail", func(w http.ResponseWriter, text string) {
		told(400, "UNKNOWN", "sorry", string(quoted(text)))(w, nil)
	}},
	{"content type", func(w http.ResponseWriter, text string) { header(w, 404, "Content-Type", text) }},
	{"media type", func(w http.ResponseWriter, text string) { header(w, 200, "Content-Type", "application/"+text) }},
	{"digest header", func(w http.ResponseWriter, text string) {
		w.Header().Set("Docker-Content-Digest", "sha256:"+text)
		header(w, 200, "Content-Type", ocispec.MediaTypeImageManifest)
	}},
	{"manifest", func(w http.ResponseWriter, text string) {
		w.Header().Set("Content-Type", ocispec.MediaTypeImageManifest)
		_, _ = fmt.Fprintf(w, `{"config":{"digest":"sha256:%s","size":1,"mediaType":"%[1]s"},"layers":[{"digest":%[1]s}]}`, text)
	}},
	{"blob of a manifest", func(w http.ResponseWriter, text string) {
		w.Header().Set("Content-Type", ocispec.MediaTypeImageManifest)
		_, _ = fmt.Fprintf(w, `{"config":{"digest":"sha256:%s","size":1,"mediaType":"a/b"}}`, text)
	}},
	{"host of a foreign upload", func(w http.ResponseWriter, text string) { header(w, 202, "Location", "http://"+text+".localhost/x") }},
	{"user of a foreign upload", func(w http.ResponseWriter, text string) {
		header(w, 202, "Location", "http://"+text+"@example.com/x?"+text)
	}},
	{"malformed location", func(w http.ResponseWriter, text string) { header(w, 202, "Location", "http://h:"+text+"/x") }},
	{"scheme of a location", func(w http.ResponseWriter, text string) { header(w, 202, "Location", text+"://h/x") }},
	{"redirect", func(w http.ResponseWriter, text string) { header(w, 307, "Location", "http://"+text+".localhost/x") }},
	{"malformed redirect", func(w http.ResponseWriter, text string) { header(w, 307, "Location", "http://h:"+text+"/x") }},
	{"redirect to a local service", func(w http.ResponseWriter, text string) { header(w, 307, "Location", "http://"+text+"@127.0.0.2/x") }},
	{"realm", func(w http.ResponseWriter, text string) {
		header(w, 401, "WWW-Authenticate", `Bearer realm="http://`+text+`.localhost/token",service="`+text+`",scope="`+text+`"`)
	}},
	{"realm of another scheme", func(w http.ResponseWriter, text string) {
		header(w, 401, "WWW-Authenticate", `Bearer realm="ftp://`+text+`/"`)
	}},
	{"malformed realm", func(w http.ResponseWriter, text string) {
		header(w, 401, "WWW-Authenticate", `Bearer realm="http://h:`+text+`/"`)
	}},
	{"no realm", func(w http.ResponseWriter, text string) {
		header(w, 401, "WWW-Authenticate", `Bearer error="`+text+`"`)
	}},
	{"server", func(w http.ResponseWriter, text string) { header(w, 403, "Server", text) }},
	{"scheme", func(w http.ResponseWriter, text string) { header(w, 401, "WWW-Authenticate", text) }},
	{"reset", func(w http.ResponseWriter, text string) { w.Header().Set("Break", text) }},
}

// quoted returns text in JSON.
func quoted(text string) []byte {
	data, _ := json.Marshal(text)
	return data
}

// header responds with one header, as it is.
func header(w http.ResponseWriter, status int, name, value string) {
	w.Header()[http.CanonicalHeaderKey(name)] = []string{value}
	w.WriteHeader(status)
}

// A registry knows the credential, and repeats it in every field and in many forms. No
// error has it.
func TestRegistryThatRepeatsTheCredential(t *testing.T) {
	const secret = "hunter2Secret.pw"
	a := newArtifact(t, "demo")
	for i, tt := range echoes {
		t.Run(tt.name, func(t *testing.T) {
			schemes := []string{"Basic", "Bearer", "Token"}
			if tt.name == "redirect" {
				schemes = schemes[:1] // each host is looked up
			}
			for _, scheme := range schemes {
				for form, text := range echo.Forms(secret) {
					// With -short, one scheme for each form, and a third of the forms for each field.
					if !testing.Short() || scheme == schemes[len(form)%len(schemes)] && (len(form)+i)%3 == 0 {
						requireNoEcho(t, a, scheme, form, text, secret, tt.respond)
					}
				}
			}
		})
	}
	t.Run("digest that is the secret", func(t *testing.T) {
		secret := strings.Repeat("0123456789abcdef", 4)
		for _, tt := range echoes {
			requireNoEcho(t, a, "Basic", tt.name, secret, secret, tt.respond)
		}
	})
}

// requireNoEcho asks a registry that responds to a credential, or its token service does if the
// scheme is Token, and looks for the secret in the errors.
func requireNoEcho(t *testing.T, a artifact, scheme, form, text, secret string, respond func(http.ResponseWriter, string)) {
	t.Helper()
	front := roundTripper(func(r *http.Request) (*http.Response, error) {
		resp, err := inProcess{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			isToken := strings.HasPrefix(r.URL.Path, "/token")
			switch {
			case isToken && scheme != "Token":
				_, _ = fmt.Fprintf(w, `{"token":%q}`, "of "+secret)
			case isToken, r.Header.Get("Authorization") != "":
				respond(w, text)
			case scheme == "Basic":
				header(w, 401, "WWW-Authenticate", "Basic")
			default:
				challenge("http://localhost/token").ServeHTTP(w, r)
			}
		})}.RoundTrip(r)
		if err == nil && resp.Header.Get("Break") != "" {
			return nil, errors.New("malformed HTTP response " + fmt.Sprintf("%q", text))
		}
		return resp, err
	})
	client := newClient(t, "localhost", registry.Options{Credential: registry.Credential{Username: "ci", Password: secret}, Transport: front, Retry: once})
	_, pushErr := a.push(t, client, registry.PushOptions{}, "v1")
	_, pullErr := client.Pull(t.Context(), repository, "v1", new(packager.Store), registry.PullOptions{})
	_, resolveErr := client.Resolve(t.Context(), repository, "v1")
	for _, err := range []error{client.VerifyAccess(t.Context(), repository), client.VerifyReadAccess(t.Context(), repository), pushErr, pullErr, resolveErr} {
		if failed, ok := errors.AsType[*registry.Error](err); ok {
			shown := fmt.Sprintf("%v %+v %#v %s %s", err, failed.Err, failed, failed.Code, failed.Hint())
			require.False(t, echo.IsIn(shown, secret), "%s, %s: %s", scheme, form, shown)
		}
	}
}

// A short password does not make messages unreadable.
func TestRegistryThatRepeatsAShortPassword(t *testing.T) {
	client := newClient(t, "localhost", registry.Options{
		Credential: registry.Credential{Username: "ci", Password: "p"}, Retry: once,
		Transport: inProcess{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") == "" {
				header(w, 401, "WWW-Authenticate", "Basic")
				return
			}
			refusal(403, "DENIED", "password p is wrong, see "+r.Header.Get("Authorization"))(w, r)
		})},
	})
	require.EqualError(t, client.VerifyAccess(t.Context(), repository),
		"verify access to localhost/apps/demo: registry denies access: status 403, DENIED: password [redacted] is wrong, see Basic [redacted] (user \"ci\" from the options)")
}
