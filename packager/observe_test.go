package packager_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
)

// TestPackObserve checks that all files are observed, except those that span
// several blocks.
func TestPackObserve(t *testing.T) {
	texts := manyBlocks(t)
	texts["empty.json"] = ""
	fsys := fsOf(texts)
	set, err := manifests.CollectFS(t.Context(), fsys, manifests.Options{})
	require.NoError(t, err)
	delete(texts, "large.yaml")
	for _, layout := range layouts {
		t.Run(string(layout), func(t *testing.T) {
			var mu sync.Mutex
			got, count := map[string]string{}, map[string]int{}
			store := new(packager.Store)
			defer func() { assert.NoError(t, store.Close()) }()
			_, err := newPlan(t, set, layout, packager.Options{Prefix: "app"}).Pack(t.Context(), store, nil, func(f manifests.File, content []byte) {
				mu.Lock()
				defer mu.Unlock()
				got[f.Path] = string(content)
				count[f.Path]++
			})
			require.NoError(t, err)
			assert.Equal(t, texts, got)
			for path, n := range count {
				assert.Equal(t, 1, n, path)
			}
		})
	}
}
