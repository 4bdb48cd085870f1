package registry_test

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/registry"
)

// confirmation are the requests of a push that finds its manifest under a tag.
var confirmation = []string{"HEAD blobs/config", "HEAD blobs/layer"}

// claimed responds to a question for a blob.
func claimed(size int64, of digest.Digest) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
		w.Header().Set("Docker-Content-Digest", string(of))
	}
}

// A tag that points to the manifest is no evidence that the blobs are there.
func TestPushConfirmsBlobs(t *testing.T) {
	a := newArtifact(t, "demo")
	layer := "blobs/" + a.Layer.Digest.String()
	mounts := []string{openUpload("config"), openUpload("layer")}
	for _, tt := range []struct {
		name      string
		lost      bool
		faults    []fault
		opts      registry.PushOptions
		unchanged bool
		requests  []string // after those of the tag, without HEAD
	}{
		{"there", false, nil, registry.PushOptions{}, true, nil},
		{"layer lost", true, nil, registry.PushOptions{}, false, append(mounts, upload("layer"))},
		{"layer lost, and assumed", true, nil, registry.PushOptions{AssumeBlobs: true}, true, nil},
		{"layer of another size", false, []fault{{"HEAD " + layer, claimed(a.Layer.Size+1, a.Layer.Digest)}}, registry.PushOptions{}, true, mounts},
		{"layer of another digest", false, []fault{{"HEAD " + layer, claimed(a.Layer.Size, a.Config.Digest)}}, registry.PushOptions{}, true, mounts},
		{"HEAD not authorized", false, []fault{{"HEAD " + layer, status(http.StatusUnauthorized, "")}}, registry.PushOptions{}, true, []string{"GET blobs/layer"}},
		{"HEAD forbidden", false, []fault{{"HEAD " + layer, status(http.StatusForbidden, "")}}, registry.PushOptions{}, true, []string{"GET blobs/layer"}},
		{"HEAD not allowed", false, []fault{{"HEAD " + layer, status(http.StatusMethodNotAllowed, "")}}, registry.PushOptions{}, true, []string{"GET blobs/layer"}},
		{"HEAD not implemented, and layer lost", true, []fault{{"HEAD " + layer, status(http.StatusNotImplemented, "")}}, registry.PushOptions{}, false,
			append(mounts, "GET blobs/layer", upload("layer"))},
		{"no answer", false, []fault{{"HEAD " + layer, status(http.StatusServiceUnavailable, "")}}, registry.PushOptions{}, true, mounts},
		{"broken connection", false, []fault{{"HEAD " + layer, abort}}, registry.PushOptions{}, true, mounts},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := stored(t, a, tt.faults...)
			if tt.lost {
				srv.lose(t, a.Layer)
			}
			result, err := a.push(t, srv.client(t, registry.Options{}), tt.opts, "v1")
			require.NoError(t, err)
			assert.Equal(t, tt.unchanged, result.Unchanged)
			log := srv.requests(a)
			assert.Equal(t, "GET manifests/v1", log[0])
			// The first answer that confirms nothing ends the questions, and net/http repeats
			// one by itself whose connection breaks: their number varies.
			others := slices.DeleteFunc(slices.Clone(log[1:]), func(request string) bool { return strings.HasPrefix(request, "HEAD ") })
			requireRequests(t, others, tt.requests)
			assert.Equal(t, tt.opts.AssumeBlobs, len(others) == len(log[1:]), "not asked")
			assert.Equal(t, tt.lost && tt.opts.AssumeBlobs, srv.ask(t, http.MethodHead, "/"+layer) != http.StatusOK, "lost")
		})
	}
}

// Blobs that are there need not be in the source; those that are lost have to be.
func TestPushOfConfirmedBlobs(t *testing.T) {
	a := newArtifact(t, "demo")
	srv := stored(t, a)
	client := srv.client(t, registry.Options{})
	push := func() (registry.PushResult, error) {
		return client.Push(t.Context(), without(a), a.Manifest, repository, []string{"v1"}, registry.PushOptions{})
	}
	result, err := push()
	require.NoError(t, err)
	assert.True(t, result.Unchanged)
	srv.lose(t, a.Layer)
	_, err = push()
	requireKind(t, err, nil)
	assert.Zero(t, srv.count("PUT manifests/"))
}
