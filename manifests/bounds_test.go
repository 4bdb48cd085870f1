package manifests_test

import (
	"fmt"
	"io/fs"
	"path"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
)

// deep is a path of 15 directories with names of 240 letters.
var deep = strings.TrimPrefix(strings.Repeat("/"+strings.Repeat("d", 240), 15), "/")

// linked returns a tree in which 100 links at a long path lead to a directory of 1,000
// entries. It has few names, and git can store it.
func linked(name, text string) tree {
	tr := tree{"a.yaml": "a"}
	for i := range 1000 {
		tr[fmt.Sprintf("target/%03d%s", i, name)] = text
	}
	for i := range 100 {
		tr[fmt.Sprintf("%s/l%02d", deep, i)] = linkTo + strings.Repeat("../", 15) + "target"
	}
	return tr
}

// Few entries, each of them small, that would fill the memory of a process.
func TestTreesThatFillMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("measures memory, of which the race detector takes some itself")
	}
	rules := strings.Repeat("*a*\n", 16_000)
	for _, tt := range []struct {
		name  string
		texts tree
		limit string
		max   int64
	}{
		{"names that are skipped", linked(strings.Repeat("n", 190), "x"), "MaxNamesSize", 24 << 20},
		{"names of files", linked(strings.Repeat("n", 190)+".yaml", "x"), "MaxNamesSize", 24 << 20},
		{"names of directories", linked(strings.Repeat("n", 190)+"/", ""), "MaxNamesSize", 24 << 20},
		{"links to long paths", func() tree {
			tr := tree{deep + "/a.yaml": "a"}
			for i := range 7_200 {
				tr[fmt.Sprintf("l/%d.yaml", i)] = linkTo + "../" + deep + "/a.yaml"
			}
			return tr
		}(), "MaxNamesSize", 24 << 20},
		{"references that are long", func() tree {
			tr := tree{}
			for i := range 26 {
				tr[fmt.Sprintf("%d/kustomization.yaml", i)] = naming("./" + strings.Repeat("x", 1_000_000))
			}
			return tr
		}(), "MaxNamesSize", 24 << 20},
		{"references", tree{
			"a/kustomization.yaml": "namespace: a",
			"b/kustomization.yaml": "resources:\n" + strings.Repeat("- ../a\n", 101_000),
			"c/kustomization.yaml": "resources:\n" + strings.Repeat("- ../a\n", 101_000),
		}, "MaxReferences", 200_000},
		{"ignore files", func() tree {
			tr := tree{"a.yaml": "a"}
			for i := range 20 {
				tr[fmt.Sprintf("%d/.sourceignore", i)] = rules
			}
			return tr
		}(), "MaxIgnoreSize", 1 << 20},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := manifests.CollectFS(t.Context(), index(tt.texts.mapFS()), manifests.Options{})
			require.ErrorIs(t, err, manifests.ErrLimitExceeded)
			var limit *manifests.LimitError
			require.ErrorAs(t, err, &limit)
			assert.Equal(t, manifests.LimitError{Limit: tt.limit, Max: tt.max}, *limit)
			var pathErr *manifests.PathError
			require.ErrorAs(t, err, &pathErr)
			assert.Contains(t, pathErr.Hint(), "or raise Collect."+tt.limit)
		})
	}
}

// indexFS lists directories without a look at all files.
type indexFS struct {
	fstest.MapFS
	entries map[string][]fs.DirEntry
}

func index(fsys fstest.MapFS) indexFS {
	x := indexFS{fsys, map[string][]fs.DirEntry{}}
	seen := map[string]bool{}
	for name := range fsys {
		for at := name; at != "." && !seen[at]; at = path.Dir(at) {
			seen[at] = true
			info, err := fsys.Lstat(at)
			if err != nil {
				panic(err)
			}
			x.entries[path.Dir(at)] = append(x.entries[path.Dir(at)], fs.FileInfoToDirEntry(info))
		}
	}
	return x
}

func (x indexFS) ReadDir(name string) ([]fs.DirEntry, error) { return x.entries[name], nil }

func TestLimitsOfNames(t *testing.T) {
	for _, tt := range []struct {
		name  string
		texts tree
		opts  manifests.Options
		limit string // that one less exceeds
		path  string
	}{
		{"names, included or not", tree{"a.yaml": "a", "b/c.yaml": "c", "b/d/": "", "e.txt": "e"}, manifests.Options{MaxNamesSize: 6 + 1 + 8 + 3 + 5}, "MaxNamesSize", "b"},
		{"names behind a link, and its target", tree{"a/b.yaml": "b", "l": linkTo + "a"}, manifests.Options{MaxNamesSize: 2 + 8 + 1 + (8 + 8)}, "MaxNamesSize", "l"},
		{"paths and fields of references", tree{"kustomization.yaml": naming("a.yaml"), "a.yaml": "a"}, manifests.Options{MaxNamesSize: 18 + 6 + 6 + 12}, "MaxNamesSize", "kustomization.yaml"},
		{"references", tree{"kustomization.yaml": naming("a.yaml", "b"), "b/kustomization.yaml": naming("a.yaml"), "a.yaml": "a"}, manifests.Options{MaxReferences: 3}, "MaxReferences", "kustomization.yaml"},
		{"ignore files", tree{"a/.sourceignore": "x\n", "b/.sourceignore": "xy\n", "a.yaml": "a"}, manifests.Options{MaxIgnoreSize: 5}, "MaxIgnoreSize", "b/.sourceignore"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			collectEachWay(t, tt.texts, tt.opts, func(t *testing.T, _ *manifests.Set, err error) { require.NoError(t, err) })
			less := tt.opts
			less.MaxNamesSize, less.MaxIgnoreSize, less.MaxReferences = max(0, less.MaxNamesSize-1), max(0, less.MaxIgnoreSize-1), max(0, less.MaxReferences-1)
			collectEachWay(t, tt.texts, less, func(t *testing.T, _ *manifests.Set, err error) {
				requirePathError(t, err, manifests.ErrLimitExceeded, tt.path)
				var limit *manifests.LimitError
				require.ErrorAs(t, err, &limit)
				assert.Equal(t, tt.limit, limit.Limit)
			})
		})
	}
}

// The rules for one directory are bounded, in however many files they are.
func TestNestedIgnoreFilesAreBounded(t *testing.T) {
	rules := strings.Repeat("*Q*\n", 1<<13) // 32 KiB
	collectEachWay(t, tree{".sourceignore": rules, "x/.sourceignore": rules, "y/.sourceignore": rules, "x/b.yaml": "b"}, manifests.Options{}, func(t *testing.T, set *manifests.Set, err error) {
		require.NoError(t, err)
		assert.Equal(t, []string{"x/b.yaml"}, paths(set))
	})
	collectEachWay(t, tree{".sourceignore": rules, "x/.sourceignore": rules, "x/y/.sourceignore": "b", "x/b.yaml": "b"}, manifests.Options{}, func(t *testing.T, _ *manifests.Set, err error) {
		requirePathError(t, err, manifests.ErrInvalidIgnore, "x/y/.sourceignore")
	})
}

// countingFS counts how often each file is opened.
type countingFS struct {
	fstest.MapFS
	opened map[string]int
}

func (c countingFS) Open(name string) (fs.File, error) {
	c.opened[path.Base(name)]++
	return c.MapFS.Open(name)
}

// An ignore file is read once, and its rules apply wherever links lead to it.
func TestIgnoreFileBehindLinks(t *testing.T) {
	tr := tree{"real/.sourceignore": "/x.yaml\n", "real/x.yaml": "x", "real/y.yaml": "y"}
	for i := range 10 {
		tr[fmt.Sprintf("l%d", i)] = linkTo + "real"
	}
	fsys := countingFS{tr.mapFS(), map[string]int{}}
	set, err := manifests.CollectFS(t.Context(), fsys, manifests.Options{})
	require.NoError(t, err)
	assert.Equal(t, 1, fsys.opened[".sourceignore"])
	assert.Len(t, set.Files(), 11)
	ignored := 0
	for _, s := range set.Skipped() {
		if s.Reason == manifests.ReasonIgnored {
			ignored++
			assert.Equal(t, manifests.Skipped{Path: path.Dir(s.Path) + "/x.yaml", Reason: manifests.ReasonIgnored, Pattern: "/x.yaml", Source: path.Dir(s.Path) + "/.sourceignore:1"}, s)
		}
	}
	assert.Equal(t, 11, ignored)
}

func TestIncludePatternsAreBounded(t *testing.T) {
	_, err := manifests.Options{Include: []string{strings.Repeat("*", 1<<16)}}.Resolve()
	require.NoError(t, err)
	_, err = manifests.Options{Include: []string{"*.env", strings.Repeat("*", 1<<16)}}.Resolve()
	requirePathError(t, err, manifests.ErrInvalidPattern, "Include")
}
