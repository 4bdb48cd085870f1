package registry_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/reference"
	"github.com/kubeoci/oci/registry"
)

// stored starts a registry that holds a under v1. The faults do not apply to that push.
func stored(t *testing.T, a artifact, faults ...fault) *server {
	t.Helper()
	origin := start(t, memregistry.Options{})
	_, err := a.push(t, origin.client(t, registry.Options{}), registry.PushOptions{}, "v1")
	require.NoError(t, err)
	srv := start(t, memregistry.Options{}, faults...)
	srv.registry = origin.registry
	return srv
}

func TestResolve(t *testing.T) {
	a := newArtifact(t, "demo")
	client := stored(t, a).client(t, registry.Options{})
	for _, ref := range []string{"v1", a.Manifest.Digest.String()} {
		desc, err := client.Resolve(t.Context(), repository, ref)
		require.NoError(t, err)
		assert.Equal(t, ocispec.Descriptor{
			MediaType: ocispec.MediaTypeImageManifest,
			Digest:    a.Manifest.Digest,
			Size:      a.Manifest.Size,
		}, desc)
		exists, err := client.Exists(t.Context(), repository, ref)
		require.NoError(t, err)
		assert.True(t, exists)
	}
}

// A registry may refuse HEAD, and send a manifest of any kind in chunks.
func TestResolveAManifestOfUnknownSize(t *testing.T) {
	data := []byte(`{"schemaVersion":2,"manifests":[]}`)
	want := content.NewDescriptorFromBytes(ocispec.MediaTypeImageIndex, data)
	srv := start(t, memregistry.Options{}, fault{"HEAD manifests/", page(http.StatusMethodNotAllowed)},
		fault{"GET manifests/", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", want.MediaType)
			w.Header().Set("Docker-Content-Digest", string(want.Digest))
			w.WriteHeader(http.StatusOK)
			assert.NoError(t, http.NewResponseController(w).Flush())
			_, _ = w.Write(data)
		}})
	for _, ref := range []string{"v1", want.Digest.String()} {
		desc, err := srv.client(t, registry.Options{}).Resolve(t.Context(), repository, ref)
		require.NoError(t, err)
		assert.Equal(t, want, desc)
	}
}

func TestReadMissingContent(t *testing.T) {
	a := newArtifact(t, "demo")
	client := stored(t, a).client(t, registry.Options{})
	for _, tt := range []struct{ name, repository, ref, separator string }{
		{"tag", repository, "v2", ":"},
		{"digest", repository, newArtifact(t, "other").Manifest.Digest.String(), "@"},
		{"repository", "apps/other", "v1", ":"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			desc, err := client.Resolve(t.Context(), tt.repository, tt.ref)
			failed := requireKind(t, err, registry.ErrNotFound)
			assert.True(t, strings.HasSuffix(failed.Reference, "/"+tt.repository+tt.separator+tt.ref), failed.Reference)
			assert.Equal(t, http.StatusNotFound, failed.StatusCode)
			assert.Zero(t, desc)

			exists, err := client.Exists(t.Context(), tt.repository, tt.ref)
			require.NoError(t, err)
			assert.False(t, exists)

			desc, err = client.Pull(t.Context(), tt.repository, tt.ref, new(packager.Store), registry.PullOptions{})
			requireKind(t, err, registry.ErrNotFound)
			assert.Zero(t, desc)
		})
	}
}

func TestReadRefusesBeforeAnyRequest(t *testing.T) {
	srv := start(t, memregistry.Options{})
	client := srv.client(t, registry.Options{})
	for _, tt := range []struct {
		name, repository, ref string
		kind                  error
	}{
		{"illegal repository", "Apps", "v1", reference.ErrInvalidRepository},
		{"no ref", repository, "", reference.ErrInvalidTag},
		{"illegal tag", repository, "a/b", reference.ErrInvalidTag},
		{"short digest", repository, "sha256:abc", reference.ErrInvalidOCIFormat},
		{"unknown algorithm", repository, "md5:d41d8cd98f00b204e9800998ecf8427e", reference.ErrInvalidOCIFormat},
		{"tag and digest", repository, "v1@sha256:" + strings.Repeat("0", 64), reference.ErrInvalidOCIFormat},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := client.Resolve(t.Context(), tt.repository, tt.ref)
			require.ErrorIs(t, err, tt.kind)
			exists, err := client.Exists(t.Context(), tt.repository, tt.ref)
			require.ErrorIs(t, err, tt.kind)
			assert.False(t, exists)
			_, err = client.Pull(t.Context(), tt.repository, tt.ref, new(packager.Store), registry.PullOptions{})
			require.ErrorIs(t, err, tt.kind)
			assert.Empty(t, srv.log)
		})
	}
}

func TestPull(t *testing.T) {
	a := newArtifact(t, "demo")
	client := stored(t, a).client(t, registry.Options{})
	for _, ref := range []string{"v1", a.Manifest.Digest.String()} {
		dst := new(packager.Store)
		desc, err := client.Pull(t.Context(), repository, ref, dst, registry.PullOptions{})
		require.NoError(t, err)
		assert.Equal(t, a.Manifest.Digest, desc.Digest)
		for _, part := range []ocispec.Descriptor{a.Manifest, a.Config, a.Layer} {
			want, err := content.FetchAll(t.Context(), a.store, part)
			require.NoError(t, err)
			got, err := content.FetchAll(t.Context(), dst, part)
			require.NoError(t, err)
			assert.Equal(t, want, got)
		}
		_, err = client.Pull(t.Context(), repository, ref, dst, registry.PullOptions{})
		require.NoError(t, err, "existing content is no error")
		require.NoError(t, dst.Close())
	}
}

// Wrong bytes from a registry, or from a proxy, are not stored.
func TestPullCorrupted(t *testing.T) {
	a := newArtifact(t, "demo")
	for _, tt := range []struct {
		name, step, ref string
		part            ocispec.Descriptor
		kind            error
	}{
		{"manifest", "GET manifests/", "v1", a.Manifest, registry.ErrNotRegistry}, // its digest is not known otherwise
		{"manifest that was asked for by digest", "GET manifests/", a.Manifest.Digest.String(), a.Manifest, registry.ErrCorrupt},
		{"config", "GET blobs/" + a.Config.Digest.String(), "v1", a.Config, registry.ErrCorrupt},
		{"layer", "GET blobs/" + a.Layer.Digest.String(), "v1", a.Layer, registry.ErrCorrupt},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := stored(t, a, fault{tt.step, func(w http.ResponseWriter, _ *http.Request) {
				data, err := content.FetchAll(t.Context(), a.store, tt.part)
				assert.NoError(t, err)
				data[0] ^= 1
				w.Header().Set("Content-Type", tt.part.MediaType)
				w.Header().Set("Docker-Content-Digest", tt.part.Digest.String())
				_, _ = w.Write(data)
			}})
			dst := new(packager.Store)
			desc, err := srv.client(t, registry.Options{}).Pull(t.Context(), repository, tt.ref, dst, registry.PullOptions{})
			failed := requireKind(t, err, tt.kind)
			assert.Equal(t, "pull", failed.Op)
			assert.Zero(t, desc)
			for _, part := range []ocispec.Descriptor{a.Manifest, tt.part} {
				exists, err := dst.Exists(t.Context(), part)
				require.NoError(t, err)
				assert.False(t, exists)
			}
		})
	}
}

// Content with the media type of a manifest that is not one.
func TestPullManifestThatIsNone(t *testing.T) {
	a := newArtifact(t, "demo")
	srv := stored(t, a, fault{"GET manifests/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", ocispec.MediaTypeImageManifest)
		_, _ = io.WriteString(w, strings.Repeat(" ", int(a.Manifest.Size)+1))
	}})
	_, err := srv.client(t, registry.Options{}).Pull(t.Context(), repository, "v1", new(packager.Store), registry.PullOptions{})
	requireKind(t, err, registry.ErrNotRegistry)
}

func TestPullManifestOverTheLimit(t *testing.T) {
	data := bytes.Repeat([]byte(" "), 4<<20+1)
	desc := content.NewDescriptorFromBytes(ocispec.MediaTypeImageManifest, data)
	srv := start(t, memregistry.Options{}, fault{"", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", desc.MediaType)
		w.Header().Set("Docker-Content-Digest", desc.Digest.String())
		w.Header().Set("Content-Length", strconv.Itoa(len(data)))
		if r.Method == http.MethodGet {
			_, _ = w.Write(data)
		}
	}})
	_, err := srv.client(t, registry.Options{}).Pull(t.Context(), repository, "v1", new(packager.Store), registry.PullOptions{})
	requireKind(t, err, registry.ErrTooLarge)
}

// The artifact exists, and is broken.
func TestPullBlobThatIsMissing(t *testing.T) {
	a := newArtifact(t, "demo")
	srv := stored(t, a, fault{"GET blobs/" + a.Layer.Digest.String(), status(http.StatusNotFound, "BLOB_UNKNOWN")})
	_, err := srv.client(t, registry.Options{}).Pull(t.Context(), repository, "v1", new(packager.Store), registry.PullOptions{})
	requireKind(t, err, registry.ErrCorrupt)
	assert.EqualError(t, err, "pull "+srv.host+"/apps/demo:v1: registry holds corrupt content: "+
		"blob "+a.Layer.Digest.String()+" is missing, although the manifest refers to it")
}

// pusherOnly is a store that cannot report its blobs.
type pusherOnly struct{ registry.Pusher }

// forgetful is a store that fails to report its blobs.
type forgetful struct{ *packager.Store }

var errForgetful = errors.New("not known")

func (forgetful) Exists(context.Context, ocispec.Descriptor) (bool, error) {
	return false, errForgetful
}

// Exists is optional for the destination of a pull.
func TestPullToAPusher(t *testing.T) {
	a := newArtifact(t, "demo")
	srv := stored(t, a)
	client, store := srv.client(t, registry.Options{}), new(packager.Store)
	defer func() { require.NoError(t, store.Close()) }()
	for range 2 { // existing content is fetched again, and no error
		desc, err := client.Pull(t.Context(), repository, "v1", pusherOnly{store}, registry.PullOptions{})
		require.NoError(t, err)
		assert.Equal(t, a.Manifest.Digest, desc.Digest)
		assert.Equal(t, []string{"GET manifests/v1", "GET blobs/config", "GET blobs/layer"}, srv.requests(a))
	}
	_, err := client.Pull(t.Context(), repository, "v1", forgetful{store}, registry.PullOptions{})
	require.ErrorIs(t, err, errForgetful)
	requireKind(t, err, nil)
}

// fullStore accepts nothing.
type fullStore struct {
	*packager.Store
	err error
}

func (s fullStore) Push(context.Context, ocispec.Descriptor, io.Reader) error { return s.err }

// A failure of the destination is not reported as one of the registry, even if the
// destination is another registry.
func TestPullToADestinationThatFails(t *testing.T) {
	a := newArtifact(t, "demo")
	for _, err := range []error{
		errDisk,
		os.ErrClosed,
		errdef.ErrNotFound,
		&url.Error{Op: "Put", URL: "https://registry.example.com", Err: errDisk},
	} {
		t.Run(err.Error(), func(t *testing.T) {
			dst := fullStore{new(packager.Store), err}
			_, failed := stored(t, a).client(t, registry.Options{}).Pull(t.Context(), repository, "v1", dst, registry.PullOptions{})
			requireKind(t, failed, nil)
			require.ErrorIs(t, failed, err)
		})
	}
}

// A retried look-up is reported with the tag.
func TestPullReportsARetriedLookup(t *testing.T) {
	a := newArtifact(t, "demo")
	for ref, tag := range map[string]string{"v1": "v1", a.Manifest.Digest.String(): ""} {
		srv := stored(t, a)
		srv.fail(fault{"GET manifests/", srv.firstTimes(1, page(http.StatusServiceUnavailable))})
		var retried []registry.Event
		store := new(packager.Store)
		_, err := srv.client(t, registry.Options{}).Pull(t.Context(), repository, ref, store, registry.PullOptions{OnEvent: func(e registry.Event) {
			if e.Retry != nil {
				retried = append(retried, e)
			}
		}})
		require.NoError(t, err)
		require.NoError(t, store.Close())
		if assert.Len(t, retried, 1) {
			assert.Equal(t, tag, retried[0].Tag)
			assert.Zero(t, retried[0].Descriptor)
		}
	}
}

// What a manifest declares is refused before a blob is asked for.
func TestPullLimits(t *testing.T) {
	blob := func(size string) string {
		return `{"mediaType":"application/vnd.acme","digest":"` + digest.FromString(size).String() + `","size":` + size + `}`
	}
	manifest := func(config string, layers ...string) string {
		return `{"schemaVersion":2,"config":` + config + `,"layers":[` + strings.Join(layers, ",") + `]}`
	}
	many := slices.Repeat([]string{blob("0")}, 1001)
	for _, tt := range []struct {
		name, manifest string
		limit          int64
		kind           error
		text           string
	}{
		{"config of 2^63-1 bytes", manifest(blob("9223372036854775807")), 0, registry.ErrTooLarge, "blobs of more than 1073741824 bytes"},
		{"config of 2^63-1 bytes, and that is the limit", manifest(blob("9223372036854775807"), blob("1")), math.MaxInt64, registry.ErrTooLarge, "blobs of more than 9223372036854775807 bytes"},
		{"layer of 2^31 bytes", manifest(blob("1"), blob("2147483648")), 0, registry.ErrTooLarge, "blobs of more than 1073741824 bytes"},
		{"layers of 2^32 bytes together", manifest(blob("0"), blob("2147483647"), blob("2147483649")), 1 << 32, registry.ErrCorrupt, ""},
		{"one byte more", manifest(blob("1"), blob("1073741824")), 0, registry.ErrTooLarge, "blobs of more than 1073741824 bytes"},
		{"own limit", manifest(blob("1"), blob("10")), 10, registry.ErrTooLarge, "blobs of more than 10 bytes"},
		{"negative size", manifest(blob("-1")), 0, registry.ErrCorrupt, "(-1 bytes)"},
		{"size beyond an integer", manifest(blob("9223372036854775808")), 0, registry.ErrNotRegistry, "not a manifest"},
		{"no digest", manifest(`{"size":1}`), 0, registry.ErrCorrupt, `invalid blob descriptor ""`},
		{"1,002 blobs", manifest(blob("0"), many...), 0, registry.ErrTooLarge, "manifest with 1002 blobs, limit 1000"},
		{"layers twice", `{"schemaVersion":2,"config":` + blob("0") + `,"layers":[],"layers":[]}`, 0, registry.ErrUnsupported, "ambiguous key"},
		{"Layers besides layers", `{"schemaVersion":2,"config":` + blob("0") + `,"layers":[],"Layers":[]}`, 0, registry.ErrUnsupported, "ambiguous key"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			data := []byte(tt.manifest)
			srv := start(t, memregistry.Options{}, fault{"GET manifests/", tagged(ocispec.MediaTypeImageManifest, data, digest.FromBytes(data))})
			store := new(packager.Store)
			defer func() { require.NoError(t, store.Close()) }()
			_, err := srv.client(t, registry.Options{}).Pull(t.Context(), repository, "v1", store, registry.PullOptions{MaxSize: tt.limit})
			failed := requireKind(t, err, tt.kind)
			assert.ErrorContains(t, err, tt.text)
			if tt.kind == registry.ErrCorrupt && tt.text == "" { // within the limit: the registry lacks them
				return
			}
			assert.Zero(t, srv.count("GET blobs/"))
			if strings.HasPrefix(tt.text, "blobs of more") {
				assert.Contains(t, failed.Hint(), "set PullOptions.MaxSize")
			}
		})
	}
}

func TestPullWithANegativeLimit(t *testing.T) {
	srv := start(t, memregistry.Options{})
	_, err := srv.client(t, registry.Options{}).Pull(t.Context(), repository, "v1", new(packager.Store), registry.PullOptions{MaxSize: -1})
	require.ErrorIs(t, err, registry.ErrInvalidOptions)
	assert.Zero(t, srv.count("GET "))
}
