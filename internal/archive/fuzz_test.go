package archive_test

import (
	"archive/tar"
	"io/fs"
	"maps"
	"math"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/testing/tartest"
)

// FuzzWrite archives a tree of the paths in a listing and reads it back.
func FuzzWrite(f *testing.F) {
	for _, listing := range []string{
		"", "a", "a\nb/c\nb/d/e", "a-b\na/x\na.yaml\na0", "größe\n日本/東京", strings.Repeat("n", 101), strings.Repeat("d", 156) + "/n",
		strings.Repeat("d/", 200) + "x", "20 path=x", "a\x7f\nb\x1b/c", "e\u0301/\u00e9",
	} {
		f.Add(listing, "content", 700)
	}
	for _, repeat := range []int64{0, -1, 1 << 31, 1 << 32, math.MaxInt64, math.MinInt64} {
		f.Add("a\nb/c", "content", int(repeat))
		f.Add("a\nb/c", "", int(repeat))
	}
	f.Add(strings.Repeat("n", 255)+"\n"+strings.Repeat("dddddddd/", 455)+"x", strings.Repeat("x", 512), 1)
	f.Fuzz(func(t *testing.T, listing, text string, repeat int) {
		tree, dirs := files{}, map[string]bool{}
		for i, name := range strings.Split(listing, "\n") {
			if !fs.ValidPath(name) || name == "." || strings.ContainsRune(name, 0) || dirs[name] || belowFile(tree, name) {
				continue
			}
			tree[name] = strings.Repeat(text, (i+1)*(repeat&0x3ff)%1000)
			for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
				dirs[dir] = true
			}
		}

		stream := write(t, tree)
		require.Equal(t, reference(t, tree, tree.entries()), stream)
		if _, found := tree[path.Clean(prefix)]; !found && !dirs[path.Clean(prefix)] {
			_, blocks := fill(t, tree, tree.pairs())
			require.Equal(t, reference(t, tree, tree.pairs()), slices.Concat(blocks...))
		}

		got, seen := files{}, map[string]bool{}
		var order []string
		for _, r := range tartest.Read(t, stream) {
			name, isDir := strings.CutSuffix(r.Name, "/")
			require.Equal(t, isDir, r.Typeflag == tar.TypeDir, "%q is a %c", r.Name, r.Typeflag)
			require.False(t, seen[name], "duplicate %q", name)
			require.True(t, path.Dir(name) == "." || dirs[path.Dir(name)] && seen[path.Dir(name)], "%q before its directory", name)
			seen[name] = true
			require.Zero(t, r.Uid+r.Gid)
			require.Empty(t, r.Uname+r.Gname+r.Linkname)
			require.True(t, r.ModTime.Equal(time.Unix(0, 0)))
			if isDir {
				require.EqualValues(t, 0o755, r.Mode)
				require.True(t, dirs[name], "directory %q of nothing", name)
				continue
			}
			require.EqualValues(t, tar.TypeReg, r.Typeflag)
			require.EqualValues(t, 0o644, r.Mode)
			got[name] = r.Text
			order = append(order, name)
		}
		require.Equal(t, tree, got)
		require.Equal(t, slices.Sorted(maps.Keys(tree)), order)
	})
}

func belowFile(tree files, name string) bool {
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		if _, ok := tree[dir]; ok {
			return true
		}
	}
	return false
}
