package memregistry_test

import (
	"encoding/json"
	"fmt"
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

// call returns the response to a request with an Authorization header, if any.
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

// rights lists the rights of users, which do not depend on how they authenticate.
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
	for _, tt := range rights {
		t.Run(tt.name+" "+tt.password, func(t *testing.T) {
			header := basic(tt.name, tt.password)
			assert.Equal(t, tt.read, call(t, h, http.MethodGet, "/v2/", header).StatusCode)
			assert.Equal(t, tt.write, call(t, h, http.MethodPost, upload, header).StatusCode)
		})
	}
	assert.Equal(t, http.StatusUnauthorized, call(t, h, http.MethodGet, "/v2/", "").StatusCode)
	assert.Equal(t, http.StatusUnauthorized, call(t, h, http.MethodGet, "/v2/", "Bearer secret").StatusCode)
	assert.Equal(t, http.StatusNotFound, call(t, h, http.MethodGet, "/token", basic("ci", "secret")).StatusCode)
}

func TestHandlerBearer(t *testing.T) {
	h := memregistry.Handler(memregistry.Options{Users: users, Bearer: true})
	for _, tt := range rights {
		t.Run(tt.name+" "+tt.password, func(t *testing.T) {
			resp := call(t, h, http.MethodGet, "/token?service=memregistry", basic(tt.name, tt.password))
			if tt.read == http.StatusUnauthorized {
				assert.Equal(t, http.StatusUnauthorized, resp.StatusCode)
				return
			}
			var body struct{ Token string }
			require.NoError(t, json.NewDecoder(resp.Body).Decode(&body))
			header := "Bearer " + body.Token
			assert.Equal(t, tt.read, call(t, h, http.MethodGet, "/v2/", header).StatusCode)
			assert.Equal(t, tt.write, call(t, h, http.MethodPost, upload, header).StatusCode)

			other := memregistry.Handler(memregistry.Options{Users: users, Bearer: true})
			assert.Equal(t, http.StatusUnauthorized, call(t, other, http.MethodGet, "/v2/", header).StatusCode)
		})
	}
	for _, header := range []string{"", "Bearer", "Bearer ", "Bearer x", basic("ci", "secret")} {
		assert.Equal(t, http.StatusUnauthorized, call(t, h, http.MethodGet, "/v2/", header).StatusCode, header)
	}
}

func TestHandlerRefusals(t *testing.T) {
	for _, tt := range []struct {
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
		t.Run(tt.name, func(t *testing.T) {
			resp := call(t, memregistry.Handler(tt.opts), http.MethodPost, tt.target, tt.authorization)
			body, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			assert.Equal(t, tt.challenge, resp.Header.Get("WWW-Authenticate"))
			assert.Equal(t, "application/json", resp.Header.Get("Content-Type"))
			assert.JSONEq(t, tt.body, string(body))
		})
	}
}

// store uploads a blob to a repository and returns its digest.
func store(t *testing.T, h http.Handler, repository, text string) string {
	t.Helper()
	resp := call(t, h, http.MethodPost, "/v2/"+repository+"/blobs/uploads/", "")
	require.Equal(t, http.StatusAccepted, resp.StatusCode)
	return put(t, h, resp, text)
}

// put sends a blob to the location in a response.
func put(t *testing.T, h http.Handler, resp *http.Response, text string) string {
	t.Helper()
	location, err := resp.Location()
	require.NoError(t, err)
	digest := digest.FromString(text).String()
	location.RawQuery = url.Values{"digest": {digest}}.Encode()
	r, w := httptest.NewRequest(http.MethodPut, location.String(), strings.NewReader(text)), httptest.NewRecorder()
	h.ServeHTTP(w, r)
	require.Equal(t, http.StatusCreated, w.Code, w.Body)
	return digest
}

// A blob that exists is mounted. Otherwise an upload is opened, which works.
func TestHandlerMount(t *testing.T) {
	const blob = "content"
	for _, tt := range []struct {
		name, query string // with the digest of a blob of apps/demo
		status      int
	}{
		{"of the repository itself", "?mount=DIGEST&from=apps/demo", http.StatusCreated},
		{"of another repository", "?mount=DIGEST&from=apps/other", http.StatusAccepted},
		{"of a missing repository", "?mount=DIGEST&from=apps/none", http.StatusAccepted},
		{"of a missing blob", "?mount=sha256:" + strings.Repeat("0", 64) + "&from=apps/demo", http.StatusAccepted},
		{"of an invalid digest", "?mount=abc&from=apps/demo", http.StatusAccepted},
		{"of nothing", "?mount=&from=apps/demo", http.StatusAccepted},
		{"of no repository", "?mount=DIGEST", http.StatusAccepted},
		{"of an illegal repository", "?mount=DIGEST&from=../apps/demo", http.StatusAccepted},
		{"no mount", "?from=apps/demo", http.StatusAccepted},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := memregistry.Handler(memregistry.Options{})
			of := store(t, h, "apps/demo", blob)
			store(t, h, "apps/other", "other content")
			resp := call(t, h, http.MethodPost, upload+strings.Replace(tt.query, "DIGEST", of, 1), "")
			require.Equal(t, tt.status, resp.StatusCode)
			if tt.status == http.StatusCreated {
				assert.Equal(t, "/v2/apps/demo/blobs/"+of, resp.Header.Get("Location"))
				assert.Equal(t, of, resp.Header.Get("Docker-Content-Digest"))
				return
			}
			assert.Equal(t, http.StatusOK, call(t, h, http.MethodGet, "/v2/apps/demo/blobs/"+put(t, h, resp, "more"), "").StatusCode)
		})
	}
}

// A mounted blob stays in the other repository.
func TestHandlerMountFromAnotherRepository(t *testing.T) {
	h := memregistry.Handler(memregistry.Options{})
	of := store(t, h, "apps/other", "content")
	require.Equal(t, http.StatusNotFound, call(t, h, http.MethodGet, "/v2/apps/demo/blobs/"+of, "").StatusCode)
	require.Equal(t, http.StatusCreated, call(t, h, http.MethodPost, upload+"?mount="+of+"&from=apps/other", "").StatusCode)
	resp := call(t, h, http.MethodGet, "/v2/apps/demo/blobs/"+of, "")
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, resp.StatusCode)
	assert.Equal(t, "content", string(body))
}

// Mounting requires write access, whether or not the blob exists.
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

// The token service of a registry with TLS uses TLS.
func TestHandlerRealmOverTLS(t *testing.T) {
	server := httptest.NewTLSServer(memregistry.Handler(memregistry.Options{Users: users, Bearer: true}))
	defer server.Close()
	resp, err := server.Client().Get(server.URL + "/v2/")
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	assert.Contains(t, resp.Header.Get("WWW-Authenticate"), `realm="`+server.URL+`/token"`)
}

func TestStart(t *testing.T) {
	first, err := memregistry.Start(memregistry.Options{})
	require.NoError(t, err)
	second, err := memregistry.Start(memregistry.Options{Users: users})
	require.NoError(t, err)
	assert.NotEqual(t, first.Host, second.Host)
	assert.True(t, strings.HasPrefix(first.Host, "127.0.0.1:"), first.Host)

	for server, status := range map[*memregistry.Server]int{first: http.StatusOK, second: http.StatusUnauthorized} {
		resp, err := http.Get("http://" + server.Host + "/v2/")
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		assert.Equal(t, status, resp.StatusCode)

		require.NoError(t, server.Close())
		resp, err = http.Get("http://" + server.Host + "/v2/")
		if !assert.Error(t, err, "the registry is closed") {
			_ = resp.Body.Close()
		}
	}
}

// With ConditionalPut, a manifest is put only if the conditions of the request hold.
func TestConditionalPut(t *testing.T) {
	handler := memregistry.Handler(memregistry.Options{ConditionalPut: true})
	index := func(n int) string {
		return fmt.Sprintf(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[],"annotations":{"n":"%d"}}`, n)
	}
	put := func(n int, header, value string) int {
		r := httptest.NewRequest(http.MethodPut, "/v2/app/manifests/v1", strings.NewReader(index(n)))
		r.Header.Set("Content-Type", "application/vnd.oci.image.index.v1+json")
		r.Header.Set(header, value)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w.Code
	}
	etag := func() string {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/v2/app/manifests/v1", nil))
		return w.Header().Get("ETag")
	}
	assert.Equal(t, http.StatusPreconditionFailed, put(1, "If-Match", `"x"`), "there is no tag")
	assert.Equal(t, http.StatusCreated, put(1, "If-None-Match", "*"))
	assert.Equal(t, http.StatusPreconditionFailed, put(2, "If-None-Match", "*"))
	first := etag()
	assert.Equal(t, http.StatusCreated, put(2, "If-Match", first))
	assert.NotEqual(t, first, etag())
	assert.Equal(t, http.StatusPreconditionFailed, put(3, "If-Match", first))
	assert.Equal(t, http.StatusCreated, put(3, "Accept", "*/*"))
}
