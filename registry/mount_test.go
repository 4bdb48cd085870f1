package registry_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"oras.land/oras-go/v2/errdef"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/registry"
)

// mounted responds that the blob was mounted, with the digest unless that is empty.
func mounted(digest string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "/v2/"+repository+"/blobs/"+r.URL.Query().Get("mount"))
		if digest != "" {
			w.Header().Set("Docker-Content-Digest", digest)
		}
		w.WriteHeader(http.StatusCreated)
	}
}

// events collects the events of a push. Skipped content is in parentheses.
func events(a artifact, into *[]string) func(registry.Event) {
	return func(e registry.Event) {
		name := e.Tag
		switch e.Descriptor.Digest {
		case a.Config.Digest:
			name = "config"
		case a.Layer.Digest:
			name = "layer"
		}
		if e.Skipped {
			name = "(" + name + ")"
		}
		*into = append(*into, name)
	}
}

// without is a source that lacks the blobs of an artifact.
func without(a artifact) brokenStore {
	config := brokenStore{a.store, a.Config.Digest, errdef.ErrNotFound}
	return brokenStore{config, a.Layer.Digest, errdef.ErrNotFound}
}

// A blob that the repository has is not sent, and not read from the source.
func TestPushOfBlobsThatExist(t *testing.T) {
	a := newArtifact(t, "demo")
	srv := stored(t, a)
	var told []string
	result, err := srv.client(t, registry.Options{}).Push(t.Context(), without(a), a.Manifest, repository, []string{"v2"},
		registry.PushOptions{OnEvent: events(a, &told)})
	require.NoError(t, err)
	assert.False(t, result.Unchanged)
	assert.Equal(t, []string{"(config)", "(layer)", "v2"}, told)
	requireRequests(t, srv.requests(a), []string{"GET manifests/v2", openUpload("config"), openUpload("layer"), "PUT manifests/v2"})
	assert.Equal(t, a.Manifest.Digest, srv.digestOf(t, "v2"))
}

// One of the blobs may exist and the other not.
func TestPushOfALayerThatIsNew(t *testing.T) {
	a := newArtifact(t, "demo")
	srv := stored(t, a)
	next := a.with(t, "next", a.blob(t, "layer of next"))
	next.Layer = next.blob(t, "layer of another")
	next = next.with(t, "another", next.Layer)
	var told []string
	_, err := next.push(t, srv.client(t, registry.Options{}), registry.PushOptions{OnEvent: events(next, &told)}, "v2")
	require.NoError(t, err)
	assert.Equal(t, []string{"(config)", "layer", "v2"}, told)
	requireRequests(t, srv.requests(next), []string{
		"GET manifests/v2", openUpload("config"), openUpload("layer"), upload("layer"), "PUT manifests/v2",
	})
}

func TestMountAnswers(t *testing.T) {
	a := newArtifact(t, "demo")
	config, layer := openUpload(a.Config.Digest), openUpload(a.Layer.Digest)
	for _, tt := range []struct {
		name string
		step string
		// Whether the layer is sent, and through how many plain uploads.
		answer http.HandlerFunc
		sent   bool
		plain  int
	}{
		{"exists", layer, mounted(a.Layer.Digest.String()), false, 0},
		{"exists, without a digest", layer, mounted(""), false, 0},
		{"refused", layer, status(http.StatusMethodNotAllowed, "UNSUPPORTED"), true, 1},
		{"refused for the config", config, status(http.StatusMethodNotAllowed, "UNSUPPORTED"), true, 1},
		{"refused for both", plainUpload + "?mount=", status(http.StatusNotImplemented, ""), true, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := stored(t, a, fault{tt.step, tt.answer})
			srv.lose(t, a.Config)
			if tt.sent {
				srv.lose(t, a.Layer)
			}
			var told []string
			_, err := a.push(t, srv.client(t, registry.Options{}), registry.PushOptions{OnEvent: events(a, &told)}, "v2")
			require.NoError(t, err)
			want := []string{"GET manifests/v2", openUpload("config"), upload("config"), openUpload("layer"), "PUT manifests/v2"}
			if tt.sent {
				want = append(want, upload("layer"))
				assert.Equal(t, []string{"config", "layer", "v2"}, told)
			} else {
				assert.Equal(t, []string{"config", "(layer)", "v2"}, told)
			}
			got, plain := srv.requests(a), tt.plain
			for _, mount := range []string{openUpload("config"), openUpload("layer")} {
				if tt.plain > 0 && !slices.Contains(got, mount) { // the answer for the other blob is known
					want = slices.DeleteFunc(want, func(request string) bool { return request == mount })
					plain = 2
				}
			}
			requireRequests(t, got, append(want, slices.Repeat([]string{plainUpload}, plain)...))
			assert.Equal(t, a.Manifest.Digest, srv.digestOf(t, "v2"))
		})
	}
}

// A registry without mounts is sent blobs that it has already.
func TestMountThatAlwaysOpensAnUpload(t *testing.T) {
	a := newArtifact(t, "demo")
	srv := stored(t, a)
	srv.fail(fault{plainUpload, func(w http.ResponseWriter, r *http.Request) {
		r.URL.RawQuery = ""
		srv.registry.ServeHTTP(w, r)
	}})
	var told []string
	_, err := a.push(t, srv.client(t, registry.Options{}), registry.PushOptions{OnEvent: events(a, &told)}, "v2")
	require.NoError(t, err)
	assert.Equal(t, []string{"config", "layer", "v2"}, told)
	requireRequests(t, srv.requests(a), append([]string{"GET manifests/v2", "PUT manifests/v2"}, uploads...))
}

// A registry that mounts another blob than requested is refused.
func TestMountOfAnotherBlob(t *testing.T) {
	a := newArtifact(t, "demo")
	for _, digest := range []string{a.Config.Digest.String(), "sha256:abc"} {
		t.Run(digest, func(t *testing.T) {
			srv := start(t, memregistry.Options{}, fault{openUpload(a.Layer.Digest), mounted(digest)})
			_, err := a.push(t, srv.client(t, registry.Options{}), registry.PushOptions{}, "v1")
			failed := requireError(t, err)
			assert.Equal(t, srv.host+"/"+repository, failed.Reference)
			assert.Zero(t, srv.count(upload(a.Layer.Digest)))
			assert.Zero(t, srv.count("PUT manifests/"))
			assert.Empty(t, srv.digestOf(t, "v1"))
		})
	}
}

// A refused mount does not imply that an upload is refused.
func TestPlainUploadIsRefused(t *testing.T) {
	a := newArtifact(t, "demo")
	for _, code := range mountRefusals {
		t.Run(http.StatusText(code), func(t *testing.T) {
			srv := start(t, memregistry.Options{},
				fault{plainUpload + "?mount=", status(code, "UNSUPPORTED")},
				fault{plainUpload, status(http.StatusTooManyRequests, "TOOMANYREQUESTS")})
			_, err := a.push(t, srv.client(t, registry.Options{Retry: once}), registry.PushOptions{}, "v1")
			failed := requireKind(t, err, registry.ErrRateLimited)
			assert.Equal(t, http.StatusTooManyRequests, failed.StatusCode)
			assert.Equal(t, "TOOMANYREQUESTS", failed.Code)
			requireRequests(t, srv.requests(a),
				[]string{"GET manifests/v1", plainUpload}, openUpload("config"), openUpload("layer"), plainUpload)
		})
	}
}
