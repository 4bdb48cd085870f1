// Package benchtree writes trees for benchmarks and measures their peak memory.
package benchtree

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/testing/treegen"
)

// Each runs a benchmark for a tree of each shape. With -short it skips the largest,
// which take seconds to write and to pack.
func Each(b *testing.B, run func(b *testing.B, dir string, shape treegen.Shape)) {
	for _, shape := range treegen.Shapes() {
		b.Run(shape.Name, func(b *testing.B) {
			if testing.Short() && shape.Bytes > treegen.Small().Bytes {
				b.Skip("large trees are skipped with -short")
			}
			run(b, Write(b, shape), shape)
		})
	}
}

// Write writes a tree that is removed at the end of the benchmark.
func Write(b *testing.B, shape treegen.Shape) string {
	b.Helper()
	dir := filepath.Join(b.TempDir(), "tree")
	require.NoError(b, treegen.Write(dir, shape, 1))
	return dir
}

// Measure reports allocations, bytes per second and, on Linux, the peak memory of the
// process since the call. Call it right before the loop.
func Measure(b *testing.B, bytes int64) {
	b.ReportAllocs()
	b.SetBytes(bytes)
	// proc(5): 5 resets the peak.
	if os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) != nil {
		return
	}
	b.Cleanup(func() {
		if peak, ok := peakRSS(); ok {
			b.ReportMetric(peak, "peak-MiB")
		}
	})
}

// peakRSS returns the peak in MiB.
func peakRSS() (float64, bool) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, false
	}
	_, line, found := strings.Cut(string(status), "VmHWM:")
	fields := strings.Fields(line)
	if !found || len(fields) == 0 {
		return 0, false
	}
	kib, err := strconv.ParseFloat(fields[0], 64)
	return kib / 1024, err == nil
}
