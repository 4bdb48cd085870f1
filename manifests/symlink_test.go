package manifests_test

import (
	"fmt"
	"io/fs"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
)

// linkRows are trees with symbolic links, the same in memory and on disk.
var linkRows = []struct {
	name    string
	tree    tree
	want    map[string]string // what is collected
	skipped []manifests.Skipped
	err     error  // or the refusal,
	path    string // of this link,
	target  string // which says this
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
		name:    "link's name makes the manifest",
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
		name: "folder",
		tree: tree{"real/sub/a.yaml": "a", "link": linkTo + "real"},
		want: map[string]string{"real/sub/a.yaml": "a", "link/sub/a.yaml": "a"},
	},
	{
		name: "folder, by a name with an extension and a trailing slash",
		tree: tree{"real/a.yaml": "a", "app.yaml": linkTo + "real/"},
		want: map[string]string{"real/a.yaml": "a", "app.yaml/a.yaml": "a"},
	},
	{
		name: "same folder by two links",
		tree: tree{"real/a.yaml": "a", "one": linkTo + "real", "two": linkTo + "./real/."},
		want: map[string]string{"real/a.yaml": "a", "one/a.yaml": "a", "two/a.yaml": "a"},
	},
	{
		name: "folder below itself, without a circle",
		tree: tree{"base/a.yaml": "a", "top/inner": linkTo + "../base", "outer": linkTo + "top"},
		want: map[string]string{"base/a.yaml": "a", "top/inner/a.yaml": "a", "outer/inner/a.yaml": "a"},
	},
	{
		name: "chain",
		tree: tree{"a.yaml": linkTo + "b.yaml", "b.yaml": linkTo + "x/c.yaml", "x/c.yaml": linkTo + "../d.yaml", "d.yaml": "d"},
		want: map[string]string{"a.yaml": "d", "b.yaml": "d", "x/c.yaml": "d", "d.yaml": "d"},
	},
	{
		name: "two dots behind a link lead up from where it leads",
		tree: tree{"x/y/": "", "x/z.yaml": "right", "z.yaml": "wrong", "d": linkTo + "x/y", "link.yaml": linkTo + "d/../z.yaml"},
		want: map[string]string{"link.yaml": "right", "x/z.yaml": "right", "z.yaml": "wrong"},
	},
	{
		name: "two dots of a link in a linked folder",
		tree: tree{"x/y/link.yaml": linkTo + "../z.yaml", "x/z.yaml": "right", "z.yaml": "wrong", "d": linkTo + "x/y"},
		want: map[string]string{"d/link.yaml": "right", "x/y/link.yaml": "right", "x/z.yaml": "right", "z.yaml": "wrong"},
	},
	{
		name: "down and up again",
		tree: tree{"a/b/": "", "c.yaml": "c", "link.yaml": linkTo + "a/b/../../c.yaml"},
		want: map[string]string{"c.yaml": "c", "link.yaml": "c"},
	},
	{
		name: "to a folder by two dots at the end",
		tree: tree{"a/b/": "", "a/c.yaml": "c", "link": linkTo + "a/b/.."},
		want: map[string]string{"a/c.yaml": "c", "link/c.yaml": "c"},
	},
	{
		name:    "in place of a version-control folder, wherever it leads",
		tree:    tree{"a.yaml": "a", ".git": linkTo + "../../elsewhere", "sub/.hg": linkTo + "/nowhere", "sub/.svn": linkTo + ".svn"},
		want:    map[string]string{"a.yaml": "a"},
		skipped: []manifests.Skipped{{Path: ".git/", Reason: "version-control"}, {Path: "sub/.hg/", Reason: "version-control"}, {Path: "sub/.svn/", Reason: "version-control"}},
	},

	{
		name: "to its folder", tree: tree{"a/b.yaml": "b", "a/self": linkTo + "."},
		err: manifests.ErrSymlinkLoop, path: "a/self", target: ".",
	},
	{
		name: "to the root", tree: tree{"a.yaml": "a", "sub/top": linkTo + ".."},
		err: manifests.ErrSymlinkLoop, path: "sub/top", target: "..",
	},
	{
		name: "to the folder above", tree: tree{"a/b/c/up": linkTo + "../../b", "a/x.yaml": "x"},
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
		name: "folders in one another", tree: tree{"a/b": linkTo + "../b", "b/a": linkTo + "../a", "x.yaml": "x"},
		err: manifests.ErrSymlinkLoop, path: "a/b/a", target: "../a",
	},
	{
		name: "to a folder that contains the one that holds it", tree: tree{"d/e/up": linkTo + "..", "d/x.yaml": "x", "a": linkTo + "d/e"},
		err: manifests.ErrSymlinkLoop, path: "a/up/e/up", target: "..",
	},

	{
		name: "to nothing", tree: tree{"a.yaml": "a", "b.yaml": linkTo + "missing.yaml"},
		err: manifests.ErrSymlinkDangling, path: "b.yaml", target: "missing.yaml",
	},
	{
		name: "to nothing in a missing folder", tree: tree{"a.yaml": "a", "b": linkTo + "missing/../a.yaml"},
		err: manifests.ErrSymlinkDangling, path: "b", target: "missing/../a.yaml",
	},
	{
		name: "to nothing by a link", tree: tree{"a.yaml": linkTo + "b", "b": linkTo + "missing"},
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
		name: "file as if it were a folder", tree: tree{"a.yaml": "a", "b.yaml": linkTo + "a.yaml/"},
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
		name: "out of the tree by a folder within", tree: tree{"sub/": "", "a": linkTo + "sub/../.."},
		err: manifests.ErrSymlinkEscapes, path: "a", target: "sub/../..",
	},
	{
		name: "out of the tree by a link within", tree: tree{"x/y/": "", "a.yaml": linkTo + "d/../../../b.yaml", "d": linkTo + "x/y"},
		err: manifests.ErrSymlinkEscapes, path: "a.yaml", target: "d/../../../b.yaml",
	},
	{
		name: "out of the tree by a second link", tree: tree{"a.yaml": linkTo + "z", "z": linkTo + "../b.yaml"},
		err: manifests.ErrSymlinkEscapes, path: "a.yaml", target: "z",
	},
	{
		name: "out of the tree, of a name that is not collected", tree: tree{"a.yaml": "a", "notes.txt": linkTo + "../notes.txt"},
		err: manifests.ErrSymlinkEscapes, path: "notes.txt", target: "../notes.txt",
	},
	{
		name: "absolute", tree: tree{"a.yaml": linkTo + "/etc/hosts"},
		err: manifests.ErrSymlinkEscapes, path: "a.yaml", target: "/etc/hosts",
	},
	{
		name: "absolute by a second link", tree: tree{"a": linkTo + "z", "z": linkTo + "/"},
		err: manifests.ErrSymlinkEscapes, path: "a", target: "z",
	},
}

func TestLinksInMemory(t *testing.T) {
	for _, row := range linkRows {
		t.Run(row.name, func(t *testing.T) {
			set, err := manifests.CollectFS(t.Context(), row.tree.mapFS(), manifests.Options{})
			if row.err != nil {
				require.Nil(t, set)
				assert.Equal(t, row.target, requirePathError(t, err, row.err, row.path).Target)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, row.want, contents(t, set))
			assert.Equal(t, row.skipped, set.Skipped())
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

// TestLinksUnknown has a file system that lists links and cannot follow them.
func TestLinksUnknown(t *testing.T) {
	without := struct{ fs.FS }{tree{"a.yaml": "a", "b.yaml": linkTo + "a.yaml"}.mapFS()}
	_, err := manifests.CollectFS(t.Context(), without, manifests.Options{})
	assert.Empty(t, requirePathError(t, err, manifests.ErrSymlinkEscapes, "b.yaml").Target)

	without.FS = tree{"a.yaml": "a", "b/c.yaml": "c"}.mapFS()
	set, err := manifests.CollectFS(t.Context(), without, manifests.Options{})
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"a.yaml": "a", "b/c.yaml": "c"}, contents(t, set))
}
