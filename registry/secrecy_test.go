package registry_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/registry"
)

// quiet discards the log of test servers.
var quiet = log.New(io.Discard, "", 0)

// requirePresentable asserts that text can be shown to anybody: one short line
// without secrets and queries.
func requirePresentable(t testing.TB, text string) {
	t.Helper()
	require.Less(t, len(text), 500, text)
	require.True(t, utf8.ValidString(text), "%q", text)
	require.False(t, strings.ContainsFunc(text, unicode.IsControl), "%q", text)
	require.NotContains(t, text, "?", "a query")
	requireNoSecret(t, text)
}

func requireNoSecret(t testing.TB, text string) {
	t.Helper()
	require.NotContains(t, text, password)
	require.NotContains(t, text, basic(ci))
}

// basic returns the header value of a credential, without "Basic ".
func basic(c registry.Credential) string {
	return base64.StdEncoding.EncodeToString([]byte(c.Username + ":" + c.Password))
}

// printed returns the output of printing, logging and marshalling v.
func printed(t testing.TB, v any) string {
	t.Helper()
	var b bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		_, _ = fmt.Fprintf(&b, verb+"\n", v)
		_, _ = fmt.Fprintf(&b, verb+"\n", []any{v})
	}
	_, _ = fmt.Fprintln(&b, v)
	data, err := json.Marshal(map[string]any{"value": v})
	require.NoError(t, err)
	b.Write(data)
	all := &slog.HandlerOptions{AddSource: true, Level: slog.LevelDebug}
	for _, handler := range []slog.Handler{slog.NewTextHandler(&b, all), slog.NewJSONHandler(&b, all)} {
		slog.New(handler).Info("log", "value", v, slog.Group("group", "value", v))
	}
	return b.String()
}

func TestCredentialsAreNotPrinted(t *testing.T) {
	for _, cred := range []registry.Credential{
		ci,
		{Password: password},
		{IdentityToken: password},
		{AccessToken: password},
		{Username: "ci", Password: password, IdentityToken: password, AccessToken: password},
	} {
		opts := registry.Options{
			Credential:   cred,
			DockerConfig: "config.json",
			UserAgent:    "test",
			Transport:    inProcess{},
		}
		for _, v := range []any{
			cred, &cred, opts, &opts,
			struct{ Options registry.Options }{opts},
			map[string]registry.Credential{"registry": cred},
			[]registry.Options{opts},
		} {
			text := printed(t, v)
			requireNoSecret(t, text)
			assert.NotContains(t, text, fmt.Sprintf("%x", password))
			assert.Contains(t, text, "redacted", "%T", v)
		}
	}
	client := newClient(t, "localhost", registry.Options{Credential: ci})
	requireNoSecret(t, printed(t, client))
	destination, err := start(t, memregistry.Options{}, fault{"GET", refusal(403, "DENIED", password)}).
		client(t, registry.Options{Credential: ci}).Lookup(t.Context(), repository, []string{"v1"}, registry.PushOptions{})
	require.NoError(t, err)
	requireNoSecret(t, printed(t, destination))
	requireNoSecret(t, fmt.Sprintf("%+v %#v", struct{ C *registry.Client }{client}, client))
}

func TestPrintedForms(t *testing.T) {
	opts := registry.Options{Credential: ci, InsecureSkipVerify: true}
	for _, tt := range []struct {
		name string
		v    any
		want string
	}{
		{"none", registry.Credential{}, `registry.Credential(none)`},
		{"user", ci, `registry.Credential("ci" [redacted])`},
		{"user with a line break", registry.Credential{Username: "c\ni", Password: password}, `registry.Credential("c\ni" [redacted])`},
		{"identity token", registry.Credential{IdentityToken: password}, `registry.Credential([redacted])`},
		{"access token", registry.Credential{AccessToken: password}, `registry.Credential([redacted])`},
		{"client", newClient(t, "localhost:5000", registry.Options{Credential: ci}), `registry.Client(localhost:5000)`},
		{"options", opts, `registry.Options{"Scheme":"","AllowPlainHTTPCredentials":false,` +
			`"Credential":"registry.Credential(\"ci\" [redacted])","DockerConfig":"","InsecureSkipVerify":true,"UserAgent":"",` +
			`"Timeout":0,"VerifyTimeout":0,"Retry":{"MaxAttempts":0,"MinWait":0,"MaxWait":0},"AllowCrossOriginUploads":false,"AllowLocalServices":false}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d"} {
				assert.Equal(t, tt.want, fmt.Sprintf(verb, tt.v), verb)
			}
		})
	}
	text, err := ci.MarshalText()
	require.NoError(t, err)
	assert.Equal(t, fmt.Sprint(ci), string(text))
	assert.Equal(t, fmt.Sprint(ci), ci.LogValue().String())
}

// requireNothingSecretIn asserts that neither err nor any error that it wraps prints a
// secret.
func requireNothingSecretIn(t testing.TB, err error) {
	t.Helper()
	requireNoSecret(t, printed(t, err))
	wrapped := []error{errors.Unwrap(err)}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		wrapped = many.Unwrap()
	}
	for _, err := range wrapped {
		if err != nil {
			requireNothingSecretIn(t, err)
		}
	}
}
