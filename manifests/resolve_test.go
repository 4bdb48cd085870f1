package manifests_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
)

func TestRootHasOneSource(t *testing.T) {
	dir := tree{"a.yaml": "a"}.dir(t)
	_, err := manifests.Root{Dir: dir, FS: tree{}.mapFS()}.Resolve()
	requirePathError(t, err, manifests.ErrTwoSources, dir)
	_, err = manifests.CollectRoots(t.Context(), []manifests.Root{{Dir: dir, FS: tree{}.mapFS()}}, manifests.Options{})
	requirePathError(t, err, manifests.ErrTwoSources, dir)

	root := manifests.Root{Path: "x", FS: tree{}.mapFS()}
	resolved, err := root.Resolve()
	require.NoError(t, err)
	assert.Equal(t, root, resolved)
}

// A directory that was resolved is not looked up again, so a later change shows when
// it is opened.
func TestResolvedRootThatChanges(t *testing.T) {
	dir := tree{"app/a.yaml": "a"}.dir(t)
	root, err := manifests.Root{Dir: filepath.Join(dir, "app")}.Resolve()
	require.NoError(t, err)
	require.NoError(t, os.RemoveAll(root.Dir))

	again, err := root.Resolve()
	require.NoError(t, err, "looked up again")
	assert.Equal(t, root, again)
	_, err = manifests.CollectRoots(t.Context(), []manifests.Root{root}, manifests.Options{})
	requirePathError(t, err, manifests.ErrPathNotFound, root.Dir)

	require.NoError(t, os.WriteFile(root.Dir, nil, 0o600))
	_, err = manifests.CollectRoots(t.Context(), []manifests.Root{root}, manifests.Options{})
	requirePathError(t, err, manifests.ErrPathNotDirectory, root.Dir)

	root.Dir = dir
	again, err = root.Resolve()
	require.NoError(t, err)
	assert.Equal(t, dir, again.Dir)
	root.Dir = filepath.Join(dir, "missing")
	_, err = root.Resolve()
	requirePathError(t, err, manifests.ErrPathNotFound, root.Dir)
}

func TestResolveOptions(t *testing.T) {
	rules := []string{"b.yaml"}
	opts, err := manifests.Options{Ignore: rules}.Resolve()
	require.NoError(t, err)
	assert.Equal(t, manifests.SymlinksFollow, opts.Symlinks)
	assert.Equal(t,
		[]int64{100_000, 1_000_000_000, 1_000_000_000, 100, 500_000},
		[]int64{int64(opts.MaxFiles), opts.MaxFileSize, opts.MaxTotalSize, int64(opts.MaxDepth), int64(opts.MaxEntries)},
	)
	again, err := opts.Resolve()
	require.NoError(t, err)
	assert.Equal(t, opts, again)

	rules[0] = "a.yaml" // the resolved options have their own copy
	fsys := tree{"a.yaml": "a", "b.yaml": "b", "c.yaml": "c", ".github/d.yaml": "d"}.mapFS()
	collect := func(opts manifests.Options) []string {
		set, err := manifests.CollectFS(t.Context(), fsys, opts)
		require.NoError(t, err)
		return paths(set)
	}
	assert.Equal(t, []string{".github/d.yaml", "a.yaml", "c.yaml"}, collect(opts))
	opts.Ignore = []string{"c.yaml"}
	assert.Equal(t, []string{".github/d.yaml", "a.yaml", "b.yaml"}, collect(opts), "changed after Resolve")
	opts.IgnoreFluxDefaults = true
	assert.Equal(t, []string{"a.yaml", "b.yaml"}, collect(opts))
	opts.Ignore, opts.IgnoreFluxDefaults = nil, false
	assert.Equal(t, []string{".github/d.yaml", "a.yaml", "b.yaml", "c.yaml"}, collect(opts))
	opts.Ignore = []string{"["}
	_, err = opts.Resolve()
	requirePathError(t, err, manifests.ErrInvalidIgnore, "[")
}

func TestLinked(t *testing.T) {
	trees := []planted{
		{"", tree{"real/a.yaml": "a", "dir": linkTo + "real", "file.yaml": linkTo + "real/a.yaml"}},
		{"x/y", tree{"real/a.yaml": "a", "dir": linkTo + "real", "kustomization.yaml": generating("b.conf", "c.conf"), "b.conf": linkTo + "c.conf", "c.conf": "c"}},
	}
	collectRoots(t, trees, manifests.Options{}, func(t *testing.T, set *manifests.Set, err error) {
		require.NoError(t, err)
		linked := map[string]bool{}
		for _, f := range set.Files() {
			linked[f.Path] = f.Linked()
		}
		assert.Equal(t, map[string]bool{
			"real/a.yaml": false, "dir/a.yaml": true, "file.yaml": true,
			"x/y/real/a.yaml": false, "x/y/dir/a.yaml": true, "x/y/kustomization.yaml": false, "x/y/b.conf": true, "x/y/c.conf": false,
		}, linked)
	})
	assert.False(t, manifests.File{Path: "a.yaml"}.Linked())
}

// Package preflight does not parse kustomizations again.
func TestSetKeepsKustomizations(t *testing.T) {
	texts := tree{"a/kustomization.yaml": naming("b.yaml", "missing"), "a/b.yaml": "b", "c/Kustomization": "- invalid", "d/kustomization.yaml": "namespace: d"}
	set, err := manifests.CollectFS(t.Context(), texts.mapFS(), manifests.Options{})
	require.NoError(t, err)
	k, found := set.Kustomization("a/kustomization.yaml")
	require.True(t, found)
	require.Len(t, k.References, 2)
	assert.Equal(t, "resources[1]", k.References[1].Field)
	k, found = set.Kustomization("c/Kustomization")
	assert.True(t, found)
	assert.Nil(t, k)
	k, found = set.Kustomization("d/kustomization.yaml")
	require.True(t, found)
	assert.Empty(t, k.References)
	assert.Equal(t, "d", k.Namespace)
	_, found = set.Kustomization("a/b.yaml")
	assert.False(t, found)

	set, err = manifests.CollectFS(t.Context(), texts.mapFS(), manifests.Options{SkipReferences: true})
	require.NoError(t, err)
	_, found = set.Kustomization("a/kustomization.yaml")
	assert.False(t, found)
}

// The caller may change an element of a slice of resolved options.
func TestResolvedRuleChangedInPlace(t *testing.T) {
	fsys := tree{"a.yaml": "a", "b.yaml": "b"}.mapFS()
	opts, err := manifests.Options{Ignore: []string{"a.yaml"}}.Resolve()
	require.NoError(t, err)

	opts.Ignore[0] = "b.yaml"
	set, err := manifests.CollectFS(t.Context(), fsys, opts)
	require.NoError(t, err)
	assert.Equal(t, []string{"a.yaml"}, paths(set))
	opts.Ignore[0] = "["
	_, err = manifests.CollectFS(t.Context(), fsys, opts)
	requirePathError(t, err, manifests.ErrInvalidIgnore, "[")
}
