package registry_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote/errcode"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/registry"
)

var errDisk = errors.New("disk on fire")

// brokenStore fails to fetch the content of one digest.
type brokenStore struct {
	content.ReadOnlyStorage
	broken digest.Digest
	err    error
}

func (s brokenStore) Fetch(ctx context.Context, target ocispec.Descriptor) (io.ReadCloser, error) {
	if target.Digest == s.broken {
		return nil, s.err
	}
	return s.ReadOnlyStorage.Fetch(ctx, target)
}

// A failure of the source is not reported as one of the registry.
func TestPushFromASourceThatFails(t *testing.T) {
	a := newArtifact(t, "demo")
	huge, negative, resized := a.Manifest, a.Manifest, a.Manifest
	huge.Size, negative.Size, resized.Size = 4<<20+1, -1, a.Manifest.Size+1
	for _, tt := range []struct {
		name     string
		src      content.ReadOnlyStorage
		manifest ocispec.Descriptor
		want     error
		requests []string // beside the one for the tag
		may      []string // be on the way
	}{
		{"no manifest", brokenStore{a.store, a.Manifest.Digest, errdef.ErrNotFound}, a.Manifest, errdef.ErrNotFound, nil, nil},
		{"no config", brokenStore{a.store, a.Config.Digest, errdef.ErrNotFound}, a.Manifest, errdef.ErrNotFound, []string{openUpload("config")}, uploads[2:]},
		{"no layer", brokenStore{a.store, a.Layer.Digest, errdef.ErrNotFound}, a.Manifest, errdef.ErrNotFound, []string{openUpload("layer")}, uploads[:2]},
		{"unreadable manifest", brokenStore{a.store, a.Manifest.Digest, errDisk}, a.Manifest, errDisk, nil, nil},
		{"unreadable layer", brokenStore{a.store, a.Layer.Digest, errDisk}, a.Manifest, errDisk, []string{openUpload("layer")}, uploads[:2]},
		{"manifest over 4 MiB", a.store, huge, registry.ErrTooLarge, nil, nil},
		{"negative size", oneBlob("{}"), negative, content.ErrInvalidDescriptorSize, nil, nil},
		{"manifest of another size", a.store, resized, errdef.ErrNotFound, nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := start(t, memregistry.Options{})
			_, err := srv.client(t, registry.Options{}).Push(t.Context(), tt.src, tt.manifest, repository, []string{"v1"}, registry.PushOptions{})
			require.ErrorIs(t, err, tt.want)
			failed := requireError(t, err)
			assert.Zero(t, failed.StatusCode, "it is not the registry's fault")
			assert.False(t, failed.Retryable())
			if tt.want == registry.ErrTooLarge {
				assert.Equal(t, "split the artifact: manifests are limited to 4 MiB", failed.Hint())
			} else {
				assert.NoError(t, failed.Kind)
				assert.Empty(t, failed.Hint())
			}
			requireRequests(t, srv.requests(a), append([]string{"GET manifests/v1"}, tt.requests...), slices.Concat(tt.may, []string{cancellation, cancellation})...)
			assert.Empty(t, srv.digestOf(t, "v1"))
		})
	}
}

// Blobs that cannot exist are refused before a blob is sent.
func TestPushOfAManifestThatCannotBeComplete(t *testing.T) {
	const config = `{"digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2}`
	for _, tt := range []struct {
		name, blobs string
		kind        error
		text        string
	}{
		{"no digest", `{"size":2}`, registry.ErrCorrupt, `invalid blob descriptor ""`},
		{"negative size", strings.Replace(config, "2}", "-1}", 1), registry.ErrCorrupt, "(-1 bytes)"},
		{"2^63 bytes", config + "," + strings.Replace(config, "2}", "9223372036854775807}", 1), registry.ErrTooLarge, "blobs of more than 9223372036854775807 bytes"},
		{"1,001 blobs", config + strings.Repeat(","+config, 999), registry.ErrTooLarge, "manifest with 1001 blobs, limit 1000"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			src := oneBlob(`{"schemaVersion":2,"config":` + config + `,"layers":[` + tt.blobs + `]}`)
			manifest := content.NewDescriptorFromBytes(ocispec.MediaTypeImageManifest, src)
			srv := start(t, memregistry.Options{})
			_, err := srv.client(t, registry.Options{}).Push(t.Context(), src, manifest, repository, []string{"v1"}, registry.PushOptions{})
			requireKind(t, err, tt.kind)
			assert.ErrorContains(t, err, tt.text)
			assert.Zero(t, srv.count("POST ")+srv.count("PUT "))
		})
	}
}

// A manifest of exactly 4 MiB can be pushed.
func TestPushManifestOfTheLargestSize(t *testing.T) {
	a := newArtifact(t, "demo")
	data, err := content.FetchAll(t.Context(), a.store, a.Manifest)
	require.NoError(t, err)
	data = append(data, bytes.Repeat([]byte(" "), 4<<20-len(data))...)
	manifest := content.NewDescriptorFromBytes(a.Manifest.MediaType, data)
	require.NoError(t, a.store.Push(t.Context(), manifest, bytes.NewReader(data)))
	srv := start(t, memregistry.Options{})
	_, err = srv.client(t, registry.Options{}).Push(t.Context(), a.store, manifest, repository, []string{"v1"}, registry.PushOptions{})
	require.NoError(t, err)
	assert.Equal(t, manifest.Digest, srv.digestOf(t, "v1"))
}

// A source may be another registry. Its refusal is not one of the destination.
func TestPushFromASourceThatIsRefused(t *testing.T) {
	a := newArtifact(t, "demo")
	for _, code := range mountRefusals {
		refused := &errcode.ErrorResponse{Method: http.MethodGet, URL: new(url.URL), StatusCode: code}
		srv := start(t, memregistry.Options{})
		src := brokenStore{a.store, a.Layer.Digest, refused}
		_, err := srv.client(t, registry.Options{}).Push(t.Context(), src, a.Manifest, repository, []string{"v1"}, registry.PushOptions{})
		require.ErrorIs(t, err, refused)
		assert.Zero(t, requireKind(t, err, nil).StatusCode)
		requireRequests(t, srv.requests(a), []string{"GET manifests/v1", openUpload("layer")}, uploads[0], uploads[1], cancellation, cancellation)
	}
}
