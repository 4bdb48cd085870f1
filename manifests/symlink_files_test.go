package manifests_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
)

// linkedDirectory returns the report of a link to a directory that is not followed.
func linkedDirectory(path string) manifests.Skipped {
	return manifests.Skipped{Path: path, Reason: "symlink-directory"}
}

func otherExtension(path string) manifests.Skipped {
	return manifests.Skipped{Path: path, Reason: "extension"}
}

func TestLinksToFilesOnly(t *testing.T) {
	app := naming("a.yaml") + generating("app.conf")
	for _, tt := range []struct {
		name    string
		tree    tree
		opts    manifests.Options
		want    []string
		skipped []manifests.Skipped
	}{
		{
			name: "links to files",
			tree: tree{"real/a.yaml": "a", "link.yaml": linkTo + "real/a.yaml", "real/b.yaml": linkTo + "../link.yaml"},
			want: []string{"link.yaml", "real/a.yaml", "real/b.yaml"},
		},
		{
			name:    "link to a directory",
			tree:    tree{"real/a.yaml": "a", "link": linkTo + "real"},
			want:    []string{"real/a.yaml"},
			skipped: []manifests.Skipped{linkedDirectory("link/")},
		},
		{
			name:    "the same directory by two links",
			tree:    tree{"real/a.yaml": "a", "one": linkTo + "real", "x/two.yaml": linkTo + "../real"},
			want:    []string{"real/a.yaml"},
			skipped: []manifests.Skipped{linkedDirectory("one/"), linkedDirectory("x/two.yaml/")},
		},
		{
			name:    "the same directory by two links, of which a kustomization needs one",
			tree:    tree{"kustomization.yaml": naming("one/a.yaml"), "real/a.yaml": "a", "one": linkTo + "real", "two": linkTo + "real"},
			want:    []string{"kustomization.yaml", "one/a.yaml", "real/a.yaml"},
			skipped: []manifests.Skipped{linkedDirectory("two/")},
		},
		{
			name: "the same directory by two links, of which kustomizations need both",
			tree: tree{"kustomization.yaml": naming("one"), "x/kustomization.yaml": naming("../two"), "real/kustomization.yaml": "namespace: a", "one": linkTo + "real", "two": linkTo + "real"},
			want: []string{"kustomization.yaml", "one/kustomization.yaml", "real/kustomization.yaml", "two/kustomization.yaml", "x/kustomization.yaml"},
		},
		{
			name:    "links that lead back up",
			tree:    tree{"a.yaml": "a", "x/b.yaml": "b", "x/top": linkTo + "..", "x/self": linkTo + "."},
			want:    []string{"a.yaml", "x/b.yaml"},
			skipped: []manifests.Skipped{linkedDirectory("x/self/"), linkedDirectory("x/top/")},
		},
		{
			name:    "a directory with a kustomization",
			tree:    tree{"kustomization.yaml": naming("base"), "base": linkTo + "real", "real/kustomization.yaml": app, "real/a.yaml": "a", "real/app.conf": "x", "real/b.txt": "b"},
			want:    []string{"base/a.yaml", "base/app.conf", "base/kustomization.yaml", "kustomization.yaml", "real/a.yaml", "real/app.conf", "real/kustomization.yaml"},
			skipped: []manifests.Skipped{otherExtension("base/b.txt"), otherExtension("real/b.txt")},
		},
		{
			name: "a kustomization without an extension",
			tree: tree{"kustomization.yaml": naming("base"), "base": linkTo + "real", "real/Kustomization": app, "real/a.yaml": "a", "real/app.conf": "x"},
			want: []string{"base/Kustomization", "base/a.yaml", "base/app.conf", "kustomization.yaml", "real/Kustomization", "real/a.yaml", "real/app.conf"},
		},
		{
			name:    "a file with another extension",
			tree:    tree{"kustomization.yaml": generating("conf/app.conf"), "conf": linkTo + "real", "real/app.conf": "x", "real/other.conf": "y"},
			want:    []string{"conf/app.conf", "kustomization.yaml"},
			skipped: []manifests.Skipped{otherExtension("conf/other.conf"), otherExtension("real/app.conf"), otherExtension("real/other.conf")},
		},
		{
			name: "links behind links",
			tree: tree{
				"kustomization.yaml": naming("one/two/a.yaml", "three"), "one": linkTo + "x", "x/two": linkTo + "../y", "y/a.yaml": "a", "y/z": linkTo + "../x",
				"three": linkTo + "w", "w/kustomization.yaml": naming("../four"), "four": linkTo + "v", "v/kustomization.yaml": "namespace: v",
			},
			want: []string{
				"four/kustomization.yaml", "kustomization.yaml", "one/two/a.yaml", "three/kustomization.yaml", "v/kustomization.yaml", "w/kustomization.yaml", "y/a.yaml",
			},
			skipped: []manifests.Skipped{linkedDirectory("one/two/z/"), linkedDirectory("x/two/"), linkedDirectory("y/z/")},
		},
		{
			name: "in a directory that is needed as a whole",
			tree: tree{"kustomization.yaml": "helmGlobals: {chartHome: charts}", "charts/a": linkTo + "../lib", "lib/b": linkTo + "../more", "lib/x.tpl": "x", "more/y.tpl": "y", "c": linkTo + "more"},
			want: []string{"charts/a/b/y.tpl", "charts/a/x.tpl", "kustomization.yaml"},
			skipped: []manifests.Skipped{
				linkedDirectory("c/"), linkedDirectory("lib/b/"), otherExtension("lib/x.tpl"), otherExtension("more/y.tpl"),
			},
		},
		{
			name:    "that is needed as a whole",
			tree:    tree{"kustomization.yaml": "helmGlobals: {chartHome: charts}", "charts": linkTo + "lib", "lib/a/x.tpl": "x"},
			want:    []string{"charts/a/x.tpl", "kustomization.yaml"},
			skipped: []manifests.Skipped{otherExtension("lib/a/x.tpl")},
		},
		{
			name: "with an ignore file",
			tree: tree{"kustomization.yaml": naming("l/a.yaml"), "l": linkTo + "real", "real/a.yaml": "a", "real/b.yaml": "b", "real/c.yaml": "c", "real/.sourceignore": "/b.yaml"},
			opts: manifests.Options{Ignore: []string{"l/c.yaml", ".sourceignore"}},
			want: []string{"kustomization.yaml", "l/a.yaml", "real/a.yaml", "real/c.yaml"},
			skipped: []manifests.Skipped{
				ignored("l/.sourceignore", ".sourceignore", "options"), ignored("l/b.yaml", "/b.yaml", "l/.sourceignore:1"), ignored("l/c.yaml", "l/c.yaml", "options"),
				ignored("real/.sourceignore", ".sourceignore", "options"), ignored("real/b.yaml", "/b.yaml", "real/.sourceignore:1"),
			},
		},
		{
			name:    "without kustomizations being read",
			tree:    tree{"kustomization.yaml": naming("l/a.yaml"), "l": linkTo + "real", "real/a.yaml": "a"},
			opts:    manifests.Options{SkipReferences: true},
			want:    []string{"kustomization.yaml", "real/a.yaml"},
			skipped: []manifests.Skipped{linkedDirectory("l/")},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.opts.Symlinks = manifests.SymlinksFiles
			collectEachWay(t, tt.tree, tt.opts, func(t *testing.T, set *manifests.Set, err error) {
				require.NoError(t, err)
				assert.Equal(t, tt.want, paths(set))
				assert.Equal(t, tt.skipped, set.Skipped())
				assert.Empty(t, set.Problems())
				assert.Len(t, contents(t, set), len(tt.want))
			})
		})
	}
}

func TestLinksToFilesOnlyWithProblems(t *testing.T) {
	for _, tt := range []struct {
		name string
		tree tree
		opts manifests.Options
		want string
	}{
		{
			"missing behind a link", tree{"kustomization.yaml": naming("l/b.yaml"), "l": linkTo + "real", "real/a.yaml": "a"}, manifests.Options{},
			`kustomization.yaml:2:3: resources[0]: refers to a missing file: "l/b.yaml"`,
		},
		{
			"no kustomization behind a link", tree{"kustomization.yaml": naming("l"), "l": linkTo + "real", "real/a.yaml": "a"}, manifests.Options{},
			`kustomization.yaml:2:3: resources[0]: refers to a directory without a kustomization: "l"`,
		},
		{
			"ignored link", tree{"kustomization.yaml": naming("l/a.yaml"), "l": linkTo + "real", "real/a.yaml": "a"}, manifests.Options{Ignore: []string{"l/"}},
			`kustomization.yaml:2:3: resources[0]: refers to a skipped file: "l/a.yaml"`,
		},
		{
			"loop of kustomizations through a link", tree{"x/kustomization.yaml": naming("../l"), "l": linkTo + "y", "y/kustomization.yaml": naming("../x")}, manifests.Options{},
			`x/kustomization.yaml:2:3: resources[0]: creates a reference loop: "../l"`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.opts.Symlinks = manifests.SymlinksFiles
			collectEachWay(t, tt.tree, tt.opts, func(t *testing.T, set *manifests.Set, err error) {
				require.NoError(t, err)
				require.Len(t, set.Problems(), 1)
				assert.Equal(t, tt.want, set.Problems()[0].String())
			})
		})
	}
}

func TestLinksToFilesOnlyRefuses(t *testing.T) {
	for _, tt := range []struct {
		name string
		tree tree
		opts manifests.Options
		err  error
		path string
	}{
		{"directory outside", tree{"a.yaml": "a", "l": linkTo + ".."}, manifests.Options{}, manifests.ErrSymlinkEscapes, "l"},
		{"file outside", tree{"a.yaml": "a", "l.yaml": linkTo + "../b.yaml"}, manifests.Options{}, manifests.ErrSymlinkEscapes, "l.yaml"},
		{"nothing", tree{"a.yaml": "a", "l": linkTo + "b"}, manifests.Options{}, manifests.ErrSymlinkDangling, "l"},
		{"itself", tree{"a.yaml": "a", "l": linkTo + "l"}, manifests.Options{}, manifests.ErrSymlinkLoop, "l"},
		{"needed directory above", tree{"kustomization.yaml": naming("x/l/a.yaml"), "a.yaml": "a", "x/l": linkTo + ".."}, manifests.Options{}, manifests.ErrSymlinkLoop, "x/l"},
		{
			"needed directory above the link that leads to it",
			tree{"kustomization.yaml": naming("l/m/a.yaml"), "l": linkTo + "x", "x/m": linkTo + "../x"}, manifests.Options{}, manifests.ErrSymlinkLoop, "l/m",
		},
		{"name of a needed directory", tree{"kustomization.yaml": naming("l../a.yaml"), "l..": linkTo + "x", "x/a.yaml": "a"}, manifests.Options{}, manifests.ErrInvalidName, "l.."},
		{
			"depth through a needed link", tree{"kustomization.yaml": naming("l/b/a.yaml"), "x/l": linkTo + "../y", "l": linkTo + "y", "y/b/a.yaml": "a"},
			manifests.Options{MaxDepth: 1}, manifests.ErrLimitExceeded, "y/b",
		},
		{
			"files behind a needed link", tree{"kustomization.yaml": naming("l/a.yaml"), "l": linkTo + "y", "y/a.yaml": "a"},
			manifests.Options{MaxFiles: 2}, manifests.ErrLimitExceeded, "l/a.yaml",
		},
		{
			"entries behind a needed link", tree{"kustomization.yaml": naming("l/a.yaml"), "l": linkTo + "y", "y/a.yaml": "a"},
			manifests.Options{MaxEntries: 4}, manifests.ErrLimitExceeded, "l",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.opts.Symlinks = manifests.SymlinksFiles
			collectEachWay(t, tt.tree, tt.opts, func(t *testing.T, set *manifests.Set, err error) {
				require.Nil(t, set)
				requirePathError(t, err, tt.err, tt.path)
			})
		})
	}
}

// A kustomization may refer to something behind a link in another tree, or in two.
func TestLinksToFilesOnlyInRoots(t *testing.T) {
	opts := manifests.Options{Symlinks: manifests.SymlinksFiles}
	trees := []planted{
		{"x", tree{"kustomization.yaml": naming("../y/l/a.yaml")}},
		{"y", tree{"l": linkTo + "one", "one/a.yaml": "1"}},
		{"y", tree{"l": linkTo + "two", "two/b.yaml": "2"}},
	}
	collectRoots(t, trees, opts, func(t *testing.T, set *manifests.Set, err error) {
		require.NoError(t, err)
		assert.Equal(t, []string{"x/kustomization.yaml", "y/l/a.yaml", "y/l/b.yaml", "y/one/a.yaml", "y/two/b.yaml"}, paths(set))
		assert.Empty(t, set.Skipped())
		assert.Empty(t, set.Problems())
	})
	trees[2].tree = tree{"l": linkTo + "two", "two/a.yaml": "2"}
	collectRoots(t, trees, opts, func(t *testing.T, _ *manifests.Set, err error) {
		require.ErrorIs(t, err, manifests.ErrCollision)
	})
}

// Each kustomization refers to the next one through a link.
func TestLongChainOfNeededLinks(t *testing.T) {
	texts := tree{"kustomization.yaml": naming("l")}
	for i := range 200 {
		name := "d" + strings.Repeat("x", i)
		texts["l"+strings.Repeat("x", i)] = linkTo + name
		texts[name+"/kustomization.yaml"] = naming("../l" + strings.Repeat("x", i+1))
	}
	texts["l"+strings.Repeat("x", 200)+"/kustomization.yaml"] = "namespace: end"
	set, err := manifests.CollectFS(t.Context(), texts.mapFS(), manifests.Options{Symlinks: manifests.SymlinksFiles})
	require.NoError(t, err)
	assert.Empty(t, set.Problems())
	assert.Empty(t, set.Skipped())
	assert.Len(t, set.Files(), 402)
}

// A link to a directory makes its files count twice, and the hint, if followed, helps.
func TestLimitsOfLinkedDirectories(t *testing.T) {
	twice := tree{"base/a.yaml": "a", "base/b.yaml": "b", "linked": linkTo + "base"}
	for _, tt := range []struct {
		limit string
		tree  tree
		opts  manifests.Options
	}{
		{"MaxFiles", twice, manifests.Options{MaxFiles: 3}},
		{"MaxTotalSize", twice, manifests.Options{MaxTotalSize: 3}},
		{"MaxEntries", twice, manifests.Options{MaxEntries: 5}},
		{"MaxNamesSize", twice, manifests.Options{MaxNamesSize: 60}},
		{"MaxDepth", tree{"a/b.yaml": "b", "c/d/e": linkTo + "../../a/", "c/f": linkTo + "d"}, manifests.Options{MaxDepth: 2}},
	} {
		t.Run(tt.limit, func(t *testing.T) {
			collectEachWay(t, tt.tree, tt.opts, func(t *testing.T, _ *manifests.Set, err error) {
				var pathErr *manifests.PathError
				require.ErrorAs(t, err, &pathErr)
				require.ErrorIs(t, err, manifests.ErrLimitExceeded)
				assert.Equal(t, "links lead to directories, whose files count again: set Collect.Symlinks to files, which skips such links, or raise Collect."+tt.limit, pathErr.Hint())
			})
			tt.opts.Symlinks = manifests.SymlinksFiles
			collectEachWay(t, tt.tree, tt.opts, func(t *testing.T, _ *manifests.Set, err error) {
				require.NoError(t, err)
			})
		})
	}
	_, err := manifests.CollectFS(t.Context(), twice.mapFS(), manifests.Options{MaxFiles: 1})
	assert.Equal(t, "choose a smaller tree, or raise Collect.MaxFiles", requirePathError(t, err, manifests.ErrLimitExceeded, "base/b.yaml").Hint(), "links play no part")
}
