package packager_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
)

// TestOnFile is told of all files but those that are in several blocks.
func TestOnFile(t *testing.T) {
	texts := manyBlocks(t)
	texts["empty.json"] = ""
	fsys := fsOf(texts)
	set, err := manifests.CollectFS(t.Context(), fsys, manifests.Options{AllowEmptyFiles: true})
	require.NoError(t, err)
	delete(texts, "large.yaml")
	for engine, times := range map[packager.GitOpsEngine]int{
		packager.GitOpsEngineFlux: 1, packager.GitOpsEngineArgoCD: 1, packager.GitOpsEngineNone: 2,
	} {
		t.Run(string(engine), func(t *testing.T) {
			var mu sync.Mutex
			got, count := map[string]string{}, map[string]int{}
			opts := packager.Options{Engine: engine, Prefix: "app", OnFile: func(f manifests.File, content []byte) {
				mu.Lock()
				defer mu.Unlock()
				got[f.Path] = string(content)
				count[f.Path]++
			}}
			packer, err := packager.NewPacker(set, opts)
			require.NoError(t, err)
			_, err = packer.Content(t.Context())
			require.NoError(t, err)
			require.Empty(t, got, "nothing is packed")
			pack(t, set, opts)
			assert.Equal(t, texts, got)
			for path, n := range count {
				assert.Equal(t, times, n, path)
			}
		})
	}
}
