package packager_test

import (
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
)

// swapped returns other content of the same size from the second Open on.
type swapped struct {
	fstest.MapFS
	opened map[string]int
}

func (s swapped) Open(name string) (fs.File, error) {
	s.opened[name]++
	if s.opened[name] == 2 {
		s.MapFS[name].Data = []byte("a: 2")
	}
	return s.MapFS.Open(name)
}

// Both copies of the tree are of the same version.
func TestPackFindsAFileThatWasSwappedInBetween(t *testing.T) {
	for _, tt := range []struct {
		layout packager.Layout
		want   error
	}{
		{packager.LayoutBoth, manifests.ErrFileChanged},
		{packager.LayoutRoot, nil}, // reads it once
	} {
		t.Run(string(tt.layout), func(t *testing.T) {
			files := swapped{fstest.MapFS{"a.yaml": {Data: []byte("a: 1")}}, map[string]int{}}
			set, err := manifests.CollectFS(t.Context(), files, manifests.Options{})
			require.NoError(t, err)
			store := new(packager.Store)
			t.Cleanup(func() { require.NoError(t, store.Close()) })
			_, err = packager.Pack(t.Context(), store, set, tt.layout, packager.Options{Prefix: "app"})
			require.ErrorIs(t, err, tt.want)
		})
	}
}
