package manifests_test

import (
	"fmt"
	"io/fs"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
)

// linkTests are trees with symbolic links, the same in memory and on disk.
var linkTests = []struct {
	name    string
	tree    tree
	want    map[string]string // the collected files
	skipped []manifests.Skipped
	err     error  // instead,
	path    string // of this link
	target  string // with this target
}{
	{
		name: "file",
		tree: tree{"real/a.yaml": "a", "link.yaml": linkTo + "real/a.yaml"},
		want: map[string]string{"real/a.yaml": "a", "link.yaml": "a"},
	},
	{
		name: "file above",
		tree: tree{"a.yaml": "a", "sub/link.yaml": linkTo + "../a.yaml"},
		want: map[string]string{"a.yaml": "a", "sub/link.yaml": "a"},
	},
	{
		name:    "link with a manifest's name",
		tree:    tree{"a.txt": "a", "a.yaml": linkTo + "a.txt"},
		want:    map[string]string{"a.yaml": "a"},
		skipped: []manifests.Skipped{{Path: "a.txt", Reason: manifests.ReasonExtension}},
	},
	{
		name:    "link without a manifest's name",
		tree:    tree{"a.yaml": "a", "current": linkTo + "a.yaml"},
		want:    map[string]string{"a.yaml": "a"},
		skipped: []manifests.Skipped{{Path: "current", Reason: manifests.ReasonExtension}},
	},
	{
		name: "directory",
		tree: tree{"real/sub/a.yaml": "a", "link": linkTo + "real"},
		want: map[string]string{"real/sub/a.yaml": "a", "link/sub/a.yaml": "a"},
	},
	{
		name: "directory, by a name with an extension and a trailing slash",
		tree: tree{"real/a.yaml": "a", "app.yaml": linkTo + "real/"},
		want: map[string]string{"real/a.yaml": "a", "app.yaml/a.yaml": "a"},
	},
	{
		name: "the same directory by two links",
		tree: tree{"real/a.yaml": "a", "one": linkTo + "real", "two": linkTo + "./real/."},
		want: map[string]string{"real/a.yaml": "a", "one/a.yaml": "a", "two/a.yaml": "a"},
	},
	{
		name: "nested links without a loop",
		tree: tree{"base/a.yaml": "a", "top/inner": linkTo + "../base", "outer": linkTo + "top"},
		want: map[string]string{"base/a.yaml": "a", "top/inner/a.yaml": "a", "outer/inner/a.yaml": "a"},
	},
	{
		name: "chain",
		tree: tree{"a.yaml": linkTo + "b.yaml", "b.yaml": linkTo + "x/c.yaml", "x/c.yaml": linkTo + "../d.yaml", "d.yaml": "d"},
		want: map[string]string{"a.yaml": "d", "b.yaml": "d", "x/c.yaml": "d", "d.yaml": "d"},
	},
	{
		name: "two dots after a link lead to the parent of its target",
		tree: tree{"x/y/": "", "x/z.yaml": "right", "z.yaml": "wrong", "d": linkTo + "x/y", "link.yaml": linkTo + "d/../z.yaml"},
		want: map[string]string{"link.yaml": "right", "x/z.yaml": "right", "z.yaml": "wrong"},
	},
	{
		name: "two dots in a link that is in a linked directory",
		tree: tree{"x/y/link.yaml": linkTo + "../z.yaml", "x/z.yaml": "right", "z.yaml": "wrong", "d": linkTo + "x/y"},
		want: map[string]string{"d/link.yaml": "right", "x/y/link.yaml": "right", "x/z.yaml": "right", "z.yaml": "wrong"},
	},
	{
		name: "down and up again",
		tree: tree{"a/b/": "", "c.yaml": "c", "link.yaml": linkTo + "a/b/../../c.yaml"},
		want: map[string]string{"c.yaml": "c", "link.yaml": "c"},
	},
	{
		name: "to a directory by two dots at the end",
		tree: tree{"a/b/": "", "a/c.yaml": "c", "link": linkTo + "a/b/.."},
		want: map[string]string{"a/c.yaml": "c", "link/c.yaml": "c"},
	},
	{
		name:    "with the name of a version-control directory",
		tree:    tree{"a.yaml": "a", ".git": linkTo + "../../elsewhere", "sub/.hg": linkTo + "/nowhere", "sub/.svn": linkTo + ".svn"},
		want:    map[string]string{"a.yaml": "a"},
		skipped: []manifests.Skipped{{Path: ".git/", Reason: "version-control"}, {Path: "sub/.hg/", Reason: "version-control"}, {Path: "sub/.svn/", Reason: "version-control"}},
	},

	{
		name: "to its directory", tree: tree{"a/b.yaml": "b", "a/self": linkTo + "."},
		err: manifests.ErrSymlinkLoop, path: "a/self", target: ".",
	},
	{
		name: "to the root", tree: tree{"a.yaml": "a", "sub/top": linkTo + ".."},
		err: manifests.ErrSymlinkLoop, path: "sub/top", target: "..",
	},
	{
		name: "to the directory above", tree: tree{"a/b/c/up": linkTo + "../../b", "a/x.yaml": "x"},
		err: manifests.ErrSymlinkLoop, path: "a/b/c/up", target: "../../b",
	},
	{
		name: "to itself", tree: tree{"a.yaml": linkTo + "a.yaml"},
		err: manifests.ErrSymlinkLoop, path: "a.yaml", target: "a.yaml",
	},
	{
		name: "to one another", tree: tree{"a.yaml": linkTo + "b.yaml", "b.yaml": linkTo + "a.yaml"},
		err: manifests.ErrSymlinkLoop, path: "a.yaml", target: "b.yaml",
	},
	{
		name: "directories that contain each other", tree: tree{"a/b": linkTo + "../b", "b/a": linkTo + "../a", "x.yaml": "x"},
		err: manifests.ErrSymlinkLoop, path: "a/b/a", target: "../a",
	},
	{
		name: "to a directory above a linked one", tree: tree{"d/e/up": linkTo + "..", "d/x.yaml": "x", "a": linkTo + "d/e"},
		err: manifests.ErrSymlinkLoop, path: "a/up/e/up", target: "..",
	},

	{
		name: "to nothing", tree: tree{"a.yaml": "a", "b.yaml": linkTo + "missing.yaml"},
		err: manifests.ErrSymlinkDangling, path: "b.yaml", target: "missing.yaml",
	},
	{
		name: "to nothing in a missing directory", tree: tree{"a.yaml": "a", "b": linkTo + "missing/../a.yaml"},
		err: manifests.ErrSymlinkDangling, path: "b", target: "missing/../a.yaml",
	},
	{
		name: "to nothing through a link", tree: tree{"a.yaml": linkTo + "b", "b": linkTo + "missing"},
		err: manifests.ErrSymlinkDangling, path: "a.yaml", target: "b",
	},
	{
		name: "below a file", tree: tree{"a.yaml": "a", "b.yaml": linkTo + "a.yaml/c.yaml"},
		err: manifests.ErrSymlinkDangling, path: "b.yaml", target: "a.yaml/c.yaml",
	},
	{
		name: "up from a file", tree: tree{"a.yaml": "a", "b.yaml": linkTo + "a.yaml/../a.yaml"},
		err: manifests.ErrSymlinkDangling, path: "b.yaml", target: "a.yaml/../a.yaml",
	},
	{
		name: "to a file with a trailing slash", tree: tree{"a.yaml": "a", "b.yaml": linkTo + "a.yaml/"},
		err: manifests.ErrSymlinkDangling, path: "b.yaml", target: "a.yaml/",
	},

	{
		name: "out of the tree", tree: tree{"a.yaml": linkTo + "../b.yaml"},
		err: manifests.ErrSymlinkEscapes, path: "a.yaml", target: "../b.yaml",
	},
	{
		name: "far out of the tree", tree: tree{"sub/a.yaml": linkTo + "../../../../../../../../../../etc/passwd"},
		err: manifests.ErrSymlinkEscapes, path: "sub/a.yaml", target: "../../../../../../../../../../etc/passwd",
	},
	{
		name: "out of the tree through a directory", tree: tree{"sub/": "", "a": linkTo + "sub/../.."},
		err: manifests.ErrSymlinkEscapes, path: "a", target: "sub/../..",
	},
	{
		name: "out of the tree through a link", tree: tree{"x/y/": "", "a.yaml": linkTo + "d/../../../b.yaml", "d": linkTo + "x/y"},
		err: manifests.ErrSymlinkEscapes, path: "a.yaml", target: "d/../../../b.yaml",
	},
	{
		name: "out of the tree through a second link", tree: tree{"a.yaml": linkTo + "z", "z": linkTo + "../b.yaml"},
		err: manifests.ErrSymlinkEscapes, path: "a.yaml", target: "z",
	},
	{
		name: "out of the tree, with a name that is not collected", tree: tree{"a.yaml": "a", "notes.txt": linkTo + "../notes.txt"},
		err: manifests.ErrSymlinkEscapes, path: "notes.txt", target: "../notes.txt",
	},
	{
		name: "absolute", tree: tree{"a.yaml": linkTo + "/etc/hosts"},
		err: manifests.ErrSymlinkEscapes, path: "a.yaml", target: "/etc/hosts",
	},
	{
		name: "absolute through a second link", tree: tree{"a": linkTo + "z", "z": linkTo + "/"},
		err: manifests.ErrSymlinkEscapes, path: "a", target: "z",
	},
}

func TestLinksInMemory(t *testing.T) {
	for _, tt := range linkTests {
		t.Run(tt.name, func(t *testing.T) {
			set, err := manifests.CollectFS(t.Context(), tt.tree.mapFS(), manifests.Options{})
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

func TestLongChains(t *testing.T) {
	chain := func(links int) tree {
		tr := tree{fmt.Sprintf("%02d.yaml", links): "end"}
		for i := range links {
			tr[fmt.Sprintf("%02d.yaml", i)] = fmt.Sprintf("%s%02d.yaml", linkTo, i+1)
		}
		return tr
	}
	set, err := manifests.CollectFS(t.Context(), chain(40).mapFS(), manifests.Options{})
	require.NoError(t, err)
	assert.Len(t, set.Files(), 41)

	_, err = manifests.CollectFS(t.Context(), chain(41).mapFS(), manifests.Options{})
	requirePathError(t, err, manifests.ErrSymlinkLoop, "00.yaml")
}

// The file system lists links but cannot follow them.
func TestLinksUnknown(t *testing.T) {
	without := struct{ fs.FS }{tree{"a.yaml": "a", "b.yaml": linkTo + "a.yaml"}.mapFS()}
	_, err := manifests.CollectFS(t.Context(), without, manifests.Options{})
	assert.Empty(t, requirePathError(t, err, manifests.ErrSymlinkEscapes, "b.yaml").Target)

	without.FS = tree{"d/a.yaml": "a", "d/b.yaml": linkTo + "a.yaml"}.mapFS()
	sub, err := fs.Sub(without, "d") // can read links as far as its type goes
	require.NoError(t, err)
	_, err = manifests.CollectFS(t.Context(), sub, manifests.Options{})
	requirePathError(t, err, manifests.ErrSymlinkEscapes, "b.yaml")

	without.FS = tree{"a.yaml": "a", "b/c.yaml": "c"}.mapFS()
	set, err := manifests.CollectFS(t.Context(), without, manifests.Options{})
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"a.yaml": "a", "b/c.yaml": "c"}, contents(t, set))
}
