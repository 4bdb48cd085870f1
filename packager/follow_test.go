package packager_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
)

// layerOf packs a tree into a store, and returns what a reader of the layer gets meanwhile.
func layerOf(t *testing.T, store *packager.Store, observe func(manifests.File, []byte)) (packager.Result, []byte, error) {
	t.Helper()
	files := fstest.MapFS{}
	for _, name := range []string{"a", "b", "c"} {
		files[name+".yaml"] = &fstest.MapFile{Data: bytes.Repeat([]byte("kind: ConfigMap # "+name+"\n"), 20_000)}
	}
	set, err := manifests.CollectFS(t.Context(), files, manifests.Options{})
	require.NoError(t, err)
	plan, err := packager.NewPlan(set, packager.LayoutRoot, packager.Options{})
	require.NoError(t, err)
	type content struct {
		data []byte
		err  error
	}
	read := make(chan content, 1)
	store.OnLayer = func(layer io.ReadCloser) {
		go func() {
			data, err := io.ReadAll(iotest.OneByteReader(layer))
			assert.NoError(t, layer.Close())
			assert.NoError(t, layer.Close())
			read <- content{data, err}
		}()
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	result, err := plan.Pack(ctx, store, nil, func(f manifests.File, data []byte) {
		if observe != nil {
			observe(f, data)
			cancel()
		}
	})
	got := <-read
	if err != nil {
		assert.Error(t, got.err)
		return result, nil, err
	}
	require.NoError(t, got.err)
	return result, got.data, nil
}

// The layer can be read while it is written, also while it moves to a file.
func TestFollowLayer(t *testing.T) {
	for name, limit := range map[string]int64{"memory": 0, "file": -1, "memory, then file": 2000} {
		t.Run(name, func(t *testing.T) {
			store := &packager.Store{MemoryLimit: limit, TempDir: t.TempDir()}
			result, got, err := layerOf(t, store, nil)
			require.NoError(t, err)
			blob, err := store.Fetch(t.Context(), result.Layer)
			require.NoError(t, err)
			want, err := io.ReadAll(blob)
			require.NoError(t, err)
			assert.Equal(t, want, got)
			require.NoError(t, store.Close())
		})
	}
}

// A reader of a layer that is not completed gets an error.
func TestFollowLayerThatFails(t *testing.T) {
	store := &packager.Store{TempDir: t.TempDir()}
	_, _, err := layerOf(t, store, func(manifests.File, []byte) {})
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, store.Close())
}

// Close ends a Read that waits, and content is gone with the Store.
func TestFollowedLayerIsClosed(t *testing.T) {
	set, err := manifests.CollectFS(t.Context(), fstest.MapFS{"a.yaml": {Data: []byte("kind: A\n")}}, manifests.Options{})
	require.NoError(t, err)
	store := new(packager.Store)
	var waiting, late io.ReadCloser
	done := make(chan error, 1)
	store.OnLayer = func(layer io.ReadCloser) {
		if waiting != nil {
			late = layer
			return
		}
		waiting = layer
		go func() {
			_, err := io.Copy(io.Discard, layer)
			done <- err
		}()
		assert.NoError(t, layer.Close())
		assert.ErrorIs(t, <-done, os.ErrClosed)
	}
	_, err = packager.Pack(t.Context(), store, set, packager.LayoutRoot, packager.Options{})
	require.NoError(t, err)
	_, err = packager.Pack(t.Context(), store, set, packager.LayoutRoot, packager.Options{Level: 1})
	require.NoError(t, err)
	require.NoError(t, store.Close())
	_, err = io.Copy(new(strings.Builder), late)
	require.ErrorIs(t, err, os.ErrClosed)
}
