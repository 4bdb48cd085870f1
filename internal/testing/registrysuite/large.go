package registrysuite

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/json"
	"io"
	"testing"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"oras.land/oras-go/v2/content"

	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/registry"
)

func pushLarge(t *testing.T, c trial) {
	size := c.opts.LargeLayer
	store := newLargeStore(t, size)
	client := newClient(t, c.open, c.open.Options())
	repository := c.open.Repository("large")
	_, err := client.Push(t.Context(), store, store.manifest, repository, []string{"v1"}, registry.PushOptions{})
	require.NoError(t, err)
	read := new(counter)
	desc, err := client.Pull(t.Context(), repository, "v1", read, registry.PullOptions{})
	require.NoError(t, err)
	assert.Equal(t, store.manifest.Digest, desc.Digest)
	assert.Greater(t, read.bytes, size)
	c.note("%d MiB", size>>20)
}

// noise is an incompressible blob of a number of bytes, generated while it is read.
type noise int64

func (n noise) open() (io.Reader, error) {
	block, err := aes.NewCipher(make([]byte, aes.BlockSize))
	if err != nil {
		return nil, err
	}
	stream := cipher.NewCTR(block, make([]byte, aes.BlockSize))
	return io.LimitReader(noiseReader{stream}, int64(n)), nil
}

type noiseReader struct{ stream cipher.Stream }

func (r noiseReader) Read(p []byte) (int, error) {
	clear(p)
	r.stream.XORKeyStream(p, p)
	return len(p), nil
}

// largeStore holds an artifact with a layer of noise.
type largeStore struct {
	*packager.Store // of the other blobs
	layer, manifest ocispec.Descriptor
}

func newLargeStore(t testing.TB, size int64) *largeStore {
	t.Helper()
	layer, err := noise(size).open()
	require.NoError(t, err)
	sum, err := digest.FromReader(layer)
	require.NoError(t, err)
	s := &largeStore{
		Store: new(packager.Store),
		layer: ocispec.Descriptor{MediaType: ocispec.MediaTypeImageLayer, Digest: sum, Size: size},
	}
	t.Cleanup(func() { require.NoError(t, s.Store.Close()) })
	config := s.put(t, ocispec.MediaTypeImageConfig, ocispec.Image{
		Platform: ocispec.Platform{Architecture: "amd64", OS: "linux"},
		RootFS:   ocispec.RootFS{Type: "layers", DiffIDs: []digest.Digest{sum}},
	})
	s.manifest = s.put(t, ocispec.MediaTypeImageManifest, ocispec.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2},
		MediaType: ocispec.MediaTypeImageManifest,
		Config:    config,
		Layers:    []ocispec.Descriptor{s.layer},
	})
	return s
}

func (s *largeStore) put(t testing.TB, mediaType string, value any) ocispec.Descriptor {
	t.Helper()
	data, err := json.Marshal(value)
	require.NoError(t, err)
	desc := content.NewDescriptorFromBytes(mediaType, data)
	require.NoError(t, s.Push(t.Context(), desc, bytes.NewReader(data)))
	return desc
}

// Fetch opens the layer, or a blob of the store.
func (s *largeStore) Fetch(ctx context.Context, desc ocispec.Descriptor) (io.ReadCloser, error) {
	if desc.Digest != s.layer.Digest {
		return s.Store.Fetch(ctx, desc)
	}
	r, err := noise(s.layer.Size).open()
	return io.NopCloser(r), err
}

// counter is a store that counts the bytes pushed to it and keeps none of them. The
// client verifies the digests.
type counter struct{ bytes int64 }

// Exists reports that no blob exists.
func (*counter) Exists(context.Context, ocispec.Descriptor) (bool, error) { return false, nil }

// Fetch fails, because no blob is kept.
func (*counter) Fetch(context.Context, ocispec.Descriptor) (io.ReadCloser, error) {
	return nil, io.ErrUnexpectedEOF
}

// Push reads the whole blob.
func (c *counter) Push(_ context.Context, _ ocispec.Descriptor, r io.Reader) error {
	n, err := io.Copy(io.Discard, r)
	c.bytes += n
	return err
}
