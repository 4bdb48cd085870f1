package registry_test

import (
	"fmt"
	"net/http"
	"slices"
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

// lacking refuses manifests as long as the registry does not have a blob.
func lacking(t testing.TB, srv *server, blob ocispec.Descriptor, refuse http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if srv.ask(t, http.MethodHead, "/blobs/"+blob.Digest.String()) != http.StatusOK {
			refuse(w, r)
			return
		}
		srv.registry.ServeHTTP(w, r)
	}
}

// lose deletes a blob, which manifests may still name.
func (s *server) lose(t testing.TB, blob ocispec.Descriptor) {
	t.Helper()
	require.Equal(t, http.StatusAccepted, s.ask(t, http.MethodDelete, "/blobs/"+blob.Digest.String()))
}

// ask returns the status that the registry answers, past log and faults.
func (s *server) ask(t testing.TB, method, path string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://localhost/v2/"+repository+path, nil)
	require.NoError(t, err)
	answer, err := inProcess{s.registry}.RoundTrip(r)
	require.NoError(t, err)
	return answer.StatusCode
}

// What a tag's manifest names is in the repository, whoever asks.
func TestPushOfKnownBlobs(t *testing.T) {
	a := newArtifact(t, "demo")
	next := a.with(t, "next", a.Layer)
	for _, row := range []struct {
		name string
		tags []string
	}{
		{"tag that moves", []string{"v1"}},
		{"tag that moves and one that is new", []string{"v1", "v2"}},
		{"tag that is new and one that moves", []string{"v2", "v1"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			srv := stored(t, a)
			var told []string
			result, err := srv.client(t, registry.Options{}).Push(t.Context(), without(next), next.Manifest, repository, row.tags,
				registry.PushOptions{OnEvent: events(next, &told)})
			require.NoError(t, err)
			assert.False(t, result.Unchanged)
			assert.Equal(t, append([]string{"(config)", "(layer)"}, row.tags...), told)
			var want []string
			for _, method := range []string{"GET", "PUT"} {
				for _, tag := range row.tags {
					want = append(want, method+" manifests/"+tag)
				}
			}
			assert.Equal(t, want, srv.requests(next))
			for _, tag := range row.tags {
				assert.Equal(t, next.Manifest.Digest, srv.digestOf(t, tag))
			}
		})
	}
}

// A blob that no tag's manifest names is asked for, and one that is named with
// another size is not the same.
func TestPushOfUnknownBlobsBesideKnownOnes(t *testing.T) {
	a := newArtifact(t, "demo")
	resized := a.Layer
	resized.Size++
	for _, row := range []struct {
		name      string
		before    []ocispec.Descriptor // layers of what the tag points to
		exists    bool
		told      []string
		requested []string
	}{
		{"new layer", []ocispec.Descriptor{a.blob(t, "other")}, false, []string{"(config)", "layer", "v1"}, []string{openUpload("layer"), upload("layer")}},
		{"no layer before", nil, false, []string{"(config)", "layer", "v1"}, []string{openUpload("layer"), upload("layer")}},
		{"layer of another size", []ocispec.Descriptor{resized}, true, []string{"(config)", "(layer)", "v1"}, []string{openUpload("layer")}},
		{"layer among others", []ocispec.Descriptor{a.blob(t, "other"), a.Layer}, true, []string{"(config)", "(layer)", "v1"}, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			old := a.with(t, row.name, row.before...)
			srv := stored(t, a)
			if !row.exists {
				srv.lose(t, a.Layer)
			}
			srv.fail(fault{"GET manifests/", tagged(ocispec.MediaTypeImageManifest, bytesOf(t, old), old.Manifest.Digest)})
			var told []string
			_, err := a.push(t, srv.client(t, registry.Options{}), registry.PushOptions{OnEvent: events(a, &told)}, "v1")
			require.NoError(t, err)
			assert.Equal(t, row.told, told)
			assert.Equal(t, slices.Concat([]string{"GET manifests/v1"}, row.requested, []string{"PUT manifests/v1"}), srv.requests(a))
		})
	}
}

// A registry that has lost a blob says so when it is sent the manifest, each in
// its own way.
func TestPushOfKnownBlobsThatAreLost(t *testing.T) {
	a := newArtifact(t, "demo")
	next := a.with(t, "next", a.Layer)
	for _, row := range []struct {
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
		t.Run(fmt.Sprintf("%d %s", row.status, row.code), func(t *testing.T) {
			srv := stored(t, a)
			srv.lose(t, a.Layer)
			srv.fail(fault{"PUT manifests/", lacking(t, srv, a.Layer, status(row.status, row.code))})
			var told []string
			_, err := next.push(t, srv.client(t, registry.Options{}), registry.PushOptions{OnEvent: events(next, &told)}, "v1", "v2")
			require.NoError(t, err)
			assert.Equal(t, []string{"v1", "v2"}, told[len(told)-2:])
			assert.Contains(t, told, "layer", "it was sent")

			log := srv.requests(next)
			require.Len(t, log, 8)
			assert.Equal(t, []string{"GET manifests/v1", "GET manifests/v2", "PUT manifests/v1"}, log[:3])
			requireRequests(t, log[3:6], []string{openUpload("config"), openUpload("layer"), upload("layer")})
			assert.Equal(t, []string{"PUT manifests/v1", "PUT manifests/v2"}, log[6:])
			for _, tag := range []string{"v1", "v2"} {
				assert.Equal(t, next.Manifest.Digest, srv.digestOf(t, tag))
			}
		})
	}
}

// The first tag is there already, and it is at the second that the registry says
// what it has lost.
func TestPushOfABlobThatIsLostUnderATagThatStays(t *testing.T) {
	a := newArtifact(t, "demo")
	srv := stored(t, a)
	srv.lose(t, a.Layer)
	srv.fail(fault{"PUT manifests/", lacking(t, srv, a.Layer, status(http.StatusBadRequest, "MANIFEST_BLOB_UNKNOWN"))})
	_, err := a.push(t, srv.client(t, registry.Options{}), registry.PushOptions{}, "v1", "v2")
	require.NoError(t, err)
	log := srv.requests(a)
	require.Len(t, log, 7)
	assert.Equal(t, []string{"GET manifests/v1", "GET manifests/v2", "PUT manifests/v2"}, log[:3])
	requireRequests(t, log[3:6], []string{openUpload("config"), openUpload("layer"), upload("layer")})
	assert.Equal(t, "PUT manifests/v2", log[6])
	assert.Equal(t, a.Manifest.Digest, srv.digestOf(t, "v2"))
}

// Who doubts a registry can have everything asked for.
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

// Who relied on the registry to have a blob learns that it has to be made after
// all.
func TestPushOfALostBlobThatIsNotInTheSource(t *testing.T) {
	a := newArtifact(t, "demo")
	next := a.with(t, "next", a.Layer)
	for _, code := range []string{"MANIFEST_BLOB_UNKNOWN", ""} {
		for _, lost := range []ocispec.Descriptor{a.Config, a.Layer} {
			t.Run(code+" "+lost.MediaType, func(t *testing.T) {
				srv := stored(t, a)
				srv.lose(t, lost)
				srv.fail(fault{"PUT manifests/", lacking(t, srv, lost, status(http.StatusBadRequest, code))})
				_, err := srv.client(t, registry.Options{}).Push(t.Context(), without(next), next.Manifest, repository, []string{"v1", "v2"}, registry.PushOptions{})
				require.ErrorIs(t, err, errdef.ErrNotFound)
				failed := requireKind(t, err, nil) // it is not the registry's fault
				assert.Zero(t, failed.StatusCode)
				assert.Equal(t, srv.host+"/"+repository+":v1", failed.Reference)
				assert.Equal(t, 1, srv.count("PUT manifests/"))
				assert.Zero(t, srv.count("PUT blobs/"))
				assert.Equal(t, a.Manifest.Digest, srv.digestOf(t, "v1"), "it is where it was")
				assert.Empty(t, srv.digestOf(t, "v2"))
			})
		}
	}
}

// Who then makes it finishes the push, and is asked nothing that is known by now.
func TestPushAgainWithTheLostBlob(t *testing.T) {
	a := newArtifact(t, "demo")
	next := a.with(t, "next", a.Layer)
	srv := stored(t, a)
	srv.lose(t, a.Layer)
	srv.fail(fault{"PUT manifests/", lacking(t, srv, a.Layer, status(http.StatusBadRequest, "MANIFEST_BLOB_UNKNOWN"))})
	target, err := srv.client(t, registry.Options{}).Target(t.Context(), repository, []string{"v1", "v2"}, registry.TargetOptions{})
	require.NoError(t, err)
	_, err = target.Push(t.Context(), without(next), next.Manifest, registry.PushOptions{})
	require.ErrorIs(t, err, errdef.ErrNotFound)
	srv.requests(next)

	_, err = target.Push(t.Context(), next.store, next.Manifest, registry.PushOptions{})
	require.NoError(t, err)
	requireRequests(t, srv.requests(next), []string{
		openUpload("config"), openUpload("layer"), upload("layer"), "PUT manifests/v1", "PUT manifests/v2",
	}, openUpload("config")) // of the first push, if it comes so late
	assert.Equal(t, next.Manifest.Digest, srv.digestOf(t, "v1"))
}

// There may be another reason to refuse a manifest, and no second chance.
func TestPushOfKnownBlobsIsRefused(t *testing.T) {
	a := newArtifact(t, "demo")
	next := a.with(t, "next", a.Layer)
	again := []string{openUpload("config"), openUpload("layer"), "PUT manifests/v1"}
	for _, row := range []struct {
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
		{"the second tag, 400", "PUT manifests/v2", 400, []string{"PUT manifests/v2"}},
		{"the second tag, 503", "PUT manifests/v2", 503, []string{"PUT manifests/v2"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			srv := stored(t, a, fault{row.step, status(row.status, "MANIFEST_INVALID")})
			_, err := next.push(t, srv.client(t, registry.Options{Retry: once}), registry.PushOptions{}, "v1", "v2")
			assert.Equal(t, row.status, requireError(t, err).StatusCode)
			log := srv.requests(next)
			require.GreaterOrEqual(t, len(log), 3)
			assert.Equal(t, []string{"GET manifests/v1", "GET manifests/v2", "PUT manifests/v1"}, log[:3])
			tag := strings.TrimPrefix(row.step, "PUT ")
			requireRequests(t, log[3:], row.more, "HEAD "+tag+"v1", "HEAD "+tag, "GET "+tag) // it may have been set
			assert.Empty(t, srv.digestOf(t, "v2"))
		})
	}
}

// Where nothing was taken for granted, nothing can have been missed.
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

// A tag may point to what only looks like a manifest.
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
