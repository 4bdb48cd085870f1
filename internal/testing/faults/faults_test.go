package faults_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/testing/faults"
)

const tagged = "/v2/apps/demo/manifests/v1"

// echo is a registry that responds with a greeting and the request body.
func echo(calls *atomic.Int32) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		calls.Add(1)
		w.Header().Set("Location", "http://"+r.Host+"/location?state=a%2Fb")
		w.Header().Set("Docker-Content-Digest", "sha256:1234")
		if r.Header.Get("Authorization") == "" {
			w.WriteHeader(http.StatusUnauthorized)
		}
		_, _ = w.Write(append([]byte("greetings "), body...))
	})
}

func start(t *testing.T, handler http.Handler) *httptest.Server {
	t.Helper()
	srv := httptest.NewUnstartedServer(handler)
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.Start()
	t.Cleanup(srv.Close)
	return srv
}

func send(t *testing.T, method, url string, timeout time.Duration) (*http.Response, string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader("0123456789"))
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer token")
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return nil, "", err
	}
	defer func() { assert.NoError(t, resp.Body.Close()) }()
	body, err := io.ReadAll(resp.Body)
	return resp, string(body), err
}

func TestKindOf(t *testing.T) {
	const blob = "sha256:1234"
	for _, tt := range []struct {
		method, uri string
		kind        faults.Kind
		about       string
	}{
		{"GET", "/token?scope=repository:apps/demo:pull", faults.Token, ""},
		{"POST", "/v2/apps/demo/blobs/uploads/", faults.UploadOpen, ""},
		{"POST", "/v2/apps/demo/blobs/uploads/?mount=" + blob + "&from=apps/demo", faults.UploadOpen, blob},
		{"PUT", "/v2/apps/demo/blobs/uploads/id?state=1&digest=" + blob, faults.UploadPut, blob},
		{"DELETE", "/v2/apps/demo/blobs/uploads/id", faults.UploadDelete, ""},
		{"GET", "/v2/apps/demo/blobs/uploads/id", faults.Other, ""},
		{"HEAD", "/v2/apps/demo/blobs/" + blob, faults.BlobHead, blob},
		{"GET", "/v2/apps/demo/blobs/" + blob, faults.BlobGet, blob},
		{"PUT", tagged, faults.ManifestPut, "v1"},
		{"HEAD", tagged, faults.ManifestHead, "v1"},
		{"GET", tagged, faults.ManifestGet, "v1"},
		{"GET", "/v2/apps/demo/tags/list", faults.Other, ""},
	} {
		t.Run(tt.method+" "+tt.uri, func(t *testing.T) {
			kind, about := faults.KindOf(httptest.NewRequest(tt.method, tt.uri, nil))
			assert.Equal(t, tt.kind, kind)
			assert.Equal(t, tt.about, about)
		})
	}
}

func TestRules(t *testing.T) {
	fault := faults.Status(http.StatusTeapot, "")
	for _, tt := range []struct {
		name string
		rule faults.Rule
		want string // x for each request with the fault
	}{
		{"all", faults.Rule{}, "xxxxxx"},
		{"of its kind", faults.Rule{On: []faults.Kind{faults.ManifestGet, faults.Token}}, "xxxxxx"},
		{"of other kinds", faults.Rule{On: []faults.Kind{faults.BlobGet}}, "......"},
		{"first", faults.Rule{First: 2}, "xx...."},
		{"nth", faults.Rule{Nth: 2}, ".x...."},
		{"every", faults.Rule{Every: 2}, ".x.x.x"},
		{"first and nth", faults.Rule{First: 1, Nth: 4}, "x..x.."},
		{"certain", faults.Rule{Probability: 1}, "xxxxxx"},
		{"by chance", faults.Rule{Probability: 0.5}, "xx.x.."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.rule.Do = fault
			var calls atomic.Int32
			handler := faults.New(echo(&calls), 1, tt.rule)
			for range 2 { // Set resets the counts
				got := ""
				for range tt.want {
					w := httptest.NewRecorder()
					r := httptest.NewRequest(http.MethodGet, tagged, nil)
					r.Header.Set("Authorization", "Bearer token")
					handler.ServeHTTP(w, r)
					got += map[int]string{http.StatusTeapot: "x", http.StatusOK: "."}[w.Code]
				}
				assert.Equal(t, tt.want, got)
				handler.Set(tt.rule)
			}
			assert.Len(t, handler.Seen(), 2*len(tt.want))
			assert.Equal(t, 2*strings.Count(tt.want, "."), int(calls.Load()))
		})
	}
}

// Blobs are uploaded in parallel: the faults of one must not depend on the other.
func TestRulesCountByTagAndDigest(t *testing.T) {
	var calls atomic.Int32
	handler := faults.New(echo(&calls), 1, faults.Rule{First: 1, Do: faults.Status(http.StatusTeapot, "")})
	for _, path := range []string{tagged, "/v2/apps/demo/manifests/v2"} {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		assert.Equal(t, http.StatusTeapot, w.Code)
	}
	seen := handler.Seen()
	require.Len(t, seen, 2)
	assert.Equal(t, "v2", seen[1].About)
	assert.Equal(t, "/v2/apps/demo/manifests/v2", seen[1].URI)
	assert.Equal(t, "418 ", seen[1].Fault)
	assert.WithinDuration(t, time.Now(), seen[1].At, time.Minute)
}

func TestResponses(t *testing.T) {
	const whole = "greetings 0123456789"
	size := func(about string) int64 { return int64(len(about)) }
	away := func(_ *http.Request, location *url.URL) string { return location.RequestURI() + "&more=1" }
	for _, tt := range []struct {
		fault       faults.Fault
		status      int
		header      string
		value, body string
		calls       int32
	}{
		{faults.Status(503, "", "Retry-After", "7"), 503, "Retry-After", "7", "", 0},
		{faults.Status(404, "BLOB_UPLOAD_UNKNOWN"), 404, "Content-Type", "application/json", `{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN","message":"an injected fault"}]}`, 0},
		{faults.Body(200, "application/json", `{"token":""}`), 200, "Content-Type", "application/json", `{"token":""}`, 0},
		{faults.Page(), 200, "Content-Type", "text/html", "<html><body>Welcome</body></html>", 0},
		{faults.Expired(), 401, "Www-Authenticate", "", whole, 1},
		{faults.Redirect("http://other.example.com"), 307, "Location", "http://other.example.com" + tagged, "", 0},
		{faults.Redirect(""), 307, "Location", tagged, "", 0},
		{faults.Header("Docker-Content-Digest", "sha256:5678"), 200, "Docker-Content-Digest", "sha256:5678", whole, 1},
		{faults.Header("Docker-Content-Digest", ""), 200, "Docker-Content-Digest", "", whole, 1},
		{faults.Location("relative", away), 200, "Location", "/location?state=a%2Fb&more=1", whole, 1},
		{faults.Corrupted(), 200, "Content-Length", "20", "greetings 1123456789", 1},
		{faults.Truncated(), 200, "Content-Length", "10", "greetings ", 1},
		{faults.Delay(time.Millisecond), 200, "Docker-Content-Digest", "sha256:1234", whole, 1},
		{faults.Deaf(time.Millisecond), 200, "Docker-Content-Digest", "sha256:1234", whole, 1},
		{faults.Late(time.Millisecond), 200, "Docker-Content-Digest", "sha256:1234", whole, 1},
		{faults.DelayResponse(time.Millisecond), 200, "Docker-Content-Digest", "sha256:1234", whole, 1},
		{faults.Slow(time.Millisecond), 200, "Content-Length", "20", whole, 1},
		{faults.Claim(size), 200, "Docker-Content-Digest", "v1", "", 0},
	} {
		t.Run(tt.fault.Name, func(t *testing.T) {
			var calls atomic.Int32
			method := http.MethodPut
			if tt.fault.Name == faults.Claim(size).Name {
				method = http.MethodHead
			}
			srv := start(t, faults.New(echo(&calls), 0, faults.Rule{Do: tt.fault}))
			resp, body, err := send(t, method, srv.URL+tagged, time.Minute)
			require.NoError(t, err)
			assert.Equal(t, tt.status, resp.StatusCode)
			assert.Equal(t, tt.value, resp.Header.Get(tt.header))
			assert.Equal(t, tt.body, body)
			assert.Equal(t, tt.calls, calls.Load())
			if method == http.MethodHead {
				assert.Equal(t, int64(2), resp.ContentLength)
			}
		})
	}
}

func TestRetryAfterDate(t *testing.T) {
	var calls atomic.Int32
	srv := start(t, faults.New(echo(&calls), 0, faults.Rule{Do: faults.RetryAfterDate(429, time.Hour)}))
	began := time.Now()
	resp, _, err := send(t, http.MethodGet, srv.URL+tagged, time.Minute)
	require.NoError(t, err)
	assert.Equal(t, http.StatusTooManyRequests, resp.StatusCode)
	date, err := http.ParseTime(resp.Header.Get("Retry-After"))
	require.NoError(t, err)
	assert.False(t, date.Before(began.Add(time.Hour)), date)
	assert.True(t, date.Before(began.Add(time.Hour+time.Minute)), date)
}

func TestConnections(t *testing.T) {
	for _, tt := range []struct {
		fault faults.Fault
		half  bool // of the response arrives
		hangs bool // until the client disconnects
		calls int32
	}{
		{faults.Cut(), false, false, 0},
		{faults.CutBody(5), false, false, 0},
		{faults.CutBody(1000), false, false, 0},
		{faults.CutResponse(), false, false, 1},
		{faults.CutResponseBody(), true, false, 1},
		{faults.Reset(), false, false, 0},
		{faults.Silence(), false, true, 0},
		{faults.SilentResponse(), true, true, 1},
		{faults.Delay(time.Hour), false, true, 0},
		{faults.DelayResponse(time.Hour), false, true, 1},
		{faults.Late(4 * time.Second), false, true, 1},
	} {
		for _, kind := range []string{"HTTP/1.1", "HTTP/2", "proxy"} {
			t.Run(tt.fault.Name+" "+kind, func(t *testing.T) {
				t.Parallel() // they wait
				var calls atomic.Int32
				registry := echo(&calls)
				if kind == "proxy" {
					registry = faults.Proxy(start(t, registry).Listener.Addr().String(), http.DefaultTransport)
				}
				srv := httptest.NewUnstartedServer(faults.New(registry, 0, faults.Rule{Do: tt.fault}))
				srv.Config.ErrorLog = log.New(io.Discard, "", 0)
				defer srv.Close()
				timeout := time.Minute
				if tt.hangs {
					timeout = 2 * time.Second // enough for a handshake on a busy machine
				}
				var body string
				var err error
				if kind == "HTTP/2" {
					srv.EnableHTTP2 = true
					srv.StartTLS()
					body, err = sendTo(t, srv.Client(), srv.URL, timeout)
				} else {
					srv.Start()
					body, err = sendTo(t, &http.Client{Transport: http.DefaultTransport}, srv.URL, timeout)
				}
				require.Error(t, err)
				assert.Equal(t, map[bool]string{true: "greetings "}[tt.half], body)
				assert.Eventually(t, func() bool { return calls.Load() == tt.calls }, 10*time.Second, time.Millisecond)
			})
		}
	}
}

func sendTo(t *testing.T, client *http.Client, base string, timeout time.Duration) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, base+tagged, strings.NewReader("0123456789"))
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer token")
	resp, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	return string(body), err
}

// Locations in responses must lead through the proxy again.
func TestProxy(t *testing.T) {
	var calls atomic.Int32
	registry := start(t, echo(&calls))
	srv := start(t, faults.Proxy(registry.Listener.Addr().String(), http.DefaultTransport))
	resp, body, err := send(t, http.MethodPut, srv.URL+tagged, time.Minute)
	require.NoError(t, err)
	assert.Equal(t, "greetings 0123456789", body)
	assert.Equal(t, srv.URL+"/location?state=a%2Fb", resp.Header.Get("Location"))

	registry.Close() // must not become a response
	_, _, err = send(t, http.MethodPut, srv.URL+tagged, time.Minute)
	require.Error(t, err)
}

func TestRuleString(t *testing.T) {
	rule := faults.Rule{On: []faults.Kind{faults.UploadPut}, First: 2, Do: faults.Cut()}
	assert.Equal(t, "cut on [upload-put] (first 2, nth 0, every 0, 0.00)", fmt.Sprint(rule))
}
