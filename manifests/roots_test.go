package manifests_test

import (
	"context"
	"io/fs"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
)

// planted is a tree and its path in the Set.
type planted struct {
	path string
	tree tree
}

// collectRoots collects trees from memory and from directories.
func collectRoots(t *testing.T, trees []planted, opts manifests.Options, check func(*testing.T, *manifests.Set, error)) {
	t.Helper()
	t.Run("memory", func(t *testing.T) {
		var roots []manifests.Root
		for _, p := range trees {
			roots = append(roots, manifests.Root{Path: p.path, FS: p.tree.mapFS()})
		}
		set, err := manifests.CollectRoots(t.Context(), roots, opts)
		check(t, set, err)
	})
	t.Run("directory", func(t *testing.T) {
		var roots []manifests.Root
		for _, p := range trees {
			roots = append(roots, manifests.Root{Path: p.path, Dir: p.tree.dir(t)})
		}
		set, err := manifests.CollectRoots(t.Context(), roots, opts)
		check(t, set, err)
	})
}

func TestCollectRoots(t *testing.T) {
	for _, tt := range []struct {
		name    string
		trees   []planted
		opts    manifests.Options
		texts   map[string]string
		skipped []manifests.Skipped
	}{
		{
			"side by side",
			[]planted{{"shop", tree{"a.yaml": "shop", "sub/b.yaml": "b"}}, {"infra/dns", tree{"a.yaml": "dns", "sub/README.md": "x"}}},
			manifests.Options{},
			map[string]string{"shop/a.yaml": "shop", "shop/sub/b.yaml": "b", "infra/dns/a.yaml": "dns"},
			[]manifests.Skipped{{Path: "infra/dns/sub/README.md", Reason: manifests.ReasonExtension}},
		},
		{
			"nested, and two in one directory",
			[]planted{{"", tree{"a.yaml": "1", "sub/b.yaml": "2"}}, {"sub", tree{"c.yaml": "3"}}, {".", tree{"sub/d.yaml": "4"}}},
			manifests.Options{},
			map[string]string{"a.yaml": "1", "sub/b.yaml": "2", "sub/c.yaml": "3", "sub/d.yaml": "4"}, nil,
		},
		{
			"links stay in their tree",
			[]planted{{"x", tree{"a.yaml": "x", "l.yaml": linkTo + "a.yaml"}}, {"y", tree{"a.yaml": "y", "l": linkTo + "sub", "sub/b.yaml": "b"}}},
			manifests.Options{},
			map[string]string{"x/a.yaml": "x", "x/l.yaml": "x", "y/a.yaml": "y", "y/sub/b.yaml": "b", "y/l/b.yaml": "b"}, nil,
		},
		{
			"rules hold in each as if it were alone",
			[]planted{
				{"x", tree{"a.yaml": "x", "top/b.yaml": "b", "sub/top/b.yaml": "b"}},
				{"y", tree{"a.yaml": "y", "top/b.yaml": "b", ".sourceignore": "/c.yaml\n", "c.yaml": "c", "sub/c.yaml": "c"}},
			},
			manifests.Options{Ignore: []string{"/top/"}},
			map[string]string{"x/a.yaml": "x", "x/sub/top/b.yaml": "b", "y/a.yaml": "y", "y/sub/c.yaml": "c"},
			[]manifests.Skipped{
				{"x/top/", manifests.ReasonIgnored, "/top/", "options"},
				{"y/.sourceignore", manifests.ReasonExtension, "", ""},
				{"y/c.yaml", manifests.ReasonIgnored, "/c.yaml", "y/.sourceignore:1"},
				{"y/top/", manifests.ReasonIgnored, "/top/", "options"},
			},
		},
		{
			"a kustomization refers to files in other trees",
			[]planted{
				{"overlays/prod", tree{"kustomization.yaml": "resources: [../../base]\n" + generating("../../conf/app.conf", "own.conf"), "own.conf": "own"}},
				{"base", tree{"kustomization.yaml": naming("a.yaml"), "a.yaml": "a"}},
				{"conf", tree{"app.conf": "conf", "other.conf": "x"}},
			},
			manifests.Options{},
			map[string]string{
				"overlays/prod/kustomization.yaml": "resources: [../../base]\n" + generating("../../conf/app.conf", "own.conf"), "overlays/prod/own.conf": "own",
				"base/kustomization.yaml": naming("a.yaml"), "base/a.yaml": "a", "conf/app.conf": "conf",
			},
			[]manifests.Skipped{{Path: "conf/other.conf", Reason: manifests.ReasonExtension}},
		},
		{
			"a kustomization refers to a link in another tree",
			[]planted{{"a", tree{"kustomization.yaml": generating("../b/l.conf")}}, {"b", tree{"l.conf": linkTo + "sub/x", "sub/x": "x"}}},
			manifests.Options{},
			map[string]string{"a/kustomization.yaml": generating("../b/l.conf"), "b/l.conf": "x"},
			[]manifests.Skipped{{Path: "b/sub/x", Reason: manifests.ReasonExtension}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			collectRoots(t, tt.trees, tt.opts, func(t *testing.T, set *manifests.Set, err error) {
				require.NoError(t, err)
				assert.Equal(t, tt.texts, contents(t, set))
				assert.Equal(t, tt.skipped, set.Skipped())
				assert.Empty(t, set.Problems())
			})
		})
	}
}

func TestCollectRootsRefuses(t *testing.T) {
	one := tree{"a.yaml": "a"}
	for _, tt := range []struct {
		name  string
		trees []planted
		opts  manifests.Options
		err   error
		path  string // of a PathError
	}{
		{"none", nil, manifests.Options{}, manifests.ErrPathRequired, ""},
		{"a duplicate file", []planted{{"x", one}, {"x", one}}, manifests.Options{}, manifests.ErrCollision, ""},
		{"a file and a directory with the same path", []planted{{"", tree{"x.yaml": "a"}}, {"x.yaml", one}}, manifests.Options{}, manifests.ErrCollision, ""},
		{
			"a file that a kustomization adds, and a directory with the same path",
			[]planted{{"", tree{"kustomization.yaml": generating("x"), "x": "a"}}, {"x", one}},
			manifests.Options{}, manifests.ErrCollision, "",
		},
		{
			"a file that a kustomization refers to and two trees have",
			[]planted{{"", tree{"kustomization.yaml": generating("x"), "x": "a"}}, {"", tree{"b.yaml": "b", "x": "b"}}},
			manifests.Options{}, manifests.ErrCollision, "",
		},
		{"path above", []planted{{"../x", one}}, manifests.Options{}, manifests.ErrInvalidName, "../x"},
		{"absolute path", []planted{{"/x", one}}, manifests.Options{}, manifests.ErrInvalidName, "/x"},
		{"path that is not clean", []planted{{"x/./y", one}}, manifests.Options{}, manifests.ErrInvalidName, "x/./y"},
		{"path with a backslash", []planted{{`x\y`, one}}, manifests.Options{}, manifests.ErrInvalidName, `x\y`},
		{"path that ends in two dots", []planted{{"x../y", one}}, manifests.Options{}, manifests.ErrInvalidName, "x../y"},
		{"path of a version-control system", []planted{{"x/.git", one}}, manifests.Options{}, manifests.ErrInvalidName, "x/.git"},
		{"link into another tree", []planted{{"x", one}, {"y", tree{"l.yaml": linkTo + "../x/a.yaml"}}}, manifests.Options{}, manifests.ErrSymlinkEscapes, "y/l.yaml"},
		{"files in all", []planted{{"x", one}, {"y", one}}, manifests.Options{MaxFiles: 1}, manifests.ErrLimitExceeded, "y/a.yaml"},
		{"bytes in all", []planted{{"x", one}, {"y", one}}, manifests.Options{MaxTotalSize: 1}, manifests.ErrLimitExceeded, "y/a.yaml"},
		{"entries in all", []planted{{"x", one}, {"y", one}}, manifests.Options{MaxEntries: 1}, manifests.ErrLimitExceeded, "y"},
		{"depth with its path", []planted{{"x/y", one}}, manifests.Options{MaxDepth: 1}, manifests.ErrLimitExceeded, "x/y"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			collectRoots(t, tt.trees, tt.opts, func(t *testing.T, set *manifests.Set, err error) {
				require.ErrorIs(t, err, tt.err)
				assert.Nil(t, set)
				if tt.path != "" {
					requirePathError(t, err, tt.err, tt.path)
				}
			})
		})
	}
}

func TestCollectRootsWithoutFiles(t *testing.T) {
	one, none := tree{"a.yaml": "a"}.dir(t), tree{"README.md": "x"}.dir(t)
	_, err := manifests.CollectRoots(t.Context(), []manifests.Root{{Dir: one}, {Path: "x", Dir: none}}, manifests.Options{})
	requirePathError(t, err, manifests.ErrNoManifestFiles, none)

	_, err = manifests.CollectRoots(t.Context(), []manifests.Root{{Path: "x", Dir: none}}, manifests.Options{Include: []string{"*.md"}})
	requirePathError(t, err, manifests.ErrNoManifestFiles, none)
}

func TestCollectRootsNamesCollidingFiles(t *testing.T) {
	first, second := tree{"sub/a.yaml": "a"}.dir(t), tree{"a.yaml": "b"}.dir(t)
	_, err := manifests.CollectRoots(t.Context(), []manifests.Root{{Dir: first}, {Path: "sub", Dir: second}}, manifests.Options{})
	var collision *manifests.CollisionError
	require.ErrorAs(t, err, &collision)
	want := manifests.CollisionError{Path: "sub/a.yaml", First: filepath.Join(first, "sub", "a.yaml"), Second: filepath.Join(second, "a.yaml")}
	if collision.First == want.Second { // the order does not matter
		collision.First, collision.Second = collision.Second, collision.First
	}
	assert.Equal(t, want, *collision)
	assert.Equal(t, "rename one of the files, or give its root another Path", collision.Hint())
}

func TestCollectRootsNamesCollidingReferences(t *testing.T) {
	first, second := tree{"kustomization.yaml": generating("x"), "x": "a"}.dir(t), tree{"b.yaml": "b", "x": "b"}.dir(t)
	_, err := manifests.CollectRoots(t.Context(), []manifests.Root{{Dir: first}, {Dir: second}}, manifests.Options{})
	var collision *manifests.CollisionError
	require.ErrorAs(t, err, &collision)
	assert.Equal(t, manifests.CollisionError{Path: "x", First: filepath.Join(first, "x"), Second: filepath.Join(second, "x")}, *collision)
}

func TestReaderOfAnotherSet(t *testing.T) {
	several, err := manifests.CollectRoots(t.Context(), []manifests.Root{
		{Dir: tree{"a.yaml": "a"}.dir(t)}, {Path: "x", Dir: tree{"a.yaml": "b"}.dir(t)},
	}, manifests.Options{})
	require.NoError(t, err)
	one, err := manifests.Collect(t.Context(), tree{"a.yaml": "a"}.dir(t), manifests.Options{})
	require.NoError(t, err)
	reader, err := one.Open()
	require.NoError(t, err)
	defer func() { require.NoError(t, reader.Close()) }()
	last := several.Files()[1]
	_, err = reader.Open(t.Context(), last)
	requirePathError(t, err, fs.ErrInvalid, "x/a.yaml")
	requirePathError(t, reader.ReadFile(t.Context(), last, make([]byte, last.Size)), fs.ErrInvalid, "x/a.yaml")
}

func TestCollectRootsIsNamedAfterTheFirst(t *testing.T) {
	dir := tree{"a.yaml": "a"}.dir(t)
	fsys := fstest.MapFS{"b.yaml": {Data: []byte("b")}}
	for name, roots := range map[string][]manifests.Root{
		filepath.Base(dir): {{Dir: dir}, {Path: "b", FS: fsys}},
		"":                 {{Path: "b", FS: fsys}, {Dir: dir}},
	} {
		set, err := manifests.CollectRoots(t.Context(), roots, manifests.Options{})
		require.NoError(t, err)
		assert.Equal(t, name, set.Name())
		assert.Equal(t, map[string]string{"a.yaml": "a", "b/b.yaml": "b"}, contents(t, set))
	}
}

func TestCollectRootsFindsDirectories(t *testing.T) {
	dir := tree{"a.yaml": "a"}.dir(t)
	missing := filepath.Join(dir, "missing")
	_, err := manifests.CollectRoots(t.Context(), []manifests.Root{{Dir: dir}, {Path: "x", Dir: missing}}, manifests.Options{})
	requirePathError(t, err, manifests.ErrPathNotFound, missing)
	_, err = manifests.Root{Dir: missing}.Resolve()
	requirePathError(t, err, manifests.ErrPathNotFound, missing)
	_, err = manifests.Root{}.Resolve()
	requirePathError(t, err, manifests.ErrPathRequired, "")
	root, err := manifests.Root{Path: "x", Dir: dir}.Resolve()
	require.NoError(t, err)
	again, err := root.Resolve()
	require.NoError(t, err)
	assert.Equal(t, root, again)

	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = manifests.CollectRoots(cancelled, []manifests.Root{{Dir: dir}}, manifests.Options{})
	assert.ErrorIs(t, err, context.Canceled)
}
