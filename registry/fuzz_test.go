package registry_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/registry"
)

// fuzzSteps are the requests that FuzzAnswer answers.
var fuzzSteps = []string{
	"GET manifests/", "HEAD manifests/", "POST blobs/", "PUT blobs/", "PUT manifests/", "GET /token", "GET blobs/", "HEAD blobs/", "",
}

// FuzzAnswer gives arbitrary responses to some requests, once or always. A push either
// succeeds, so that other clients see the artifact, or fails with a presentable error.
func FuzzAnswer(f *testing.F) {
	f.Add(0, false, 200, ocispec.MediaTypeImageManifest, "", "", "", "", []byte(`{"layers":[{"size":-1}]}`))
	f.Add(0, false, 200, ocispec.MediaTypeImageManifest, "sha256:abc", "", "", "", []byte(`{"config":{"digest":"md5:x"}}`))
	f.Add(0, false, 200, "text/html", "", "", "", "", []byte("<html>"))
	f.Add(2, true, 429, "application/json", "", "", "", "1", []byte(`{"errors":[{"code":"TOOMANYREQUESTS"}]}`))
	f.Add(2, true, 429, "", "", "", "", "Wed, 21 Oct 2099 07:28:00 GMT", []byte(nil))
	for _, after := range []string{"0", "-1", "2147483648", "4294967296", "9223372036854775807", "99999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT", strings.Repeat("9", 1<<10)} {
		f.Add(2, true, 503, "", "", "", "", after, []byte(nil))
	}
	f.Add(2, false, 202, "", "", "http://elsewhere.example.com/?x=1", "", "", []byte(nil))
	f.Add(2, false, 202, "", "", "/v2/apps/demo/blobs/uploads/x?_state=y", "", "", []byte(nil))
	f.Add(2, false, 401, "", "", "", `Bearer realm="http://127.0.0.2/token?a=b",service="x",scope="y"`, "", []byte(nil))
	f.Add(3, true, 401, "", "", "", `Basic realm="x"`, "", []byte(nil))
	f.Add(3, true, 404, "application/json", "", "", "", "", []byte(`{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN","message":"`+"\u202e"+`?key"}]}`))
	f.Add(4, true, 201, "", "sha256:"+strings.Repeat("0", 64), "", "", "", []byte(nil))
	f.Add(4, true, 500, "", "", "", "", "", []byte("\x00\x1b[31m"))
	f.Add(5, false, 200, "", "", "", "", "", []byte(`{"token":""}`))
	f.Add(5, true, 200, "", "", "", "", "", []byte(`{"access_token":5}`))
	f.Add(8, false, 307, "", "", "//127.0.0.2:1/", "", "", []byte(nil))
	a := newArtifact(f, "demo")
	f.Fuzz(func(t *testing.T, step int, once bool, status int, contentType, digest, location, challenge, retryAfter string, body []byte) {
		if status < 200 || status > 599 || step < 0 || step >= len(fuzzSteps) {
			return
		}
		handler := memregistry.Handler(memregistry.Options{Users: users, Bearer: true})
		var answered atomic.Bool
		front := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasPrefix(describe(r), fuzzSteps[step]) || once && !answered.CompareAndSwap(false, true) {
				handler.ServeHTTP(w, r)
				return
			}
			for name, value := range map[string]string{
				"Content-Type": contentType, "Docker-Content-Digest": digest, "Location": location,
				"WWW-Authenticate": challenge, "Retry-After": retryAfter,
			} {
				if value != "" {
					w.Header().Set(name, value)
				}
			}
			w.WriteHeader(status)
			_, _ = w.Write(body)
		})
		options := registry.Options{
			Credential: ci,
			Transport:  inProcess{front},
			Retry:      registry.RetryPolicy{MaxAttempts: 2, MinWait: time.Microsecond, MaxWait: time.Microsecond},
			Timeout:    5 * time.Second,
		}
		client := newClient(t, "localhost", options)
		result, err := a.push(t, client, registry.PushOptions{}, "v1")
		clean := newClient(t, "localhost", registry.Options{Credential: ci, Transport: inProcess{handler}})
		exists, existsErr := clean.Exists(t.Context(), repository, "v1")
		require.NoError(t, existsErr)
		if err != nil {
			failed := requireError(t, err)
			assert.GreaterOrEqual(t, failed.RetryAfter, time.Duration(0))
		} else if !result.Unchanged { // which the fault can simulate
			assert.True(t, exists)
		}
		if exists {
			_, err := clean.Pull(t.Context(), repository, "v1", new(packager.Store), registry.PullOptions{})
			require.NoError(t, err, "a tag is set only when all is there")
		}
		if _, err := client.Pull(t.Context(), repository, "v1", new(packager.Store), registry.PullOptions{}); err != nil {
			requireError(t, err)
		}
	})
}
