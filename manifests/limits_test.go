package manifests_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
)

func TestLimits(t *testing.T) {
	texts := tree{"a.yaml": "123", "b/c.yaml": "12345", "b/d/e.yaml": "12", "long.txt": strings.Repeat("x", 100)}
	for _, tt := range []struct {
		name string
		opts manifests.Options
		path string // of the refused entry, or ""
		want manifests.LimitError
	}{
		{name: "files at the limit", opts: manifests.Options{MaxFiles: 3}},
		{"one file more", manifests.Options{MaxFiles: 2}, "b/d/e.yaml", manifests.LimitError{Limit: "MaxFiles", Max: 2}},
		{name: "file at the limit", opts: manifests.Options{MaxFileSize: 5}},
		{"one byte more in a file", manifests.Options{MaxFileSize: 4}, "b/c.yaml", manifests.LimitError{Limit: "MaxFileSize", Max: 4}},
		{name: "total at the limit", opts: manifests.Options{MaxTotalSize: 10}},
		{"one byte more in all", manifests.Options{MaxTotalSize: 9}, "b/d/e.yaml", manifests.LimitError{Limit: "MaxTotalSize", Max: 9}},
		{name: "depth at the limit", opts: manifests.Options{MaxDepth: 2}},
		{"one directory deeper", manifests.Options{MaxDepth: 1}, "b/d", manifests.LimitError{Limit: "MaxDepth", Max: 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			collectEachWay(t, texts, tt.opts, func(t *testing.T, set *manifests.Set, err error) {
				if tt.path == "" {
					require.NoError(t, err)
					assert.Len(t, set.Files(), 3)
					return
				}
				require.Nil(t, set)
				requirePathError(t, err, manifests.ErrLimitExceeded, tt.path)
				var limit *manifests.LimitError
				require.ErrorAs(t, err, &limit)
				assert.Equal(t, tt.want, *limit)
			})
		})
	}
}

func TestLimitsNegative(t *testing.T) {
	for name, opts := range map[string]manifests.Options{
		"MaxFiles":     {MaxFiles: -1},
		"MaxFileSize":  {MaxFileSize: -1},
		"MaxTotalSize": {MaxTotalSize: -1},
		"MaxDepth":     {MaxDepth: -1},
		"MaxEntries":   {MaxEntries: -1},
		"MaxNamesSize": {MaxNamesSize: -1}, "MaxIgnoreSize": {MaxIgnoreSize: -1}, "MaxReferences": {MaxReferences: -1},
	} {
		t.Run(name, func(t *testing.T) {
			collectEachWay(t, tree{"a.yaml": "a"}, opts, func(t *testing.T, set *manifests.Set, err error) {
				require.Nil(t, set)
				requirePathError(t, err, manifests.ErrInvalidLimit, name)
				assert.NotErrorIs(t, err, manifests.ErrLimitExceeded)
			})
		})
	}
}

func TestDefaultMaxDepth(t *testing.T) {
	deep := strings.Repeat("d/", 100)
	set, err := manifests.CollectFS(t.Context(), tree{deep + "a.yaml": "a"}.mapFS(), manifests.Options{})
	require.NoError(t, err)
	assert.Equal(t, []string{deep + "a.yaml"}, paths(set))

	_, err = manifests.CollectFS(t.Context(), tree{deep + "d/a.yaml": "a"}.mapFS(), manifests.Options{})
	requirePathError(t, err, manifests.ErrLimitExceeded, deep+"d")
}

// A directory counts as often as it is found.
func TestLimitsThroughLinks(t *testing.T) {
	fsys := tree{"real/a.yaml": "12", "link1": linkTo + "real", "link2": linkTo + "real"}.mapFS()
	_, err := manifests.CollectFS(t.Context(), fsys, manifests.Options{MaxTotalSize: 5})
	requirePathError(t, err, manifests.ErrLimitExceeded, "real/a.yaml")

	set, err := manifests.CollectFS(t.Context(), fsys, manifests.Options{MaxTotalSize: 6})
	require.NoError(t, err)
	assert.EqualValues(t, 6, set.Size())
}
