package preflight_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/testing/benchtree"
	"github.com/kubeoci/oci/internal/testing/treegen"
	"github.com/kubeoci/oci/manifests"
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
