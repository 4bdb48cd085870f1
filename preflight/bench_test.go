package preflight_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/testing/benchtree"
	"github.com/kubeoci/oci/internal/testing/treegen"
	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/preflight"
)

func BenchmarkCheck(b *testing.B) {
	benchtree.Each(b, func(b *testing.B, dir string, _ treegen.Shape) {
		set, err := manifests.Collect(b.Context(), dir, manifests.Options{})
		require.NoError(b, err)
		a := artifact(b, set, flux)
		benchtree.Measure(b, set.Size())
		for b.Loop() {
			_, err := preflight.Check(b.Context(), a, preflight.Options{})
			require.NoError(b, err)
		}
	})
}

// BenchmarkCheckParsed checks files that a Cache holds, so that none is read.
func BenchmarkCheckParsed(b *testing.B) {
	benchtree.Each(b, func(b *testing.B, dir string, _ treegen.Shape) {
		set, err := manifests.Collect(b.Context(), dir, manifests.Options{})
		require.NoError(b, err)
		cache := new(preflight.Cache)
		for _, layout := range []packager.Layout{packager.LayoutRoot, packager.LayoutBoth} {
			b.Run(string(layout), func(b *testing.B) {
				plan, err := packager.NewPlan(set, layout, packager.Options{Prefix: "shop"})
				require.NoError(b, err)
				a := preflight.Artifact{Plan: plan, Cache: cache}
				check := func() {
					_, err := preflight.Check(b.Context(), a, preflight.Options{})
					require.NoError(b, err)
				}
				check()
				b.ReportAllocs()
				for b.Loop() {
					check()
				}
			})
		}
	})
}
