//go:build !race

// The race detector needs memory of its own.

package unpacker_test

import (
	"archive/tar"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/unpacker"
)

// TestUnpackHeaderMemory unpacks small files with large headers, of which archive/tar makes
// the name a part.
func TestUnpackHeaderMemory(t *testing.T) {
	const files, pad = 40, 1<<20 - 400
	for name, records := range map[string]map[string]string{
		"PAX records": {"zz.pad": strings.Repeat("x", pad)},
		"many PAX records": func() map[string]string {
			all := map[string]string{}
			for i := range 20_000 {
				all[fmt.Sprintf("A.%06d", i)] = "x"
			}
			return all
		}(),
	} {
		t.Run(name, func(t *testing.T) {
			src, manifest := bombOf(t, func(w *tar.Writer) {
				for i := range files {
					require.NoError(t, w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: fmt.Sprintf("ä%d", i), PAXRecords: records}))
				}
			})
			layers := 0
			for _, data := range src {
				layers += len(data)
			}
			require.Less(t, layers, 8<<20)
			requireMemory := func(opts unpacker.Options, refused bool) {
				var unpacked unpacker.Result
				var err error
				before := liveHeap()
				peak := peakOf(func() {
					_, unpacked, err = unpacker.UnpackFS(t.Context(), src, manifest, opts)
				})
				retained := int64(liveHeap()) - int64(before)
				assert.Less(t, retained, int64(4<<20), "retained")
				if refused {
					requireLimit(t, err, "MaxHeaderSize", 64<<10)
					assert.Less(t, peak, uint64(8<<20), "peak")
				} else {
					require.NoError(t, err)
					assert.Len(t, unpacked.Files, files)
				}
				runtime.KeepAlive(unpacked)
			}
			requireMemory(unpacker.Options{}, true)
			requireMemory(unpacker.Options{MaxHeaderSize: 4 << 20, MaxSize: 1 << 30}, false)
		})
	}
}

func requireLimit(t *testing.T, err error, limit string, most int64) {
	t.Helper()
	requireKind(t, err, manifests.ErrLimitExceeded)
	var limitErr *manifests.LimitError
	require.ErrorAs(t, err, &limitErr)
	assert.Equal(t, manifests.LimitError{Limit: limit, Max: most}, *limitErr)
}

// liveHeap returns the bytes of the objects that a collection leaves.
func liveHeap() uint64 {
	runtime.GC()
	runtime.GC() // finalizers
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
