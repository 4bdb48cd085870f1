package manifests_test

import (
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
)

func TestInclude(t *testing.T) {
	texts := tree{
		"a.yaml": "a", "app.properties": "p", "base/app.properties": "p", "base/.env": "e", "base/Dockerfile": "d", "README.md": "r",
		"empty.env": "", "x.PROPERTIES": "x", ".git/app.properties": "g", "props.d/x.txt": "t",
	}
	for _, tt := range []struct {
		name     string
		patterns []string
		files    []string
	}{
		{"none", nil, []string{"a.yaml"}},
		{"in any directory", []string{"*.properties"}, []string{"a.yaml", "app.properties", "base/app.properties"}},
		{"several", []string{"*.env", "Docker*"}, []string{"a.yaml", "base/.env", "base/Dockerfile", "empty.env"}},
		{"whole name", []string{"README.md", "readme.MD", "README"}, []string{"README.md", "a.yaml"}},
		{"class and single character", []string{"[A-Z]*.??"}, []string{"README.md", "a.yaml"}},
		{"escaped", []string{`\*.properties`, `app\.properties`}, []string{"a.yaml", "app.properties", "base/app.properties"}},
		{"manifests, again", []string{"*.yaml", "*.yaml"}, []string{"a.yaml"}},
		{"name of a directory", []string{"props.d", "base", ".git"}, []string{"a.yaml"}},
		{"all", []string{"*"}, []string{
			"README.md", "a.yaml", "app.properties", "base/.env", "base/Dockerfile", "base/app.properties", "empty.env", "props.d/x.txt", "x.PROPERTIES",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			collectEachWay(t, texts, manifests.Options{Include: tt.patterns}, func(t *testing.T, set *manifests.Set, err error) {
				require.NoError(t, err)
				assert.Equal(t, tt.files, paths(set))
				assert.Len(t, set.Skipped(), len(texts)-len(tt.files), "every other file is reported")
				assert.Equal(t, "a", contents(t, set)["a.yaml"])
			})
		})
	}
}

// Included files obey the rules of manifests.
func TestIncludeAsManifests(t *testing.T) {
	opts := manifests.Options{Include: []string{"*.env"}}
	for _, tt := range []struct {
		name string
		fsys fstest.MapFS
		err  error
		path string
	}{
		{"special file", fstest.MapFS{"a.env": {Mode: fs.ModeNamedPipe}}, manifests.ErrSpecialFile, "a.env"},
		{"name", tree{"a\nb.env": "a"}.mapFS(), manifests.ErrInvalidName, "a\nb.env"},
		{"link", tree{"a.env": linkTo + "b"}.mapFS(), manifests.ErrSymlinkDangling, "a.env"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := manifests.CollectFS(t.Context(), tt.fsys, opts)
			requirePathError(t, err, tt.err, tt.path)
		})
	}
	t.Run("link's name counts", func(t *testing.T) {
		set, err := manifests.CollectFS(t.Context(), tree{"a.yaml": "a", "b.env": linkTo + "c.txt", "c.txt": "c"}.mapFS(), opts)
		require.NoError(t, err)
		assert.Equal(t, map[string]string{"a.yaml": "a", "b.env": "c"}, contents(t, set))
	})
	t.Run("limits", func(t *testing.T) {
		opts.MaxTotalSize = 2
		_, err := manifests.CollectFS(t.Context(), tree{"a.env": "12", "a.yaml": "3"}.mapFS(), opts)
		requirePathError(t, err, manifests.ErrLimitExceeded, "a.yaml")
	})
}

func TestIncludeRefused(t *testing.T) {
	for _, pattern := range []string{"", "[", "a[", "[]", "[z-a", `a\`, "base/*.env", "/", "**/x"} {
		collectEachWay(t, tree{"a.yaml": "a"}, manifests.Options{Include: []string{"*.env", pattern}}, func(t *testing.T, set *manifests.Set, err error) {
			require.Nil(t, set)
			requirePathError(t, err, manifests.ErrInvalidPattern, pattern)
		})
	}
}
