package memregistry_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
)

var users = map[string]memregistry.User{
	"ci":    {Password: "secret"},
	"guest": {Password: "guest", ReadOnly: true},
}

const upload = "/v2/apps/demo/blobs/uploads/"

// call returns the answer to a request with the Authorization header, if any.
func call(t *testing.T, h http.Handler, method, path, authorization string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, "http://registry.example.com"+path, nil)
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

// basic returns the header for a name and a password.
func basic(name, password string) string {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.SetBasicAuth(name, password)
	return r.Header.Get("Authorization")
}

func TestHandlerForEverybody(t *testing.T) {
	for _, opts := range []memregistry.Options{{}, {Bearer: true}} {
		h := memregistry.Handler(opts)
		assert.Equal(t, http.StatusOK, call(t, h, http.MethodGet, "/v2/", "").StatusCode)
		assert.Equal(t, http.StatusAccepted, call(t, h, http.MethodPost, upload, "").StatusCode)
	}
}

// rights are what somebody may do, whichever way they say who they are.
var rights = []struct {
	name, password string
	read, write    int // status
}{
	{"ci", "secret", http.StatusOK, http.StatusAccepted},
	{"guest", "guest", http.StatusOK, http.StatusForbidden},
	{"ci", "guest", http.StatusUnauthorized, http.StatusUnauthorized},
	{"ci", "", http.StatusUnauthorized, http.StatusUnauthorized},
	{"nobody", "", http.StatusUnauthorized, http.StatusUnauthorized},
	{"", "", http.StatusUnauthorized, http.StatusUnauthorized},
}

func TestHandlerBasic(t *testing.T) {
	h := memregistry.Handler(memregistry.Options{Users: users})
	for _, row := range rights {
		t.Run(row.name+" "+row.password, func(t *testing.T) {
			header := basic(row.name, row.password)
			assert.Equal(t, row.read, call(t, h, http.MethodGet, "/v2/", header).StatusCode)
			assert.Equal(t, row.write, call(t, h, http.MethodPost, upload, header).StatusCode)
		})
	}
	assert.Equal(t, http.StatusUnauthorized, call(t, h, http.MethodGet, "/v2/", "").StatusCode)
	assert.Equal(t, http.StatusUnauthorized, call(t, h, http.MethodGet, "/v2/", "Bearer secret").StatusCode)
	assert.Equal(t, http.StatusNotFound, call(t, h, http.MethodGet, "/token", basic("ci", "secret")).StatusCode)
}

func TestHandlerBearer(t *testing.T) {
	h := memregistry.Handler(memregistry.Options{Users: users, Bearer: true})
	for _, row := range rights {
		t.Run(row.name+" "+row.password, func(t *testing.T) {
			answer := call(t, h, http.MethodGet, "/token?service=memregistry", basic(row.name, row.password))
			if row.read == http.StatusUnauthorized {
				assert.Equal(t, http.StatusUnauthorized, answer.StatusCode)
				return
			}
			var body struct{ Token string }
			require.NoError(t, json.NewDecoder(answer.Body).Decode(&body))
			header := "Bearer " + body.Token
			assert.Equal(t, row.read, call(t, h, http.MethodGet, "/v2/", header).StatusCode)
			assert.Equal(t, row.write, call(t, h, http.MethodPost, upload, header).StatusCode)

			other := memregistry.Handler(memregistry.Options{Users: users, Bearer: true})
			assert.Equal(t, http.StatusUnauthorized, call(t, other, http.MethodGet, "/v2/", header).StatusCode)
		})
	}
	for _, header := range []string{"", "Bearer", "Bearer ", "Bearer x", basic("ci", "secret")} {
		assert.Equal(t, http.StatusUnauthorized, call(t, h, http.MethodGet, "/v2/", header).StatusCode, header)
	}
}

func TestHandlerRefusals(t *testing.T) {
	for _, row := range []struct {
		name, target, authorization string
		opts                        memregistry.Options
		challenge, body             string
	}{
		{
			"basic", "/v2/", "", memregistry.Options{Users: users},
			`Basic realm="memregistry"`,
			`{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}`,
		},
		{
			"bearer", "/v2/", "", memregistry.Options{Users: users, Bearer: true},
			`Bearer realm="http://registry.example.com/token",service="memregistry"`,
			`{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}`,
		},
		{
			"read-only", upload, basic("guest", "guest"), memregistry.Options{Users: users}, "",
			`{"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]}`,
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			answer := call(t, memregistry.Handler(row.opts), http.MethodPost, row.target, row.authorization)
			body, err := io.ReadAll(answer.Body)
			require.NoError(t, err)
			assert.Equal(t, row.challenge, answer.Header.Get("WWW-Authenticate"))
			assert.Equal(t, "application/json", answer.Header.Get("Content-Type"))
			assert.JSONEq(t, row.body, string(body))
		})
	}
}

// The token service of a registry with TLS has TLS.
func TestHandlerRealmOverTLS(t *testing.T) {
	server := httptest.NewTLSServer(memregistry.Handler(memregistry.Options{Users: users, Bearer: true}))
	defer server.Close()
	answer, err := server.Client().Get(server.URL + "/v2/")
	require.NoError(t, err)
	defer func() { _ = answer.Body.Close() }()
	assert.Contains(t, answer.Header.Get("WWW-Authenticate"), `realm="`+server.URL+`/token"`)
}

func TestStart(t *testing.T) {
	first, err := memregistry.Start(memregistry.Options{})
	require.NoError(t, err)
	second, err := memregistry.Start(memregistry.Options{Users: users})
	require.NoError(t, err)
	assert.NotEqual(t, first.Host, second.Host)
	assert.True(t, strings.HasPrefix(first.Host, "127.0.0.1:"), first.Host)

	for server, status := range map[*memregistry.Server]int{first: http.StatusOK, second: http.StatusUnauthorized} {
		answer, err := http.Get("http://" + server.Host + "/v2/")
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		assert.Equal(t, status, answer.StatusCode)

		require.NoError(t, server.Close())
		answer, err = http.Get("http://" + server.Host + "/v2/")
		if !assert.Error(t, err, "it is closed") {
			_ = answer.Body.Close()
		}
	}
}
