package registry_test

import (
	"io"
	"net/http"
	"net/url"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/registry"
)

// The location of an early upload is on the registry's origin, unless another is allowed,
// which then gets the content without a credential.
func TestEarlyUploadElsewhere(t *testing.T) {
	a := newBigArtifact(t, "demo")
	var mu sync.Mutex
	var got []string
	storage := start(t, memregistry.Options{}, fault{"PATCH ", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, r.Header.Get("Authorization"))
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusInternalServerError)
	}})
	srv := start(t, memregistry.Options{Users: users})
	srv.fail(fault{plainUpload, func(w http.ResponseWriter, r *http.Request) {
		if _, _, given := r.BasicAuth(); !given || r.URL.RawQuery != "" || srv.count(plainUpload) > 3 {
			srv.registry.ServeHTTP(w, r)
			return
		}
		location := url.URL{Scheme: "http", Host: storage.host, Path: "/v2/" + repository + "/blobs/uploads/1"}
		w.Header().Set("Location", location.String())
		w.WriteHeader(http.StatusAccepted)
	}})
	client := srv.client(t, registry.Options{Credential: ci, AllowCrossOriginUploads: true, Retry: registry.RetryPolicy{MaxAttempts: 1}})
	packing := a.slowPacking()
	go packing.pack(t, a)
	_, _ = client.LookupWhilePacking(t.Context(), repository, []string{"v1"}, registry.PushOptions{}, packing.Packing)
	mu.Lock()
	defer mu.Unlock()
	assert.Equal(t, []string{""}, got)
}
