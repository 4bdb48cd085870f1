package memregistry_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
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

// store uploads a blob to a repository, and returns its digest.
func store(t *testing.T, h http.Handler, repository, text string) string {
	t.Helper()
	answer := call(t, h, http.MethodPost, "/v2/"+repository+"/blobs/uploads/", "")
	require.Equal(t, http.StatusAccepted, answer.StatusCode)
	return put(t, h, answer, text)
}

// put sends a blob to the place that opens in answer.
func put(t *testing.T, h http.Handler, answer *http.Response, text string) string {
	t.Helper()
	place, err := answer.Location()
	require.NoError(t, err)
	digest := digest.FromString(text).String()
	place.RawQuery = url.Values{"digest": {digest}}.Encode()
	r, w := httptest.NewRequest(http.MethodPut, place.String(), strings.NewReader(text)), httptest.NewRecorder()
	h.ServeHTTP(w, r)
	require.Equal(t, http.StatusCreated, w.Code, w.Body)
	return digest
}

// A blob that exists is mounted. Otherwise there is an upload, which works.
func TestHandlerMount(t *testing.T) {
	const blob = "content"
	for _, row := range []struct {
		name, query string // with the digest of a blob of apps/demo
		status      int
	}{
		{"of the repository itself", "?mount=DIGEST&from=apps/demo", http.StatusCreated},
		{"of another repository", "?mount=DIGEST&from=apps/other", http.StatusAccepted},
		{"of a repository that is missing", "?mount=DIGEST&from=apps/none", http.StatusAccepted},
		{"of a blob that is missing", "?mount=sha256:" + strings.Repeat("0", 64) + "&from=apps/demo", http.StatusAccepted},
		{"of what is no digest", "?mount=abc&from=apps/demo", http.StatusAccepted},
		{"of nothing", "?mount=&from=apps/demo", http.StatusAccepted},
		{"of no repository", "?mount=DIGEST", http.StatusAccepted},
		{"of an illegal repository", "?mount=DIGEST&from=../apps/demo", http.StatusAccepted},
		{"no mount", "?from=apps/demo", http.StatusAccepted},
	} {
		t.Run(row.name, func(t *testing.T) {
			h := memregistry.Handler(memregistry.Options{})
			of := store(t, h, "apps/demo", blob)
			store(t, h, "apps/other", "other content")
			answer := call(t, h, http.MethodPost, upload+strings.Replace(row.query, "DIGEST", of, 1), "")
			require.Equal(t, row.status, answer.StatusCode)
			if row.status == http.StatusCreated {
				assert.Equal(t, "/v2/apps/demo/blobs/"+of, answer.Header.Get("Location"))
				assert.Equal(t, of, answer.Header.Get("Docker-Content-Digest"))
				return
			}
			assert.Equal(t, http.StatusOK, call(t, h, http.MethodGet, "/v2/apps/demo/blobs/"+put(t, h, answer, "more"), "").StatusCode)
		})
	}
}

// What is mounted is in the other repository as well.
func TestHandlerMountFromAnotherRepository(t *testing.T) {
	h := memregistry.Handler(memregistry.Options{})
	of := store(t, h, "apps/other", "content")
	require.Equal(t, http.StatusNotFound, call(t, h, http.MethodGet, "/v2/apps/demo/blobs/"+of, "").StatusCode)
	require.Equal(t, http.StatusCreated, call(t, h, http.MethodPost, upload+"?mount="+of+"&from=apps/other", "").StatusCode)
	answer := call(t, h, http.MethodGet, "/v2/apps/demo/blobs/"+of, "")
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, answer.StatusCode)
	assert.Equal(t, "content", string(body))
}

// To mount is to write, whether or not the blob exists.
func TestHandlerMountIsGuarded(t *testing.T) {
	for _, opts := range []memregistry.Options{{Users: users}, {Users: users, Bearer: true}} {
		h := memregistry.Handler(opts)
		query := "?mount=sha256:" + strings.Repeat("0", 64) + "&from=apps/demo"
		assert.Equal(t, http.StatusUnauthorized, call(t, h, http.MethodPost, upload+query, "").StatusCode)
	}
	h := memregistry.Handler(memregistry.Options{Users: users})
	query := "?mount=sha256:" + strings.Repeat("0", 64) + "&from=apps/demo"
	assert.Equal(t, http.StatusForbidden, call(t, h, http.MethodPost, upload+query, basic("guest", "guest")).StatusCode)
	assert.Equal(t, http.StatusAccepted, call(t, h, http.MethodPost, upload+query, basic("ci", "secret")).StatusCode)
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
