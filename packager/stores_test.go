package packager_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/content/memory"
	"oras.land/oras-go/v2/content/oci"
	"oras.land/oras-go/v2/errdef"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
)

var (
	_ packager.Pusher = (*memory.Store)(nil)
	_ packager.Pusher = (*oci.Store)(nil)
	_ packager.Pusher = (content.Pusher)(nil)
	_ content.Storage = (*packager.Store)(nil)
)

// countingStore records pushed media types, and fails for one of them.
type countingStore struct {
	fail   string // a media type
	err    error
	pushed []string
}

func (s *countingStore) Push(_ context.Context, desc ocispec.Descriptor, r io.Reader) error {
	if desc.MediaType == s.fail {
		return s.err
	}
	if _, err := content.ReadAll(r, desc); err != nil {
		return err
	}
	s.pushed = append(s.pushed, desc.MediaType)
	return nil
}

// TestPackIntoStores packs one artifact twice into each of several stores.
func TestPackIntoStores(t *testing.T) {
	set := collect(t, filepath.Join(treesDir, "kustomize"))
	want := pack(t, set, packager.LayoutBoth, packager.Options{})
	layout, err := oci.New(t.TempDir())
	require.NoError(t, err)
	own := new(packager.Store)
	t.Cleanup(func() { assert.NoError(t, own.Close()) })
	for name, store := range map[string]content.Storage{
		"Store": own, "memory": memory.New(), "OCI layout": layout,
	} {
		t.Run(name, func(t *testing.T) {
			for range 2 {
				got, err := packager.Pack(t.Context(), store, set, packager.LayoutBoth, packager.Options{})
				require.NoError(t, err)
				assert.Equal(t, facts(want.Result), facts(got))
				for _, desc := range []ocispec.Descriptor{got.Layer, got.Config, got.Manifest} {
					assert.Equal(t, fetch(t, want.store, desc), fetch(t, store, desc))
				}
			}
		})
	}
}

// TestPackLayoutDirectory opens the directory again, as another program does.
func TestPackLayoutDirectory(t *testing.T) {
	dir := t.TempDir()
	layout, err := oci.New(dir)
	require.NoError(t, err)
	result, err := packager.Pack(t.Context(), layout, collect(t, filepath.Join(treesDir, "flat")), packager.LayoutBoth, packager.Options{})
	require.NoError(t, err)
	require.NoError(t, layout.Tag(t.Context(), result.Manifest, "v1"))

	again, err := oci.NewFromFS(t.Context(), os.DirFS(dir))
	require.NoError(t, err)
	desc, err := again.Resolve(t.Context(), "v1")
	require.NoError(t, err)
	assert.Equal(t, result.Manifest.Digest, desc.Digest)
	assert.Len(t, allFiles(t, filepath.Join(dir, "blobs")), 3)
}

// TestPackTagsNothing checks that the manifest gets no tag.
func TestPackTagsNothing(t *testing.T) {
	store := memory.New()
	_, err := packager.Pack(t.Context(), store, small(t), packager.LayoutBoth, packager.Options{Prefix: "app"})
	require.NoError(t, err)
	for _, name := range []string{"app", "latest", "", "."} {
		_, err := store.Resolve(t.Context(), name)
		require.ErrorIs(t, err, errdef.ErrNotFound, "%q", name)
	}
}

func TestPackOrder(t *testing.T) {
	store := &countingStore{}
	_, err := packager.Pack(t.Context(), store, small(t), packager.LayoutBoth, packager.Options{Prefix: "app"})
	require.NoError(t, err)
	assert.Equal(t, []string{layerType, ocispec.MediaTypeImageConfig, ocispec.MediaTypeImageManifest}, store.pushed)
}

func TestPackFailingStore(t *testing.T) {
	errFull := errors.New("no space left")
	for i, mediaType := range []string{layerType, ocispec.MediaTypeImageConfig, ocispec.MediaTypeImageManifest} {
		t.Run(mediaType, func(t *testing.T) {
			store := &countingStore{fail: mediaType, err: errFull}
			result, err := packager.Pack(t.Context(), store, small(t), packager.LayoutBoth, packager.Options{Prefix: "app"})
			require.ErrorIs(t, err, errFull)
			require.EqualError(t, err, "store "+mediaType+": no space left")
			assert.Zero(t, result)
			assert.Len(t, store.pushed, i, "pushes after the failure")

			store = &countingStore{fail: mediaType, err: fmt.Errorf("here: %w", errdef.ErrAlreadyExists)}
			_, err = packager.Pack(t.Context(), store, small(t), packager.LayoutBoth, packager.Options{Prefix: "app"})
			require.NoError(t, err)
			assert.Len(t, store.pushed, 2)
		})
	}
}

// TestPackConcurrently packs several artifacts into one store concurrently.
func TestPackConcurrently(t *testing.T) {
	store := &packager.Store{MemoryLimit: 100}
	shared := memory.New()
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			set := collectTexts(t, map[string]string{"a.yaml": fmt.Sprint("number: ", i%3)})
			for _, target := range []content.Storage{store, shared} {
				result, err := packager.Pack(t.Context(), target, set, packager.LayoutBoth, packager.Options{Prefix: "app"})
				if assert.NoError(t, err) {
					assert.Equal(t, result.Layer.Digest, digest.FromBytes(fetch(t, target, result.Layer)))
				}
			}
		})
	}
	group.Wait()
	require.NoError(t, store.Close())
}

func TestPackCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, store := range map[string]packager.Pusher{"Store": new(packager.Store), "another": &countingStore{}} {
		result, err := packager.Pack(ctx, store, small(t), packager.LayoutBoth, packager.Options{Prefix: "app"})
		require.ErrorIs(t, err, context.Canceled, name)
		assert.Zero(t, result, name)
	}
}

// TestPackCancelledMeanwhile cancels the context while a file is read.
func TestPackCancelledMeanwhile(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	fsys := readFS{fstest.MapFS{"a.yaml": {Data: make([]byte, 1<<20)}, "b.yaml": {Data: []byte("b")}}, cancel}
	set, err := manifests.CollectFS(t.Context(), fsys, manifests.Options{})
	require.NoError(t, err)
	store := &countingStore{}
	_, err = packager.Pack(ctx, store, set, packager.LayoutBoth, packager.Options{Prefix: "app"})
	require.ErrorIs(t, err, context.Canceled)
	assert.Empty(t, store.pushed)
}

// readFS calls read before each read of a file.
type readFS struct {
	fstest.MapFS
	read func()
}

func (r readFS) Open(name string) (fs.File, error) {
	file, err := r.MapFS.Open(name)
	return readFile{file, r.read}, err
}

type readFile struct {
	fs.File
	read func()
}

func (r readFile) Read(p []byte) (int, error) {
	r.read()
	return r.File.Read(p)
}
