package registry_test

import (
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/registry"
)

// torn begins a refusal, and cuts the connection before its body.
func torn(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", "100")
		w.WriteHeader(status)
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

// Nothing but the body of a response tells whether a registry wrote some of them, such as a 403.
// One that is cut off tells nothing: it is neither a denial nor the response of another program,
// but a connection that broke.
func TestRefusalWithATornBody(t *testing.T) {
	a := newArtifact(t, "demo")
	for _, step := range []string{openUpload(a.Config.Digest), upload(a.Layer.Digest), "PUT manifests/"} {
		t.Run("then a success: "+step, func(t *testing.T) {
			srv := start(t, memregistry.Options{})
			srv.fail(fault{step, srv.once(torn(http.StatusForbidden))})
			_, err := a.push(t, srv.client(t, registry.Options{}), registry.PushOptions{}, "v1")
			require.NoError(t, err)
			assert.Equal(t, a.Manifest.Digest, srv.digestOf(t, "v1"))
		})
		t.Run("then a denial: "+step, func(t *testing.T) {
			srv := start(t, memregistry.Options{})
			denied := refusal(http.StatusForbidden, "DENIED", "read only")
			var cut atomic.Bool
			srv.fail(fault{step, func(w http.ResponseWriter, r *http.Request) {
				if cut.CompareAndSwap(false, true) {
					torn(http.StatusForbidden)(w, r)
				}
				denied(w, r)
			}}, fault{plainUpload, denied})
			_, err := a.push(t, srv.client(t, registry.Options{Credential: ci}), registry.PushOptions{}, "v1")
			require.ErrorIs(t, err, registry.ErrPermissionDenied)
			assert.Contains(t, err.Error(), "DENIED: read only")
		})
		t.Run("always: "+step, func(t *testing.T) {
			srv := start(t, memregistry.Options{}, fault{step, torn(http.StatusForbidden)}, fault{plainUpload, torn(http.StatusForbidden)})
			_, err := a.push(t, srv.client(t, registry.Options{}), registry.PushOptions{}, "v1")
			failed := requireKind(t, err, registry.ErrUnreachable)
			assert.True(t, failed.Retryable())
			assert.Contains(t, err.Error(), "unexpected EOF")
		})
	}
}

// So it is with a 404 to POST, which another server gives too.
func TestNotFoundWithATornBody(t *testing.T) {
	a, cut := newArtifact(t, "demo"), new(atomic.Int32)
	srv := start(t, memregistry.Options{})
	srv.fail(fault{"POST", func(w http.ResponseWriter, r *http.Request) {
		if cut.Add(1) <= 4 { // both blobs, with and without mounting
			torn(http.StatusNotFound)(w, r)
		}
		srv.registry.ServeHTTP(w, r)
	}})
	_, err := a.push(t, srv.client(t, registry.Options{}), registry.PushOptions{}, "v1")
	require.NoError(t, err)
	assert.Equal(t, a.Manifest.Digest, srv.digestOf(t, "v1"))
}

// The first refusal of a blob ends the uploads of the others. That of another one may have
// begun to arrive by then, and must not take the place of the first.
func TestRefusalWhileAnotherOneArrives(t *testing.T) {
	a := newArtifact(t, "demo")
	for _, status := range []int{http.StatusForbidden, http.StatusBadRequest} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			arrives := make(chan struct{})
			srv := start(t, memregistry.Options{}, fault{upload(a.Config.Digest), func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				w.WriteHeader(status)
				_ = http.NewResponseController(w).Flush()
				close(arrives)
				<-r.Context().Done()
			}}, fault{upload(a.Layer.Digest), func(w http.ResponseWriter, r *http.Request) {
				<-arrives
				time.Sleep(50 * time.Millisecond) // for the client to read the other status
				refusal(status, "DENIED", "read only")(w, r)
			}})
			_, err := a.push(t, srv.client(t, registry.Options{Credential: ci}), registry.PushOptions{}, "v1")
			require.Error(t, err)
			assert.NotErrorIs(t, err, registry.ErrNotRegistry)
			assert.Contains(t, err.Error(), "DENIED: read only")
		})
	}
}
