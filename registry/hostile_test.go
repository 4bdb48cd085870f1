package registry_test

import (
	"encoding/json"
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

// words are codes and messages of a broken or hostile registry, made from the request.
var words = []struct {
	name          string
	code, message func(*http.Request) string
}{
	{"the header", say("DENIED"), func(r *http.Request) string { return "you sent " + r.Header.Get("Authorization") }},
	{"the password", say("DENIED"), func(r *http.Request) string {
		user, password, _ := r.BasicAuth()
		return user + ":" + password + " is " + password + password
	}},
	{"secrets as the code", func(r *http.Request) string { return password + r.Header.Get("Authorization") }, say("no")},
	{"the URL", say("DENIED"), func(r *http.Request) string {
		return fmt.Sprintf("%s http://%s%s?state=secret&x=%s failed, see %q", r.Method, r.Host, r.URL.Path, password, "https://h/?a=b#c")
	}},
	{"URLs with users", say("DENIED"), say("ask http://ci:" + password + "@storage.example.com/x, https://" + password + "@h or //ci@h")},
	{"control characters", say("DE\nNIED\x00"), say("line\r\nline\x1b[2Jcleared\x00\u0085\x7f\tend")},
	{"only control characters", say("\x00\x01"), say("\n\n\n")},
	{"no message", say("DENIED"), say("")},
	{"a lot", say(strings.Repeat("D", 2000)), say(strings.Repeat("word ", 1000))},
	{"a lot of wide characters", say("DENIED"), say(strings.Repeat("語", 2000))},
	{"a secret at the cut", say("DENIED"), say(strings.Repeat("x", 195) + password)},
}

func say(text string) func(*http.Request) string {
	return func(*http.Request) string { return text }
}

func TestErrorsRepeatNoSecret(t *testing.T) {
	a := newArtifact(t, "demo")
	for _, said := range words {
		for _, code := range []int{400, 401, 403, 404, 500} {
			t.Run(fmt.Sprintf("%s %d", said.name, code), func(t *testing.T) {
				answer := func(w http.ResponseWriter, r *http.Request) {
					if r.Header.Get("Authorization") == "" {
						w.Header().Set("WWW-Authenticate", `Basic realm="`+password+`"`)
						w.WriteHeader(http.StatusUnauthorized)
						return
					}
					w.WriteHeader(code)
					_ = json.NewEncoder(w).Encode(map[string]any{"errors": []any{map[string]any{
						"code":    said.code(r),
						"message": said.message(r),
						"detail":  r.Header,
					}}})
				}
				client := start(t, memregistry.Options{}, fault{"POST", answer}).client(t, registry.Options{Credential: ci})
				_, pushErr := a.push(t, client, registry.PushOptions{}, "v1")
				for _, err := range []error{pushErr, client.VerifyAccess(t.Context(), repository)} {
					failed := requireError(t, err)
					assert.Equal(t, code, failed.StatusCode)
					requirePresentable(t, failed.Code)
					requireNothingSecretIn(t, err)
					assert.NotContains(t, err.Error(), "secret")
					assert.NotContains(t, err.Error(), "ci@")
				}
			})
		}
	}
}

// Responses that do not have the form of a registry's error.
func TestErrorsOfStrangeAnswers(t *testing.T) {
	for _, tt := range []struct{ name, body string }{
		{"1 MiB of JSON", `{"errors":[{"code":"DENIED","message":"` + strings.Repeat("x", 1<<20) + `"}]}`},
		{"1 MiB of text", strings.Repeat(password+" ", 1<<20/len(password))},
		{"invalid UTF-8", "{\"errors\":[{\"code\":\"D\xff\xfe\",\"message\":\"\xc3(\"}]}"},
		{"no body", ""},
		{"no errors", `{"errors":[]}`},
		{"null", `{"errors":null}`},
		{"another shape", `{"errors":"` + password + `"}`},
		{"another shape of errors", `{"errors":["` + password + `"]}`},
		{"many errors", `{"errors":[` + strings.Repeat(`{"code":"A","message":"`+password+`"},`, 50) + `{}]}`},
		{"details", `{"errors":[{"code":"DENIED","message":"no","detail":{"token":"` + password + `"}}]}`},
		{"nested", strings.Repeat("[", 8000)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := start(t, memregistry.Options{Users: users}, fault{"PUT manifests/", func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusForbidden)
				_, _ = io.WriteString(w, tt.body)
			}})
			_, err := newArtifact(t, "demo").push(t, srv.client(t, registry.Options{Credential: ci}), registry.PushOptions{}, "v1")
			kind := registry.ErrNotRegistry
			if strings.HasPrefix(tt.body, `{"errors"`) {
				kind = registry.ErrPermissionDenied
			}
			requireKind(t, err, kind)
			requireNothingSecretIn(t, err)
		})
	}
}

// The queries of redirects, upload locations and token services are secret.
func TestErrorsOfStrangeURLs(t *testing.T) {
	opts := memregistry.Options{Users: users}
	for _, tt := range []struct {
		name  string
		fault fault
	}{
		{"redirect without a scheme", fault{"POST", redirect("//ci:" + password + "@127.0.0.1:1/?key=" + password)}},
		{"redirect to another scheme", fault{"POST", redirect("ftp://ci:" + password + "@127.0.0.1/?key=" + password)}},
		{"redirect that is no URL", fault{"POST", redirect("http://[::1/?key=" + password)}},
		{"location that is no URL", fault{"POST", opened("http://[::1/?key=" + password)}},
		{"location of another scheme", fault{"POST", opened("ftp://HOST/?key=" + password)}},
		{"location of another host", fault{"POST", opened("http://ci:" + password + "@127.0.0.1:1/?key=" + password)}},
		{"location that fails", fault{"PUT blobs/", abort}},
		{"no location", fault{"POST", opened("")}},
		{"token service of another scheme", fault{"POST", challenge("ftp://h/?key=" + password).ServeHTTP}},
		{"token service that is no URL", fault{"POST", challenge("http://[::1/?key=" + password).ServeHTTP}},
		{"token service without a scheme", fault{"POST", challenge("/token?key=" + password).ServeHTTP}},
		{"token service that is private", fault{"POST", challenge("http://ci:" + password + "@127.0.0.2/?key=" + password).ServeHTTP}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := start(t, opts, tt.fault)
			_, err := newArtifact(t, "demo").push(t, srv.client(t, registry.Options{Credential: ci}), registry.PushOptions{}, "v1")
			requireError(t, err)
			requireNothingSecretIn(t, err)
			assert.Empty(t, srv.digestOf(t, "v1"))
		})
	}
}

func redirect(location string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", location)
		w.WriteHeader(http.StatusTemporaryRedirect)
	}
}

// A token service may repeat the credential, too.
func TestErrorsOfATokenService(t *testing.T) {
	for _, tt := range []struct {
		name   string
		answer http.HandlerFunc
	}{
		{"refusal", func(w http.ResponseWriter, r *http.Request) {
			refusal(http.StatusUnauthorized, "UNAUTHORIZED", r.Header.Get("Authorization")+" "+password)(w, r)
		}},
		{"no JSON", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, password) }},
		{"no token", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{}`) }},
		{"page", page(http.StatusOK)},
		{"connection cut", abort},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := start(t, memregistry.Options{Users: users, Bearer: true}, fault{"GET /token", tt.answer})
			client := srv.client(t, registry.Options{Credential: ci})
			_, err := newArtifact(t, "demo").push(t, client, registry.PushOptions{}, "v1")
			requireError(t, err)
			requireNothingSecretIn(t, err)
			require.Error(t, client.VerifyAccess(t.Context(), repository))
		})
	}
}

// A token is as secret as a password.
func TestErrorsRepeatNoToken(t *testing.T) {
	for _, tt := range []struct {
		name       string
		credential registry.Credential
		step       string
	}{
		{"access token", registry.Credential{AccessToken: password}, "POST blobs/uploads/"},
		{"identity token", registry.Credential{IdentityToken: password}, "POST /token"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := start(t, memregistry.Options{Users: users, Bearer: true}, fault{tt.step, func(w http.ResponseWriter, r *http.Request) {
				if tt.step != "POST /token" && r.Header.Get("Authorization") == "" {
					challenge("http://"+r.Host+"/token").ServeHTTP(w, r)
					return
				}
				said := r.FormValue("refresh_token") + " " + r.Header.Get("Authorization")
				refusal(http.StatusForbidden, "DENIED", said)(w, r)
			}})
			err := srv.client(t, registry.Options{Credential: tt.credential}).VerifyAccess(t.Context(), repository)
			requireKind(t, err, registry.ErrPermissionDenied)
			assert.Contains(t, err.Error(), "[redacted]")
			requireNothingSecretIn(t, err)
		})
	}
}
