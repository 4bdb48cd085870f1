package manifests_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
)

const version = "..2026_11_27_10_00_00.123456789"

// mounted returns files, by path, as Kubernetes mounts them in dir.
func mounted(dir string, files tree) tree {
	all := tree{dir + "..data": linkTo + version}
	for name, text := range files {
		top, _, _ := strings.Cut(name, "/")
		all[dir+version+"/"+name] = text
		all[dir+top] = linkTo + "..data/" + top
	}
	return all
}

func (tr tree) with(more tree) tree {
	all := maps.Clone(tr)
	maps.Copy(all, more)
	return all
}

func ofVolume(path string) manifests.Skipped {
	return manifests.Skipped{Path: path, Reason: "mounted-volume"}
}

func TestMountedVolumes(t *testing.T) {
	simple := mounted("", tree{"app.yaml": "a"})
	skipped := []manifests.Skipped{ofVolume(version + "/"), ofVolume("..data/")}
	for _, tt := range []struct {
		name    string
		tree    tree
		opts    manifests.Options
		want    map[string]string
		skipped []manifests.Skipped
	}{
		{name: "root", tree: simple, want: tree{"app.yaml": "a"}, skipped: skipped},
		{
			name: "directories in the volume",
			tree: mounted("", tree{"sub/deep/b.yaml": "b", "sub/a.yaml": "a", "c.yaml": "c"}),
			want: tree{"sub/deep/b.yaml": "b", "sub/a.yaml": "a", "c.yaml": "c"}, skipped: skipped,
		},
		{
			name:    "below the root",
			tree:    mounted("apps/shop/", tree{"app.yaml": "a", "sub/b.yaml": "b"}).with(tree{"apps/other.yaml": "o"}),
			want:    tree{"apps/shop/app.yaml": "a", "apps/shop/sub/b.yaml": "b", "apps/other.yaml": "o"},
			skipped: []manifests.Skipped{ofVolume("apps/shop/" + version + "/"), ofVolume("apps/shop/..data/")},
		},
		{
			name: "several volumes",
			tree: mounted("a/", tree{"app.yaml": "a"}).with(mounted("b/", tree{"app.yaml": "b"})),
			want: tree{"a/app.yaml": "a", "b/app.yaml": "b"},
			skipped: []manifests.Skipped{
				ofVolume("a/" + version + "/"), ofVolume("a/..data/"), ofVolume("b/" + version + "/"), ofVolume("b/..data/"),
			},
		},
		{
			name:    "an old version that was not removed",
			tree:    simple.with(tree{"..2026_old/app.yaml": "old", "..2026_old/gone.yaml": "old", "..data_tmp": linkTo + "..2026_old"}),
			want:    tree{"app.yaml": "a"},
			skipped: []manifests.Skipped{skipped[0], ofVolume("..2026_old/"), skipped[1], ofVolume("..data_tmp/")},
		},
		{
			name:    "a link to a file that is not in the version",
			tree:    simple.with(tree{"gone.yaml": linkTo + "..data/gone.yaml"}),
			want:    tree{"app.yaml": "a"},
			skipped: []manifests.Skipped{skipped[0], skipped[1], ofVolume("gone.yaml")},
		},
		{
			name:    "a file of the version whose link is not there yet",
			tree:    simple.with(tree{version + "/b.yaml": "b", version + "/new/c.yaml": "c"}),
			want:    tree{"app.yaml": "a", "b.yaml": "b", "new/c.yaml": "c"},
			skipped: skipped,
		},
		{
			name:    "a file over one of the volume",
			tree:    mounted("", tree{"app.yaml": "a", "b.yaml": "b"}).with(tree{"app.yaml": "own"}),
			want:    tree{"app.yaml": "own", "b.yaml": "b"},
			skipped: skipped,
		},
		{
			name:    "another link over one of the volume",
			tree:    mounted("", tree{"app.yaml": "a", "b.yaml": "b"}).with(tree{"app.yaml": linkTo + "..data/b.yaml"}),
			want:    tree{"app.yaml": "b", "b.yaml": "b"},
			skipped: skipped,
		},
		{
			name:    "files and directories beside it",
			tree:    simple.with(tree{"own.yaml": "o", "sub/own.yaml": "s", "..own.yaml": "d"}),
			want:    tree{"app.yaml": "a", "own.yaml": "o", "sub/own.yaml": "s", "..own.yaml": "d"},
			skipped: skipped,
		},
		{
			name:    "links from elsewhere",
			tree:    mounted("v/", tree{"app.yaml": "a"}).with(tree{"x/one.yaml": linkTo + "../v/app.yaml", "x/two.yaml": linkTo + "../v/..data/app.yaml", "x/v": linkTo + "../v"}),
			want:    tree{"v/app.yaml": "a", "x/one.yaml": "a", "x/two.yaml": "a", "x/v/app.yaml": "a"},
			skipped: []manifests.Skipped{ofVolume("v/" + version + "/"), ofVolume("v/..data/"), ofVolume("x/v/" + version + "/"), ofVolume("x/v/..data/")},
		},
		{
			name:    "a kustomization",
			tree:    mounted("", tree{"kustomization.yaml": naming("app.yaml", "sub") + generating("app.conf"), "app.yaml": "a", "app.conf": "c", "sub/kustomization.yaml": "namespace: x"}),
			want:    tree{"kustomization.yaml": naming("app.yaml", "sub") + generating("app.conf"), "app.yaml": "a", "app.conf": "c", "sub/kustomization.yaml": "namespace: x"},
			skipped: skipped,
		},
		{
			name: "an ignore file",
			tree: mounted("", tree{".sourceignore": "b.yaml\nsub/\n", "app.yaml": "a", "b.yaml": "b", "sub/c.yaml": "c"}).with(tree{"own/b.yaml": "o"}),
			want: tree{"app.yaml": "a"},
			skipped: []manifests.Skipped{
				skipped[0], skipped[1], otherExtension(".sourceignore"), ignored("b.yaml", "b.yaml", ".sourceignore:1"),
				ignored("own/b.yaml", "b.yaml", ".sourceignore:1"), ignored("sub/", "sub/", ".sourceignore:2"),
			},
		},
		{
			name: "rules that ignore what it consists of", tree: simple,
			opts: manifests.Options{Ignore: []string{"..*"}},
			want: tree{"app.yaml": "a"}, skipped: skipped,
		},
		{
			name: "links to files only",
			tree: mounted("", tree{"app.yaml": "a", "sub/b.yaml": "b"}), opts: manifests.Options{Symlinks: manifests.SymlinksFiles},
			want: tree{"app.yaml": "a", "sub/b.yaml": "b"}, skipped: skipped,
		},
		{
			name: "links skipped", tree: mounted("", tree{"app.yaml": "a", "sub/b.yaml": "b"}),
			opts: manifests.Options{Symlinks: manifests.SymlinksSkip},
			want: tree{"app.yaml": "a", "sub/b.yaml": "b"}, skipped: skipped,
		},
		{
			name: "version with another name",
			tree: tree{"..x/app.yaml": "a", "..data": linkTo + "./..x/", "app.yaml": linkTo + "..data/app.yaml"},
			want: tree{"app.yaml": "a"}, skipped: []manifests.Skipped{ofVolume("..data/"), ofVolume("..x/")},
		},
		{
			name: "no link", tree: tree{"..x/app.yaml": "a", "app.yaml": "b"},
			want: tree{"..x/app.yaml": "a", "app.yaml": "b"},
		},
		{
			name: "a directory in place of the link", tree: tree{"..x/app.yaml": "a", "..data/app.yaml": "b", "app.yaml": linkTo + "..data/app.yaml"},
			want: tree{"..x/app.yaml": "a", "..data/app.yaml": "b", "app.yaml": "b"},
		},
		{
			name: "a link to a directory with another name", tree: tree{"real/app.yaml": "a", "..data": linkTo + "real", "app.yaml": linkTo + "..data/app.yaml"},
			want: tree{"real/app.yaml": "a", "..data/app.yaml": "a", "app.yaml": "a"},
		},
		{
			name: "a link to a directory that is no sibling", tree: tree{"..a/b/app.yaml": "a", "..data": linkTo + "..a/b", "app.yaml": linkTo + "..data/app.yaml"},
			want: tree{"..a/b/app.yaml": "a", "..data/app.yaml": "a", "app.yaml": "a"},
		},
		{
			name: "a chain of links", tree: tree{"..a/app.yaml": "a", "..b": linkTo + "..a", "..data": linkTo + "..b", "app.yaml": linkTo + "..data/app.yaml"},
			want: tree{"..a/app.yaml": "a", "..b/app.yaml": "a", "..data/app.yaml": "a", "app.yaml": "a"},
		},
		{
			name: "a link to a file", tree: tree{"..a.yaml": "a", "..data": linkTo + "..a.yaml", "app.yaml": "b"},
			want: tree{"..a.yaml": "a", "app.yaml": "b"}, skipped: []manifests.Skipped{otherExtension("..data")},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			collectEachWay(t, tt.tree, tt.opts, func(t *testing.T, set *manifests.Set, err error) {
				require.NoError(t, err)
				assert.Equal(t, tt.want, contents(t, set))
				assert.Equal(t, tt.skipped, set.Skipped())
				assert.Empty(t, set.Problems())
			})
		})
	}
}

func TestMountedVolumesThatAreNone(t *testing.T) {
	app := tree{"app.yaml": "a", "..x/app.yaml": "a"}
	for _, tt := range []struct {
		name   string
		tree   tree
		opts   manifests.Options
		err    error
		path   string
		target string
	}{
		{name: "absolute", tree: app.with(tree{"..data": linkTo + "/etc"}), err: manifests.ErrSymlinkEscapes, path: "..data", target: "/etc"},
		{name: "out of the root", tree: app.with(tree{"..data": linkTo + "../.."}), err: manifests.ErrSymlinkEscapes, path: "..data", target: "../.."},
		{name: "to the directory above", tree: app.with(tree{"..data": linkTo + ".."}), err: manifests.ErrSymlinkEscapes, path: "..data", target: ".."},
		{name: "to itself", tree: app.with(tree{"..data": linkTo + "..data"}), err: manifests.ErrSymlinkLoop, path: "..data", target: "..data"},
		{name: "to its directory", tree: app.with(tree{"..data": linkTo + "."}), err: manifests.ErrSymlinkLoop, path: "..data", target: "."},
		{name: "dangling", tree: app.with(tree{"..data": linkTo + "..gone"}), err: manifests.ErrSymlinkDangling, path: "..data", target: "..gone"},
		{
			name: "version that leads outside", tree: tree{"app.yaml": linkTo + "..data/app.yaml", "..x": linkTo + "../..", "..data": linkTo + "..x"},
			err: manifests.ErrSymlinkEscapes, path: "..data", target: "..x",
		},
		{
			name: "file of the version that leads outside", tree: mounted("", tree{"app.yaml": linkTo + "../../secret.yaml"}),
			err: manifests.ErrSymlinkEscapes, path: "app.yaml", target: "../../secret.yaml",
		},
		{
			name: "directory of the version that leads back", tree: mounted("", tree{"app.yaml": "a", "loop": linkTo + ".."}),
			err: manifests.ErrSymlinkLoop, path: "loop", target: "..",
		},
		{
			name: "directory of the version that leads to itself", tree: mounted("", tree{"app.yaml": "a", "loop": linkTo + "."}),
			err: manifests.ErrSymlinkLoop, path: "loop", target: ".",
		},
		{
			name: "links refused", tree: mounted("", tree{"app.yaml": "a"}), opts: manifests.Options{Symlinks: manifests.SymlinksRefuse},
			err: manifests.ErrSymlinkRefused, path: "..data", target: version,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			collectEachWay(t, tt.tree, tt.opts, func(t *testing.T, _ *manifests.Set, err error) {
				assert.Equal(t, tt.target, requirePathError(t, err, tt.err, tt.path).Target)
			})
		})
	}
}
