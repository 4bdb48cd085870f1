package unpacker_test

import (
	"archive/tar"
	"errors"
	"fmt"
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
	withPAX := regular("d/e/f.yaml", strings.Repeat("x", 700))
	withPAX.PAXRecords = map[string]string{"A.x": strings.Repeat("x", 600)}
	archive := archiveOf(t,
		directory("d/"), withPAX, regular("g", "12"), special(tar.TypeSymlink, "l", "to"))
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
		{"MaxHeaderSize", 512 + 1024 + 512, func(o *unpacker.Options, n int64) { o.MaxHeaderSize = n }, ""},
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

			tt.set(&opts, math.MaxInt64)
			_, _, err = unpackBoth(t, src, manifest, opts)
			require.NoError(t, err)
		})
	}
}

// TestUnpackHugeSizes declares sizes of files that nobody has, with every limit at its
// maximum.
func TestUnpackHugeSizes(t *testing.T) {
	opts := unpacker.Options{
		MaxCompressedSize: math.MaxInt64, MaxSize: math.MaxInt64, MaxFileSize: math.MaxInt64, MaxEntries: math.MaxInt,
		MaxPathLength: math.MaxInt, MaxDepth: math.MaxInt, MaxNamesSize: math.MaxInt64, MaxHeaderSize: math.MaxInt64,
	}
	for _, size := range []int64{1 << 31, 1 << 32, 1 << 40, 1 << 62, math.MaxInt64 - 1024, math.MaxInt64 - 511, math.MaxInt64 - 1, math.MaxInt64} {
		for name, before := range map[string][]byte{"first": nil, "second": rawEntry('0', "a", long(600))} {
			t.Run(fmt.Sprint(name, " ", size), func(t *testing.T) {
				record := fmt.Sprintf("28 size=%019d\n", size)
				archive := ended(before, rawPAX('x', record), rawEntry('0', "b", ""), make([]byte, 1<<20))
				src, manifest := artifactOf(t, layerType, gzipped(t, archive))
				for _, opts := range []unpacker.Options{{MaxSize: math.MaxInt64}, opts, {MaxFileSize: math.MaxInt64}} {
					_, _, err := unpackAll(t, src, manifest, opts)
					require.True(t, errors.Is(err, unpacker.ErrCorruptArtifact) || errors.Is(err, manifests.ErrLimitExceeded), "%v", err)
					_, _, err = unpacker.UnpackFS(t.Context(), src, manifest, opts)
					require.True(t, errors.Is(err, unpacker.ErrCorruptArtifact) || errors.Is(err, manifests.ErrLimitExceeded), "%v", err)
				}
			})
		}
	}
	src, manifest := artifactOf(t, layerType, gzipped(t, archiveOf(t, regular("a", long(5_000_000)), regular("b", ""))))
	files, _, err := unpackBoth(t, src, manifest, opts)
	require.NoError(t, err)
	assert.Len(t, files["a"], 5_000_000)
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

// A limit does not lower another one.
func TestUnpackHugeLimitsAreIndependent(t *testing.T) {
	e := regular("a", "")
	e.PAXRecords = map[string]string{"A.x": strings.Repeat("x", 60_000)}
	src, manifest := artifactOf(t, layerType, gzipped(t, archiveOf(t, e)))
	for _, opts := range []unpacker.Options{{MaxSize: math.MaxInt64}, {MaxSize: math.MaxInt64, MaxHeaderSize: math.MaxInt64}} {
		_, _, err := unpackBoth(t, src, manifest, opts)
		require.NoError(t, err)
	}
}
