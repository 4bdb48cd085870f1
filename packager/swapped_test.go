package packager_test

import (
	"io/fs"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
)

// swapped returns other content of the same size from the second Open on.
type swapped struct {
	fstest.MapFS
	after fstest.MapFS

	mu     sync.Mutex
	opened map[string]int
}

func (s *swapped) Open(name string) (fs.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.opened[name]++; s.opened[name] > 1 && name != "." {
		return s.after.Open(name)
	}
	return s.MapFS.Open(name)
}

// Both copies of the tree are of the same version.
func TestPackFindsAFileThatWasSwappedInBetween(t *testing.T) {
	for _, tt := range []struct {
		name   string
		layout packager.Layout
		size   int
		want   error
	}{
		{"file of several blocks, read for each copy", packager.LayoutBoth, 512<<10 + 1, manifests.ErrFileChanged},
		{"file of one block, read once", packager.LayoutBoth, 512 << 10, nil},
		{"file that shares a block with its copy", packager.LayoutBoth, 48 << 10, nil},
		{"one copy", packager.LayoutRoot, 512<<10 + 1, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			end := strings.Repeat("x", tt.size-6)
			files := &swapped{
				MapFS:  fstest.MapFS{"a.yaml": {Data: []byte("a: 1 #" + end)}},
				after:  fstest.MapFS{"a.yaml": {Data: []byte("a: 2 #" + end)}},
				opened: map[string]int{},
			}
			set, err := manifests.CollectFS(t.Context(), files, manifests.Options{})
			require.NoError(t, err)
			store := new(packager.Store)
			t.Cleanup(func() { require.NoError(t, store.Close()) })
			_, err = packager.Pack(t.Context(), store, set, tt.layout, packager.Options{Prefix: "app"})
			require.ErrorIs(t, err, tt.want)
		})
	}
}
