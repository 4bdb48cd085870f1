//go:build unix

package unpacker_test

import (
	"fmt"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/testing/benchtree"
	"github.com/kubeoci/oci/internal/testing/treegen"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/unpacker"
)

// BenchmarkUnpack unpacks trees of each shape to disk. The directories stay until the end,
// because ext4 searches longer for a free inode when many were removed a minute ago.
func BenchmarkUnpack(b *testing.B) {
	eachArtifact(b, func(b *testing.B, p packed) {
		parent := b.TempDir()
		for i := 0; b.Loop(); i++ {
			_, err := unpacker.Unpack(b.Context(), p.store, p.Manifest, filepath.Join(parent, fmt.Sprint(i)), unpacker.Options{})
			require.NoError(b, err)
		}
	})
}

// BenchmarkUnpackFS unpacks trees of each shape to memory.
func BenchmarkUnpackFS(b *testing.B) {
	eachArtifact(b, func(b *testing.B, p packed) {
		for b.Loop() {
			_, _, err := unpacker.UnpackFS(b.Context(), p.store, p.Manifest, unpacker.Options{MaxSize: packager.MaxArchiveSize})
			require.NoError(b, err)
		}
	})
}

// eachArtifact runs a benchmark for each tree in a Store, and reports the CPU time of one
// operation.
func eachArtifact(b *testing.B, run func(b *testing.B, p packed)) {
	benchtree.Each(b, func(b *testing.B, dir string, _ treegen.Shape) {
		set := collect(b, dir)
		p := pack(b, set, packager.LayoutBoth, packager.Options{})
		benchtree.Measure(b, 2*set.Size())
		before := cpuTime(b)
		run(b, p)
		b.ReportMetric(float64((cpuTime(b)-before).Microseconds())/1e3/float64(b.N), "cpu-ms/op")
	})
}

// cpuTime returns the CPU time of the process so far.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
