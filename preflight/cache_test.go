package preflight_test

import (
	"fmt"
	"io/fs"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/preflight"
)

// countingFS counts how often a file is opened.
type countingFS struct {
	fstest.MapFS
	opened atomic.Int64
}

func (c *countingFS) Open(name string) (fs.File, error) {
	if info, err := c.Stat(name); err == nil && !info.IsDir() {
		c.opened.Add(1)
	}
	return c.MapFS.Open(name)
}

// readAll gives the files of a Set to a Cache, as packing does.
func readAll(t testing.TB, set *manifests.Set, cache *preflight.Cache) {
	t.Helper()
	reader, err := set.Open()
	require.NoError(t, err)
	for _, f := range set.Files() {
		content := make([]byte, f.Size)
		require.NoError(t, reader.ReadFile(f, content))
		cache.Read(f, content)
		clear(content) // which is not there any more
	}
	require.NoError(t, reader.Close())
}

// TestCacheChangesNothing checks a tree and changes of it, with and without. The
// rules are tested with one as well: see [tree.check].
func TestCacheChangesNothing(t *testing.T) {
	tr, cache := many(), new(preflight.Cache)
	for _, change := range []struct {
		name string
		do   func()
	}{
		{"at first", func() {}},
		{"again", func() {}},
		{"other content of the same size", func() { tr["a1/app.yaml"] = "b" + app[1:] }},
		{"a file comes", func() { tr["new.yaml"] = object("A", "new") }},
		{"a file goes", func() { delete(tr, "a2/app.yaml") }},
		{"two files are exchanged", func() { tr["b3.yaml"], tr["a3/app.yaml"] = tr["a3/app.yaml"], tr["b3.yaml"] }},
		{"rules come", func() { tr[".sourceignore"] = "a4/\n" }},
		{"rules change", func() { tr[".sourceignore"] = "a5/\n" }},
		{"a kustomization names a file", func() { tr["c6/kustomization.yaml"] = "resources: [../a6/app.yaml]\n" }},
		{"it names another", func() { tr["c6/kustomization.yaml"] = "resources: [../a7/app.yaml]\n" }},
		{"back again", func() { tr = many() }},
	} {
		t.Run(change.name, func(t *testing.T) {
			change.do()
			set := tr.collect(t)
			plan, err := packager.NewPlan(set, none.Layout(), packager.Options{Prefix: "shop"})
			require.NoError(t, err)
			want, err := preflight.Check(t.Context(), plan, preflight.Options{})
			require.NoError(t, err)
			got, err := preflight.Check(t.Context(), plan, preflight.Options{Cache: cache})
			require.NoError(t, err)
			assert.Equal(t, want, got)
		})
	}
}

// What was read of this Set is not read again, and what was read of another is,
// since it may have changed.
func TestFilesThatWereReadAreNotReadAgain(t *testing.T) {
	fsys := &countingFS{MapFS: many().fs()}
	cache := new(preflight.Cache)
	collect := func() *manifests.Set {
		set, err := manifests.CollectFS(t.Context(), fsys, manifests.Options{AllowEmptyFiles: true})
		require.NoError(t, err)
		return set
	}
	opened := func(set *manifests.Set) int64 {
		plan, err := packager.NewPlan(set, none.Layout(), packager.Options{Prefix: "shop"})
		require.NoError(t, err)
		fsys.opened.Store(0)
		_, err = preflight.Check(t.Context(), plan, preflight.Options{Cache: cache})
		require.NoError(t, err)
		return fsys.opened.Load()
	}
	set, files := collect(), int64(len(fsys.MapFS))
	readAll(t, set, cache)
	assert.Zero(t, opened(set))
	set = collect()
	assert.Equal(t, files, opened(set))
	assert.Zero(t, opened(set))

	another := tree{"app.yaml": app}.collect(t)
	plan, err := packager.NewPlan(another, flux.Layout(), packager.Options{})
	require.NoError(t, err)
	_, err = preflight.Check(t.Context(), plan, preflight.Options{Cache: cache})
	require.NoError(t, err)
	assert.Equal(t, files, opened(set), "another tree has taken its place")
}

func TestCacheConcurrently(t *testing.T) {
	cache, want := new(preflight.Cache), map[int]preflight.Findings{}
	for i := range 3 {
		want[i] = tree{"app.yaml": app, "b.yaml": object("A", fmt.Sprint(i)) + "data: [\n"}.check(t, none, preflight.Options{})
	}
	var group sync.WaitGroup
	for i := range 12 {
		set := tree{"app.yaml": app, "b.yaml": object("A", fmt.Sprint(i%3)) + "data: [\n"}.collect(t)
		plan, err := packager.NewPlan(set, none.Layout(), packager.Options{Prefix: "shop"})
		require.NoError(t, err)
		group.Go(func() {
			readAll(t, set, cache)
			got, err := preflight.Check(t.Context(), plan, preflight.Options{Cache: cache})
			assert.NoError(t, err)
			assert.Equal(t, want[i%3], got)
		})
	}
	group.Wait()
}
