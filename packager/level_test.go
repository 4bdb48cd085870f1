package packager_test

import (
	"bytes"
	"compress/gzip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/testing/treegen"
	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
)

func TestLevels(t *testing.T) {
	set := collectTexts(t, manyBlocks(t))
	sizes := map[int]int64{}
	zero := pack(t, set, packager.LayoutRoot, packager.Options{})
	for level := 1; level <= 9; level++ {
		got := pack(t, set, packager.LayoutRoot, packager.Options{Level: level})
		require.Equal(t, zero.ContentDigest, got.ContentDigest)
		require.Equal(t, zero.archive(t), got.archive(t))
		sizes[level] = got.Layer.Size
	}
	assert.Equal(t, zero.Layer.Size, sizes[5])
	assert.Less(t, sizes[9], sizes[1])
}

func TestLevelsThatDoNotExist(t *testing.T) {
	for _, level := range []int{-3, -1, 10} {
		_, err := packager.NewPlan(small(t), packager.LayoutBoth, packager.Options{Level: level, Prefix: "app"})
		require.ErrorIs(t, err, packager.ErrInvalidLevel)
	}
	_, err := packager.Pack(t.Context(), new(packager.Store), small(t), packager.LayoutBoth, packager.Options{Level: 10, Prefix: "app"})
	require.EqualError(t, err, "invalid compression level: 10 is not from 1 to 9")
}

// TestLayerIsHardlyLargerThanThatOfOthers compares the default level with the
// standard library.
func TestLayerIsHardlyLargerThanThatOfOthers(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, treegen.Write(dir, treegen.Few(), 1))
	set, err := manifests.Collect(t.Context(), dir, manifests.Options{})
	require.NoError(t, err)
	got := pack(t, set, packager.LayoutRoot, packager.Options{})

	var other bytes.Buffer
	w := gzip.NewWriter(&other)
	_, err = w.Write(got.archive(t))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	assert.LessOrEqual(t, float64(got.Layer.Size), 1.05*float64(other.Len()))
}

// TestLayerIsOneGzipMember: readers may stop after the first.
func TestLayerIsOneGzipMember(t *testing.T) {
	for name, texts := range map[string]map[string]string{"one block": {"a.yaml": "a"}, "many blocks": manyBlocks(t)} {
		t.Run(name, func(t *testing.T) {
			p := pack(t, collectTexts(t, texts), packager.LayoutRoot, packager.Options{})
			layer := bytes.NewReader(fetch(t, p.store, p.Layer))
			reader, err := gzip.NewReader(layer)
			require.NoError(t, err)
			reader.Multistream(false)
			var archive bytes.Buffer
			_, err = archive.ReadFrom(reader)
			require.NoError(t, err)
			assert.EqualValues(t, p.ContentSize, archive.Len())
			assert.Zero(t, layer.Len(), "bytes after the member")
			assert.Zero(t, reader.ModTime)
			assert.Empty(t, reader.Name)
		})
	}
}
