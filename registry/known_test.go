package registry_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/registry"
)

// lacking refuses manifests while the registry lacks a blob.
func lacking(t testing.TB, srv *server, blob ocispec.Descriptor, refuse http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if srv.ask(t, http.MethodHead, "/blobs/"+blob.Digest.String()) != http.StatusOK {
			refuse(w, r)
			return
		}
		srv.registry.ServeHTTP(w, r)
	}
}

// lose deletes a blob, to which manifests may still refer.
func (s *server) lose(t testing.TB, blob ocispec.Descriptor) {
	t.Helper()
	require.Equal(t, http.StatusAccepted, s.ask(t, http.MethodDelete, "/blobs/"+blob.Digest.String()))
}

// ask returns the status of the registry's response, bypassing log and faults.
func (s *server) ask(t testing.TB, method, path string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://localhost/v2/"+repository+path, nil)
	require.NoError(t, err)
	answer, err := inProcess{s.registry}.RoundTrip(r)
	require.NoError(t, err)
	return answer.StatusCode
}

// By option the blobs of a manifest that a tag points to are not asked for.
func TestPushOfAManifestThatATagPointsTo(t *testing.T) {
	a := newArtifact(t, "demo")
	for _, tt := range []struct {
		name string
		tags []string
	}{
		{"new tag last", []string{"v1", "v2"}},
		{"new tag first", []string{"v2", "v1"}},
		{"two new tags", []string{"v2", "v1", "v3"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := stored(t, a)
			var reported []string
			result, err := srv.client(t, registry.Options{}).Push(t.Context(), without(a), a.Manifest, repository, tt.tags,
				registry.PushOptions{AssumeBlobs: true, OnEvent: events(a, &reported)})
			require.NoError(t, err)
			assert.False(t, result.Unchanged)
			want, requests := []string{"(config)", "(layer)"}, []string{}
			for _, tag := range tt.tags {
				requests = append(requests, "GET manifests/"+tag)
			}
			for _, tag := range tt.tags {
				if tag == "v1" {
					want = append(want, "(v1)")
					continue
				}
				want, requests = append(want, tag), append(requests, "PUT manifests/"+tag)
			}
			assert.Equal(t, want, reported)
			log := srv.requests(a)
			requireRequests(t, log[:len(tt.tags)], requests[:len(tt.tags)])
			assert.Equal(t, requests[len(tt.tags):], log[len(tt.tags):])
			for _, tag := range tt.tags {
				assert.Equal(t, a.Manifest.Digest, srv.digestOf(t, tag))
			}
		})
	}
}

// A manifest that refers to the same blobs, and is another one, proves nothing about
// them: anybody with push access can write one.
func TestPushOfBlobsOfAnotherManifest(t *testing.T) {
	a := newArtifact(t, "demo")
	resized := a.Layer
	resized.Size++
	for _, tt := range []struct {
		name     string
		before   []ocispec.Descriptor // layers of the manifest that the tag points to
		exists   bool
		reported []string
		requests []string
	}{
		{"new layer", []ocispec.Descriptor{a.blob(t, "other")}, false, []string{"(config)", "layer", "v1"}, []string{openUpload("layer"), upload("layer")}},
		{"no layer before", nil, false, []string{"(config)", "layer", "v1"}, []string{openUpload("layer"), upload("layer")}},
		{"layer of another size", []ocispec.Descriptor{resized}, true, []string{"(config)", "(layer)", "v1"}, []string{openUpload("layer")}},
		{"layer among others", []ocispec.Descriptor{a.blob(t, "other"), a.Layer}, true, []string{"(config)", "(layer)", "v1"}, []string{openUpload("layer")}},
		{"the same layer", []ocispec.Descriptor{a.Layer}, true, []string{"(config)", "(layer)", "v1"}, []string{openUpload("layer")}},
		{"the same layer, and it is lost", []ocispec.Descriptor{a.Layer}, false, []string{"(config)", "layer", "v1"}, []string{openUpload("layer"), upload("layer")}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			old := a.with(t, tt.name, tt.before...)
			srv := stored(t, a)
			if !tt.exists {
				srv.lose(t, a.Layer)
			}
			srv.fail(fault{"GET manifests/", tagged(ocispec.MediaTypeImageManifest, bytesOf(t, old), old.Manifest.Digest)})
			var reported []string
			_, err := a.push(t, srv.client(t, registry.Options{}), registry.PushOptions{OnEvent: events(a, &reported)}, "v1")
			require.NoError(t, err)
			assert.Equal(t, tt.reported, reported)
			log := srv.requests(a)
			assert.Equal(t, "GET manifests/v1", log[0])
			assert.Equal(t, "PUT manifests/v1", log[len(log)-1])
			requireRequests(t, log[1:len(log)-1], append([]string{openUpload("config")}, tt.requests...))
		})
	}
}

// A registry that has lost a blob of a manifest reports it when another tag is set to
// it, each in its own way.
func TestPushOfKnownBlobsThatAreLost(t *testing.T) {
	a := newArtifact(t, "demo")
	for _, tt := range []struct {
		status int
		code   string
	}{
		{400, "MANIFEST_BLOB_UNKNOWN"},
		{400, "MANIFEST_INVALID"},
		{400, ""},
		{404, "MANIFEST_BLOB_UNKNOWN"},
		{404, "BLOB_UNKNOWN"},
		{404, ""},
		{500, "UNKNOWN"},
		{500, ""},
	} {
		t.Run(fmt.Sprintf("%d %s", tt.status, tt.code), func(t *testing.T) {
			srv := stored(t, a)
			srv.lose(t, a.Layer)
			srv.fail(fault{"PUT manifests/", lacking(t, srv, a.Layer, status(tt.status, tt.code))})
			var reported []string
			_, err := a.push(t, srv.client(t, registry.Options{}), registry.PushOptions{AssumeBlobs: true, OnEvent: events(a, &reported)}, "v1", "v2", "v3")
			require.NoError(t, err)
			assert.Equal(t, []string{"v2", "v3"}, reported[len(reported)-2:])
			assert.Contains(t, reported, "layer", "it was sent")

			log := srv.requests(a)
			require.Len(t, log, 9)
			assert.Equal(t, "GET manifests/v1", log[0])
			requireRequests(t, log[1:3], []string{"GET manifests/v2", "GET manifests/v3"})
			assert.Equal(t, "PUT manifests/v2", log[3])
			requireRequests(t, log[4:7], []string{openUpload("config"), openUpload("layer"), upload("layer")})
			assert.Equal(t, []string{"PUT manifests/v2", "PUT manifests/v3"}, log[7:])
			for _, tag := range []string{"v1", "v2", "v3"} {
				assert.Equal(t, a.Manifest.Digest, srv.digestOf(t, tag))
			}
		})
	}
}

// Force asks for every blob.
func TestPushByForceRepairsWhatIsLost(t *testing.T) {
	a := newArtifact(t, "demo")
	srv := stored(t, a)
	srv.lose(t, a.Layer)
	var told []string
	_, err := a.push(t, srv.client(t, registry.Options{}), registry.PushOptions{Force: true, OnEvent: events(a, &told)}, "v1")
	require.NoError(t, err)
	assert.Equal(t, []string{"(config)", "layer", "v1"}, told)
	requireRequests(t, srv.requests(a), []string{
		"GET manifests/v1", openUpload("config"), openUpload("layer"), upload("layer"), "PUT manifests/v1",
	})
}

// If src lacks the blobs too, the error is that of src, and no tag is set.
func TestPushOfALostBlobThatIsNotInTheSource(t *testing.T) {
	a := newArtifact(t, "demo")
	for _, code := range []string{"MANIFEST_BLOB_UNKNOWN", ""} {
		for _, lost := range []ocispec.Descriptor{a.Config, a.Layer} {
			t.Run(code+" "+lost.MediaType, func(t *testing.T) {
				srv := stored(t, a)
				srv.lose(t, lost)
				srv.fail(fault{"PUT manifests/", lacking(t, srv, lost, status(http.StatusBadRequest, code))})
				_, err := srv.client(t, registry.Options{}).Push(t.Context(), without(a), a.Manifest, repository, []string{"v1", "v2", "v3"}, registry.PushOptions{AssumeBlobs: true})
				require.ErrorIs(t, err, errdef.ErrNotFound)
				failed := requireKind(t, err, nil) // it is not the registry's fault
				assert.Zero(t, failed.StatusCode)
				assert.Equal(t, srv.host+"/"+repository+":v2", failed.Reference)
				assert.Equal(t, 1, srv.count("PUT manifests/"))
				assert.Zero(t, srv.count("PUT blobs/"))
				assert.Empty(t, srv.digestOf(t, "v2"))
				assert.Empty(t, srv.digestOf(t, "v3"))
			})
		}
	}
}

// A second push to the same destination asks for the blobs at once.
func TestPushAgainWithTheLostBlob(t *testing.T) {
	a := newArtifact(t, "demo")
	srv := stored(t, a)
	srv.lose(t, a.Layer)
	srv.fail(fault{"PUT manifests/", lacking(t, srv, a.Layer, status(http.StatusBadRequest, "MANIFEST_BLOB_UNKNOWN"))})
	destination, err := srv.client(t, registry.Options{}).Lookup(t.Context(), repository, []string{"v1", "v2", "v3"}, registry.PushOptions{AssumeBlobs: true})
	require.NoError(t, err)
	_, err = destination.Push(t.Context(), without(a), a.Manifest)
	require.ErrorIs(t, err, errdef.ErrNotFound)
	srv.requests(a)

	_, err = destination.Push(t.Context(), a.store, a.Manifest)
	require.NoError(t, err)
	requireRequests(t, srv.requests(a), []string{
		openUpload("config"), openUpload("layer"), upload("layer"), "PUT manifests/v2", "PUT manifests/v3",
	}, openUpload("config")) // of the first push, if it arrives so late
	assert.Equal(t, a.Manifest.Digest, srv.digestOf(t, "v2"))
}

// A manifest may be refused for another reason.
func TestPushOfKnownBlobsIsRefused(t *testing.T) {
	a := newArtifact(t, "demo")
	again := []string{openUpload("config"), openUpload("layer"), "PUT manifests/v2"}
	for _, tt := range []struct {
		name, step string
		status     int
		more       []string // requests, after the first PUT
	}{
		{"for good, 400", "PUT manifests/", 400, again},
		{"for good, 404", "PUT manifests/", 404, again},
		{"for good, 500", "PUT manifests/", 500, again},
		{"401", "PUT manifests/", 401, nil},
		{"403", "PUT manifests/", 403, nil},
		{"409", "PUT manifests/", 409, nil},
		{"422", "PUT manifests/", 422, nil},
		{"429", "PUT manifests/", 429, nil},
		{"502", "PUT manifests/", 502, nil},
		{"503", "PUT manifests/", 503, nil},
		{"the second tag, 400", "PUT manifests/v3", 400, []string{"PUT manifests/v3"}},
		{"the second tag, 503", "PUT manifests/v3", 503, []string{"PUT manifests/v3"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := stored(t, a, fault{tt.step, status(tt.status, "MANIFEST_INVALID")})
			_, err := a.push(t, srv.client(t, registry.Options{Retry: once}), registry.PushOptions{AssumeBlobs: true}, "v1", "v2", "v3")
			assert.Equal(t, tt.status, requireError(t, err).StatusCode)
			log := srv.requests(a)
			require.GreaterOrEqual(t, len(log), 4)
			assert.Equal(t, "GET manifests/v1", log[0])
			requireRequests(t, log[1:3], []string{"GET manifests/v2", "GET manifests/v3"})
			assert.Equal(t, "PUT manifests/v2", log[3])
			tag := strings.TrimPrefix(tt.step, "PUT ")
			requireRequests(t, log[4:], tt.more, "HEAD "+tag+"v2", "HEAD "+tag, "GET "+tag, "GET "+tag+"v2") // it may have been set
			assert.Empty(t, srv.digestOf(t, "v3"))
		})
	}
}

// If no blob was assumed or claimed to exist, nothing is uploaded again.
func TestPushOfUnknownBlobsIsRefusedOnce(t *testing.T) {
	a := newArtifact(t, "demo")
	for _, code := range []int{http.StatusBadRequest, http.StatusNotFound} {
		srv := start(t, memregistry.Options{})
		srv.fail(fault{"PUT manifests/", srv.once(status(code, "MANIFEST_BLOB_UNKNOWN"))})
		_, err := a.push(t, srv.client(t, registry.Options{}), registry.PushOptions{}, "v1")
		assert.Equal(t, code, requireError(t, err).StatusCode)
		assert.Equal(t, 1, srv.count("PUT manifests/"))
	}
}

// A tag may point to an invalid manifest.
func TestPushOverAManifestThatIsNone(t *testing.T) {
	a := newArtifact(t, "demo")
	for _, text := range []string{"", "null", "[]", "{", `{"config":"x"}`, `{"layers":{}}`} {
		t.Run(text, func(t *testing.T) {
			desc := content.NewDescriptorFromBytes(ocispec.MediaTypeImageManifest, []byte(text))
			srv := start(t, memregistry.Options{}, fault{"GET manifests/", tagged(desc.MediaType, []byte(text), desc.Digest)})
			_, err := a.push(t, srv.client(t, registry.Options{}), registry.PushOptions{}, "v1")
			require.NoError(t, err)
			assert.Equal(t, a.Manifest.Digest, srv.digestOf(t, "v1"))
			requireRequests(t, srv.requests(a), append([]string{"GET manifests/v1", "PUT manifests/v1"}, uploads...))
		})
	}
}
