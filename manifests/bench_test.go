package manifests_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/testing/benchtree"
	"github.com/kubeoci/oci/internal/testing/treegen"
	"github.com/kubeoci/oci/manifests"
)

func BenchmarkCollect(b *testing.B) {
	benchtree.Each(b, func(b *testing.B, dir string, shape treegen.Shape) {
		benchtree.Measure(b, 0)
		for b.Loop() {
			set, err := manifests.Collect(b.Context(), dir, manifests.Options{})
			require.NoError(b, err)
			require.Len(b, set.Files(), shape.Files)
		}
	})
}
