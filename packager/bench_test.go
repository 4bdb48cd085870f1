package packager_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/testing/benchtree"
	"github.com/kubeoci/oci/internal/testing/treegen"
	"github.com/kubeoci/oci/packager"
)

// BenchmarkPack packs trees of each shape, with one copy of the files and with two.
func BenchmarkPack(b *testing.B) {
	for _, layout := range []packager.Layout{packager.LayoutRoot, packager.LayoutBoth} {
		b.Run(string(layout), func(b *testing.B) {
			benchtree.Each(b, func(b *testing.B, dir string, _ treegen.Shape) {
				benchmarkPack(b, dir, layout, packager.Options{}, nil)
			})
		})
	}
}

// BenchmarkPackLevel measures the cost and the ratio of each level of compression.
func BenchmarkPackLevel(b *testing.B) {
	dir := benchtree.Write(b, treegen.Small())
	for level := 1; level <= 9; level++ {
		b.Run(fmt.Sprint(level), func(b *testing.B) {
			benchmarkPack(b, dir, packager.LayoutRoot, packager.Options{Level: level}, nil)
		})
	}
}

// BenchmarkPackCores measures the gain from more cores.
func BenchmarkPackCores(b *testing.B) {
	dir := benchtree.Write(b, treegen.Small())
	for cores := 1; cores <= runtime.NumCPU(); cores *= 2 {
		b.Run(fmt.Sprint(cores), func(b *testing.B) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
			benchmarkPack(b, dir, packager.LayoutRoot, packager.Options{}, nil)
		})
	}
}

// BenchmarkPackCached packs an unchanged tree again.
func BenchmarkPackCached(b *testing.B) {
	benchtree.Each(b, func(b *testing.B, dir string, _ treegen.Shape) {
		cache := new(packager.Cache)
		packCached(b, newPlan(b, collect(b, dir), packager.LayoutRoot, packager.Options{}), cache)
		benchmarkPack(b, dir, packager.LayoutRoot, packager.Options{}, cache)
	})
}

// BenchmarkDigest reads without compressing.
func BenchmarkDigest(b *testing.B) {
	benchtree.Each(b, func(b *testing.B, dir string, _ treegen.Shape) {
		set := collect(b, dir)
		benchtree.Measure(b, set.Size())
		for b.Loop() {
			_, err := newPlan(b, set, packager.LayoutRoot, packager.Options{}).Digest(b.Context())
			require.NoError(b, err)
		}
	})
}

func benchmarkPack(b *testing.B, dir string, layout packager.Layout, opts packager.Options, cache *packager.Cache) {
	set := collect(b, dir)
	var size int64
	benchtree.Measure(b, set.Size())
	for b.Loop() {
		store := new(packager.Store)
		result, err := newPlan(b, set, layout, opts).Pack(b.Context(), store, cache, nil)
		require.NoError(b, err)
		require.NoError(b, store.Close())
		size = result.Layer.Size
	}
	b.ReportMetric(float64(set.Size())/float64(size), "ratio")
}
