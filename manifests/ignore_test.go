package manifests_test

import (
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
)

// ignored returns the report of a path that a rule ignores.
func ignored(path, pattern, source string) manifests.Skipped {
	return manifests.Skipped{Path: path, Reason: manifests.ReasonIgnored, Pattern: pattern, Source: source}
}

func TestIgnore(t *testing.T) {
	for _, tt := range []struct {
		name    string
		tree    tree
		opts    manifests.Options
		files   []string
		skipped []manifests.Skipped // without the ignore files themselves
	}{
		{
			name:    "file at the root",
			tree:    tree{"a.yaml": "a", "b.yaml": "b", "x/b.yaml": "b", ".sourceignore": "# not these\n\nb.yaml\n"},
			files:   []string{"a.yaml"},
			skipped: []manifests.Skipped{ignored("b.yaml", "b.yaml", ".sourceignore:3"), ignored("x/b.yaml", "b.yaml", ".sourceignore:3")},
		},
		{
			name: "file in a directory",
			tree: tree{
				"b.yaml": "b", "x/b.yaml": "b", "x/y/b.yaml": "b", "x/y/c.yaml": "c", "x/.sourceignore": "/b.yaml\ny/c.yaml\r\n",
			},
			files:   []string{"b.yaml", "x/y/b.yaml"},
			skipped: []manifests.Skipped{ignored("x/b.yaml", "/b.yaml", "x/.sourceignore:1"), ignored("x/y/c.yaml", "y/c.yaml", "x/.sourceignore:2")},
		},
		{
			name:    "inner file takes precedence",
			tree:    tree{"a.yaml": "a", "x/a.yaml": "a", "y/a.yaml": "a", ".sourceignore": "a.yaml", "x/.sourceignore": "!a.yaml"},
			files:   []string{"x/a.yaml"},
			skipped: []manifests.Skipped{ignored("a.yaml", "a.yaml", ".sourceignore:1"), ignored("y/a.yaml", "a.yaml", ".sourceignore:1")},
		},
		{
			name: "nothing below an ignored directory is included again",
			tree: tree{
				"a.yaml": "a", "x/a.yaml": "a", "x/.sourceignore": "!a.yaml", ".sourceignore": "x/\n!x/a.yaml\n",
			},
			opts:    manifests.Options{Ignore: []string{"!x/a.yaml"}},
			files:   []string{"a.yaml"},
			skipped: []manifests.Skipped{ignored("x/", "x/", ".sourceignore:1")},
		},
		{
			name:  "options take precedence over files, the last rule over the first",
			tree:  tree{"a.yaml": "a", "x/b.yaml": "b", "x/c.yaml": "c", "x/.sourceignore": "b.yaml\n!c.yaml\n"},
			opts:  manifests.Options{Ignore: []string{"b.yaml", "!/x/b.yaml", "x/c.yaml"}},
			files: []string{"a.yaml", "x/b.yaml"},
			skipped: []manifests.Skipped{
				ignored("x/c.yaml", "x/c.yaml", "options"),
			},
		},
		{
			name:    "rules take precedence over included files and over the extension",
			tree:    tree{"a.yaml": "a", "a.env": "a", "b.env": "b", "c.txt": "c"},
			opts:    manifests.Options{Include: []string{"*.env"}, Ignore: []string{"a.*", "!*.yaml", "c.txt"}},
			files:   []string{"a.yaml", "b.env"},
			skipped: []manifests.Skipped{ignored("a.env", "a.*", "options"), ignored("c.txt", "c.txt", "options")},
		},
		{
			name:  "version control is never included again",
			tree:  tree{"a.yaml": "a", ".git/a.yaml": "a", "x/.hg/a.yaml": "a"},
			opts:  manifests.Options{Ignore: []string{"!.git/", "!.git/a.yaml", ".hg"}},
			files: []string{"a.yaml"},
			skipped: []manifests.Skipped{
				{Path: ".git/", Reason: manifests.ReasonVersionControl}, {Path: "x/.hg/", Reason: manifests.ReasonVersionControl},
			},
		},
		{
			name: "Flux's defaults",
			tree: tree{
				"a.yaml": "a", ".github/a.yaml": "a", "x/.circleci/a.yaml": "a", "appveyor.yml": "a", "x/cloudbuild.yaml": "a", "x/.sops.yaml": "a", "logo.png": "a",
				".gitignore": "a",
			},
			opts:  manifests.Options{IgnoreFluxDefaults: true, Include: []string{"*"}},
			files: []string{"a.yaml"},
			skipped: []manifests.Skipped{
				ignored(".github/", ".github/", "flux-defaults"), ignored(".gitignore", ".gitignore", "flux-defaults"),
				ignored("appveyor.yml", "appveyor.yml", "flux-defaults"),
				ignored("logo.png", "*.png", "flux-defaults"), ignored("x/.circleci/", ".circleci/", "flux-defaults"),
				ignored("x/.sops.yaml", "**/.sops.yaml", "flux-defaults"), ignored("x/cloudbuild.yaml", "cloudbuild.yaml", "flux-defaults"),
			},
		},
		{
			name:  "Flux's defaults reverted",
			tree:  tree{".github/a.yaml": "a", "x/appveyor.yml": "a", ".sourceignore": "!.github"},
			opts:  manifests.Options{IgnoreFluxDefaults: true, Ignore: []string{"!appveyor.yml"}},
			files: []string{".github/a.yaml", "x/appveyor.yml"},
		},
		{
			name:  "no ignore files",
			tree:  tree{"a.yaml": "a", "b.yaml": "b", ".sourceignore": "*.yaml", "x/.sourceignore/a.yaml": "a"},
			opts:  manifests.Options{SkipIgnoreFiles: true, Ignore: []string{"b.yaml"}},
			files: []string{"a.yaml", "x/.sourceignore/a.yaml"},
			skipped: []manifests.Skipped{
				ignored("b.yaml", "b.yaml", "options"),
			},
		},
		{
			name:    "an ignored file's other faults do not matter",
			tree:    tree{"a.yaml": "a", "empty.yaml": "", "out.yaml": linkTo + "../../out.yaml", "loop": linkTo + ".", "n\n.yaml": "n", ".sourceignore": "*\n!a.yaml"},
			files:   []string{"a.yaml"},
			skipped: []manifests.Skipped{ignored("empty.yaml", "*", ".sourceignore:1"), ignored("loop", "*", ".sourceignore:1"), ignored("n\n.yaml", "*", ".sourceignore:1"), ignored("out.yaml", "*", ".sourceignore:1")},
		},
		{
			name:  "links to directories are directories with paths of their own",
			tree:  tree{"real/a.yaml": "a", "one": linkTo + "real", "two": linkTo + "real", "one.yaml": linkTo + "real/a.yaml", "six": linkTo + "real"},
			opts:  manifests.Options{Ignore: []string{"one/", "one.yaml/", "two/a.yaml", "six", "!six/"}},
			files: []string{"one.yaml", "real/a.yaml", "six/a.yaml"},
			skipped: []manifests.Skipped{
				ignored("one/", "one/", "options"), ignored("two/a.yaml", "two/a.yaml", "options"),
			},
		},
		{
			name:  "ignore file in a linked directory",
			tree:  tree{"real/a.yaml": "a", "real/b.yaml": "b", "real/.sourceignore": "/b.yaml", "link": linkTo + "real"},
			files: []string{"link/a.yaml", "real/a.yaml"},
			skipped: []manifests.Skipped{
				ignored("link/b.yaml", "/b.yaml", "link/.sourceignore:1"), ignored("real/b.yaml", "/b.yaml", "real/.sourceignore:1"),
			},
		},
		{
			name:    "ignore file that is a link",
			tree:    tree{"a.yaml": "a", "x/b.yaml": "b", "x/.sourceignore": linkTo + "../rules.txt", "rules.txt": "/b.yaml", "x/a.yaml": "a"},
			opts:    manifests.Options{Ignore: []string{"rules.txt"}},
			files:   []string{"a.yaml", "x/a.yaml"},
			skipped: []manifests.Skipped{ignored("rules.txt", "rules.txt", "options"), ignored("x/b.yaml", "/b.yaml", "x/.sourceignore:1")},
		},
		{
			name:  "in a deep tree",
			tree:  tree{"a/b/c/d.yaml": "d", "a/b/x/d.yaml": "d", "a/b/c/x/d.yaml": "d", "a/e/x/d.yaml": "d", "a/b/.sourceignore": "x"},
			files: []string{"a/b/c/d.yaml", "a/e/x/d.yaml"},
			skipped: []manifests.Skipped{
				ignored("a/b/c/x/", "x", "a/b/.sourceignore:1"), ignored("a/b/x/", "x", "a/b/.sourceignore:1"),
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			collectEachWay(t, tt.tree, tt.opts, func(t *testing.T, set *manifests.Set, err error) {
				require.NoError(t, err)
				assert.Equal(t, tt.files, paths(set))
				skipped := slices.DeleteFunc(set.Skipped(), func(s manifests.Skipped) bool { return strings.HasSuffix(s.Path, ".sourceignore") })
				assert.Equal(t, append([]manifests.Skipped{}, tt.skipped...), skipped)
			})
		})
	}
}

// An ignore file is skipped unless it is included, like any other name.
func TestIgnoreFileIsSkipped(t *testing.T) {
	fsys := tree{"a.yaml": "a", ".sourceignore": "b", "x/.sourceignore": ".sourceignore"}.mapFS()
	set, err := manifests.CollectFS(t.Context(), fsys, manifests.Options{})
	require.NoError(t, err)
	assert.Equal(t, []manifests.Skipped{
		{Path: ".sourceignore", Reason: manifests.ReasonExtension}, ignored("x/.sourceignore", ".sourceignore", "x/.sourceignore:1"),
	}, set.Skipped())
	set, err = manifests.CollectFS(t.Context(), fsys, manifests.Options{Include: []string{".sourceignore"}})
	require.NoError(t, err)
	assert.Equal(t, []string{".sourceignore", "a.yaml"}, paths(set))
}

func TestIgnoreFileRefused(t *testing.T) {
	for _, tt := range []struct {
		name string
		tree tree
		err  error
		path string
	}{
		{"directory", tree{"a.yaml": "a", ".sourceignore/": ""}, manifests.ErrSpecialFile, ".sourceignore"},
		{"too large", tree{"a.yaml": "a", "x/.sourceignore": strings.Repeat("b\n", 1<<16)}, manifests.ErrInvalidIgnore, "x/.sourceignore"},
		{"line too long", tree{"a.yaml": "a", "x/.sourceignore": strings.Repeat("b", 1<<11)}, manifests.ErrInvalidIgnore, "x/.sourceignore"},
		{"link out", tree{"a.yaml": "a", "x/.sourceignore": linkTo + "../../b"}, manifests.ErrSymlinkEscapes, "x/.sourceignore"},
		{"link to nothing", tree{"a.yaml": "a", "x/.sourceignore": linkTo + "b"}, manifests.ErrSymlinkDangling, "x/.sourceignore"},
		{"link to a directory", tree{"a.yaml": "a", "x/.sourceignore": linkTo + "../y", "y/": ""}, manifests.ErrSpecialFile, "x/.sourceignore"},
		{"link to version control", tree{"a.yaml": "a", ".sourceignore": linkTo + ".git/info/exclude", ".git/info/exclude": ""}, manifests.ErrSpecialFile, ".sourceignore"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			collectEachWay(t, tt.tree, manifests.Options{}, func(t *testing.T, set *manifests.Set, err error) {
				require.Nil(t, set)
				requirePathError(t, err, tt.err, tt.path)
			})
		})
	}
	t.Run("FIFO", func(t *testing.T) {
		fsys := closedFS{MapFS: tree{"a.yaml": "a"}.mapFS(), t: t, closed: ".sourceignore"}
		fsys.MapFS[".sourceignore"] = &fstest.MapFile{Mode: fs.ModeNamedPipe}
		_, err := manifests.CollectFS(t.Context(), fsys, manifests.Options{})
		requirePathError(t, err, manifests.ErrSpecialFile, ".sourceignore")
	})
	for _, operation := range []string{"open", "stat", "read"} {
		t.Run("unreadable: "+operation, func(t *testing.T) {
			fsys := tree{"a.yaml": "a", ".sourceignore": "b"}.mapFS()
			_, err := manifests.CollectFS(t.Context(), brokenFS{fsys, operation}, manifests.Options{})
			requirePathError(t, err, errBroken, ".sourceignore")
		})
	}
}

// Rules that are replaced while the tree is collected may have been missing for a moment.
func TestIgnoreFileChangesMeanwhile(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(fstest.MapFS)
		err    error
	}{
		{"not", func(fstest.MapFS) {}, nil},
		{"size", func(fsys fstest.MapFS) { fsys["d/.sourceignore"].Data = []byte("b\nc\n") }, manifests.ErrFileChanged},
		{"modification time", func(fsys fstest.MapFS) { fsys["d/.sourceignore"].ModTime = longAgo }, manifests.ErrFileChanged},
		{"removed", func(fsys fstest.MapFS) { delete(fsys, "d/.sourceignore") }, manifests.ErrFileChanged},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fsys := tree{"d/.sourceignore": "", "d/a.yaml": "a", "kustomization.yaml": "resources: [d/a.yaml]"}.mapFS()
			_, err := manifests.CollectFS(t.Context(), oddFS{fsys, nil, func(file fs.File) (fs.File, error) {
				if info, err := file.Stat(); err == nil && info.Name() == "kustomization.yaml" {
					tt.change(fsys)
				}
				return file, nil
			}}, manifests.Options{})
			if tt.err == nil {
				require.NoError(t, err)
				return
			}
			requirePathError(t, err, tt.err, "d/.sourceignore")
		})
	}
}

func TestIgnoreRefused(t *testing.T) {
	for _, rule := range []string{"", " ", "#a", "!", "/", "[", "a[!", `a\`, "[[:word:]]", "a\nb", "a\x00"} {
		_, err := manifests.CollectFS(t.Context(), tree{"a.yaml": "a"}.mapFS(), manifests.Options{Ignore: []string{"b", rule}})
		requirePathError(t, err, manifests.ErrInvalidIgnore, rule)
	}
	for _, long := range [][]string{{strings.Repeat("b", 1<<11)}, slices.Repeat([]string{"b"}, 1<<16)} {
		_, err := manifests.CollectFS(t.Context(), tree{"a.yaml": "a"}.mapFS(), manifests.Options{Ignore: long})
		requirePathError(t, err, manifests.ErrInvalidIgnore, "options")
	}
}

func TestIgnoredDirectoriesAreNotListed(t *testing.T) {
	fsys := unlistedFS{MapFS: tree{
		"a.yaml": "a", "secret/a.yaml": "a", "x/secret/a.yaml": "a", "x/y/secret/b/a.yaml": "a", "x/y/a.yaml": "a", "x/.sourceignore": "secret",
	}.mapFS(), t: t, name: "secret"}
	set, err := manifests.CollectFS(t.Context(), fsys, manifests.Options{Ignore: []string{"/secret/"}})
	require.NoError(t, err)
	assert.Equal(t, []string{"a.yaml", "x/y/a.yaml"}, paths(set))
}

type unlistedFS struct {
	fstest.MapFS
	t    *testing.T
	name string
}

func (u unlistedFS) ReadDir(name string) ([]fs.DirEntry, error) {
	assert.NotContains(u.t, strings.Split(name, "/"), u.name, "an ignored directory was listed")
	return u.MapFS.ReadDir(name)
}
