package manifests_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
)

func BenchmarkCollect(b *testing.B) {
	const files = 2000
	texts := tree{}
	for i := range files {
		texts[fmt.Sprintf("team-%02d/app-%02d/%04d.yaml", i%20, i%100, i)] = "kind: ConfigMap\n"
	}
	dir := texts.dir(b)
	b.ReportAllocs()
	for b.Loop() {
		set, err := manifests.Collect(b.Context(), dir, manifests.Options{})
		require.NoError(b, err)
		require.Len(b, set.Files(), files)
	}
}
