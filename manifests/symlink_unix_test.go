//go:build unix

package manifests_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
)

func TestLinks(t *testing.T) {
	for _, tt := range linkTests {
		t.Run(tt.name, func(t *testing.T) {
			set, err := manifests.Collect(t.Context(), tt.tree.dir(t), manifests.Options{})
			if tt.err != nil {
				require.Nil(t, set)
				assert.Equal(t, tt.target, requirePathError(t, err, tt.err, tt.path).Target)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tt.want, contents(t, set))
			assert.Equal(t, tt.skipped, set.Skipped())
		})
	}
}

// The links lead into the tree, but would not if it were copied elsewhere.
func TestLinksNamingTheTree(t *testing.T) {
	for _, tt := range []struct {
		name   string
		target func(dir string) string
	}{
		{"absolute", func(dir string) string { return filepath.Join(dir, "a.yaml") }},
		{"out and in again", func(dir string) string { return "../" + filepath.Base(dir) + "/a.yaml" }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := tree{"a.yaml": "a"}.dir(t)
			target := tt.target(dir)
			require.NoError(t, os.Symlink(target, filepath.Join(dir, "b.yaml")))
			require.FileExists(t, filepath.Join(dir, "b.yaml"))

			_, err := manifests.Collect(t.Context(), dir, manifests.Options{})
			assert.Equal(t, target, requirePathError(t, err, manifests.ErrSymlinkEscapes, "b.yaml").Target)
		})
	}
}

func TestLinkAsSource(t *testing.T) {
	parent := tree{"v1/a.yaml": "old", "v2/a.yaml": "new", "current": linkTo + "v1", "stable": linkTo + "current"}.dir(t)
	set, err := manifests.Collect(t.Context(), filepath.Join(parent, "stable"), manifests.Options{})
	require.NoError(t, err)
	assert.Equal(t, "stable", set.Name())
	assert.Equal(t, map[string]string{"a.yaml": "old"}, contents(t, set))

	t.Run("replaced by another tree", func(t *testing.T) {
		require.NoError(t, os.Remove(filepath.Join(parent, "current")))
		require.NoError(t, os.Symlink("v2", filepath.Join(parent, "current")))
		require.NoError(t, os.Chtimes(filepath.Join(parent, "v2", "a.yaml"), longAgo, longAgo))
		reader, err := set.Open()
		require.NoError(t, err)
		_, err = readFile(reader, set.Files()[0])
		requirePathError(t, err, manifests.ErrFileChanged, "a.yaml")
	})
	t.Run("to nothing", func(t *testing.T) {
		link := filepath.Join(parent, "dangling")
		require.NoError(t, os.Symlink("missing", link))
		_, err := manifests.Collect(t.Context(), link, manifests.Options{})
		requirePathError(t, err, manifests.ErrPathNotFound, link)
	})
	t.Run("to a file", func(t *testing.T) {
		link := filepath.Join(parent, "file")
		require.NoError(t, os.Symlink("v1/a.yaml", link))
		_, err := manifests.Collect(t.Context(), link, manifests.Options{})
		requirePathError(t, err, manifests.ErrPathNotDirectory, link)
	})
}

// FuzzLinks compares with the operating system. The tree contains two links of the
// fuzzer's choice among fixed files and directories.
func FuzzLinks(f *testing.F) {
	for _, targets := range [][2]string{
		{"a.yaml", "x/b.yaml"}, {"link2", "x/y"}, {"link2", "../link1"}, {"x/y/../b.yaml", "../x"}, {"x/..", "."}, {"../a.yaml", "/"},
		{"x/link2/../../a.yaml", "y"}, {"missing", "../../.."}, {"a.yaml/", "b.yaml/.."}, {"x//y/./", "../a.yaml"}, {"x/link2/c.yaml", "y"},
		{"", "."}, {"\x00", "\xff"}, {"-1", "0"}, {"2147483648", "9223372036854775807"}, {".", ".."}, {"//", "x/"}, {"link1", "link2"}, {"x/link2", "../link1"},
		{strings.Repeat("n", 255), strings.Repeat("n", 256)}, {strings.Repeat("x/../", 100) + "a.yaml", strings.Repeat("./", 2000) + "b.yaml"},
		{strings.Repeat("x/../", 249) + "a.yaml", strings.Repeat("y/../", 250) + "b.yaml"}, {strings.Repeat("a", 4095), strings.Repeat("/", 4096)},
	} {
		f.Add(targets[0], targets[1])
	}
	f.Fuzz(func(t *testing.T, target1, target2 string) {
		if target1 == "" || target2 == "" || strings.ContainsRune(target1+target2, 0) {
			return // there are no such links
		}
		dir, err := filepath.EvalSymlinks(tree{"in/a.yaml": "a", "in/x/b.yaml": "b", "in/x/y/c.yaml": "c", "a.yaml": "out"}.dir(t))
		require.NoError(t, err)
		root := filepath.Join(dir, "in")
		if os.Symlink(target1, filepath.Join(root, "link1")) != nil || os.Symlink(target2, filepath.Join(root, "x", "link2")) != nil {
			return // too long
		}

		set, err := manifests.Collect(t.Context(), root, manifests.Options{})
		var pathErr *manifests.PathError
		if errors.As(err, &pathErr) {
			link := filepath.Join(root, pathErr.Path)
			info, statErr := os.Stat(link)
			switch {
			case errors.Is(err, manifests.ErrSymlinkDangling):
				require.Error(t, statErr, "%v, but it exists", err)
			case errors.Is(err, manifests.ErrSymlinkLoop) && statErr == nil:
				tooLong := strings.Count(target1+target2, "/") >= 250 // in 500 elements
				require.True(t, info.IsDir() || tooLong, "%v, but it is a file", err)
			case errors.Is(err, manifests.ErrSymlinkEscapes) && statErr == nil:
				end, err := filepath.EvalSymlinks(link)
				require.NoError(t, err)
				outside := end != root && !strings.HasPrefix(end, root+"/")
				require.True(t, outside || strings.Contains(target1+target2, "..") || strings.HasPrefix(target1, "/") || strings.HasPrefix(target2, "/"),
					"%v, but it is %s", pathErr, end)
			}
			return
		}
		require.NoError(t, err)
		for name, text := range contents(t, set) {
			end, err := filepath.EvalSymlinks(filepath.Join(root, name))
			require.NoError(t, err, name)
			require.True(t, strings.HasPrefix(end, root+"/"), "%s is %s", name, end)
			want, err := os.ReadFile(end)
			require.NoError(t, err, name)
			require.Equal(t, string(want), text, name)
		}
	})
}

// The tree is the one that other programs find, whatever links lead there.
func TestCollectRelativeToALink(t *testing.T) {
	top := tree{"data/app/a.yaml": "theirs", "data/sub/b.yaml": "b", "work/app/a.yaml": "another"}.dir(t)
	require.NoError(t, os.Symlink("../data/sub", filepath.Join(top, "work", "link")))
	for _, tt := range []struct{ name, wd, dir string }{
		{"above a working directory that is a link", "work/link", "../app"},
		{"above a link", "work", "link/../app"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Chdir(filepath.Join(top, tt.wd))
			set, err := manifests.Collect(t.Context(), tt.dir, manifests.Options{})
			require.NoError(t, err)
			assert.Equal(t, "app", set.Name())
			assert.Equal(t, map[string]string{"a.yaml": "theirs"}, contents(t, set))
		})
	}
}
