package unpacker_test

import (
	"archive/tar"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/unpacker"
)

// TestUnpackLimits sets each limit to the exact value of an artifact, and to one
// less.
func TestUnpackLimits(t *testing.T) {
	archive := archiveOf(t,
		directory("d/"), regular("d/e/f.yaml", strings.Repeat("x", 700)), regular("g", "12"), special(tar.TypeSymlink, "l", "to"))
	layer := gzipped(t, archive)
	src, manifest := artifactOf(t, layerType, layer)
	for _, tt := range []struct {
		limit string
		just  int64
		set   func(o *unpacker.Options, n int64)
		entry string
	}{
		{"MaxCompressedSize", int64(len(layer)), func(o *unpacker.Options, n int64) { o.MaxCompressedSize = n }, ""},
		{"MaxSize", int64(len(archive)), func(o *unpacker.Options, n int64) { o.MaxSize = n }, ""},
		{"MaxFileSize", 700, func(o *unpacker.Options, n int64) { o.MaxFileSize = n }, "d/e/f.yaml"},
		{"MaxEntries", 5, func(o *unpacker.Options, n int64) { o.MaxEntries = int(n) }, "l"}, // one of them is not listed
		{"MaxPathLength", 10, func(o *unpacker.Options, n int64) { o.MaxPathLength = int(n) }, "d/e/f.yaml"},
		{"MaxDepth", 2, func(o *unpacker.Options, n int64) { o.MaxDepth = int(n) }, "d/e/f.yaml"},
		{"MaxNamesSize", 2 + 10 + 1 + 3, func(o *unpacker.Options, n int64) { o.MaxNamesSize = n }, "l"},
	} {
		t.Run(tt.limit, func(t *testing.T) {
			opts := unpacker.Options{SkipLinks: true}
			tt.set(&opts, tt.just)
			files, _, err := unpackBoth(t, src, manifest, opts)
			require.NoError(t, err)
			assert.Len(t, files, 2)

			tt.set(&opts, tt.just-1)
			_, _, err = unpackBoth(t, src, manifest, opts)
			requireKind(t, err, manifests.ErrLimitExceeded)
			var limitErr *manifests.LimitError
			require.ErrorAs(t, err, &limitErr)
			assert.Equal(t, manifests.LimitError{Limit: tt.limit, Max: tt.just - 1}, *limitErr)
			var entryErr *unpacker.EntryError
			if assert.Equal(t, tt.entry != "", assert.ErrorAs(ignoring{t}, err, &entryErr)) && entryErr != nil {
				assert.Equal(t, tt.entry, entryErr.Entry)
			}

			tt.set(&opts, -1)
			_, _, err = unpackBoth(t, src, manifest, opts)
			require.ErrorIs(t, err, manifests.ErrInvalidLimit)
			require.EqualError(t, err, "negative limit: "+tt.limit+" -1")

			tt.set(&opts, math.MaxInt)
			_, _, err = unpackBoth(t, src, manifest, opts)
			require.NoError(t, err)
		})
	}
}

// TestUnpackNested checks that archives within archives are files.
func TestUnpackNested(t *testing.T) {
	inner := gzipped(t, archiveOf(t, regular("../evil", "x")))
	for range 10 {
		inner = gzipped(t, archiveOf(t, regular("a.tar.gz", string(inner))))
	}
	src, manifest := artifactOf(t, layerType, inner)
	files, _, err := unpackBoth(t, src, manifest, unpacker.Options{})
	require.NoError(t, err)
	assert.Len(t, files, 1)
}
