package packager_test

import (
	"bytes"
	"io/fs"
	"strings"
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
		s.MapFS[name].Data = bytes.Replace(s.MapFS[name].Data, []byte("a: 1"), []byte("a: 2"), 1)
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
		{"large file, read for each copy", packager.LayoutBoth, 48<<10 + 1, manifests.ErrFileChanged},
		{"file of several blocks", packager.LayoutBoth, 512<<10 + 1, manifests.ErrFileChanged},
		{"small file, read once", packager.LayoutBoth, 48 << 10, nil},
		{"one copy", packager.LayoutRoot, 48<<10 + 1, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := "a: 1 #" + strings.Repeat("x", tt.size-6)
			files := swapped{fstest.MapFS{"a.yaml": {Data: []byte(text)}}, map[string]int{}}
			set, err := manifests.CollectFS(t.Context(), files, manifests.Options{})
			require.NoError(t, err)
			store := new(packager.Store)
			t.Cleanup(func() { require.NoError(t, store.Close()) })
			_, err = packager.Pack(t.Context(), store, set, tt.layout, packager.Options{Prefix: "app"})
			require.ErrorIs(t, err, tt.want)
		})
	}
}
