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

// readAll passes the files of a Set to a Cache or an Observer, as packing does.
func readAll(t testing.TB, set *manifests.Set, to interface {
	Observe(f manifests.File, content []byte)
}) {
	t.Helper()
	reader, err := set.Open()
	require.NoError(t, err)
	for _, f := range set.Files() {
		content := make([]byte, f.Size)
		require.NoError(t, reader.ReadFile(t.Context(), f, content))
		to.Observe(f, content)
		clear(content) // the caller may use it again
	}
	require.NoError(t, reader.Close())
}

// TestCacheChangesNothing checks a tree and changes of it, with and without a cache.
// The rules are tested with one as well: see [tree.check].
func TestCacheChangesNothing(t *testing.T) {
	tr, cache := many(), new(preflight.Cache)
	for _, change := range []struct {
		name string
		do   func()
	}{
		{"at first", func() {}},
		{"again", func() {}},
		{"other content of the same size", func() { tr["a1/app.yaml"] = "b" + app[1:] }},
		{"a file is added", func() { tr["new.yaml"] = object("A", "new") }},
		{"a file is removed", func() { delete(tr, "a2/app.yaml") }},
		{"two files are swapped", func() { tr["b3.yaml"], tr["a3/app.yaml"] = tr["a3/app.yaml"], tr["b3.yaml"] }},
		{"rules are added", func() { tr[".sourceignore"] = "a4/\n" }},
		{"rules change", func() { tr[".sourceignore"] = "a5/\n" }},
		{"a kustomization refers to a file", func() { tr["c6/kustomization.yaml"] = "resources: [../a6/app.yaml]\n" }},
		{"it refers to another", func() { tr["c6/kustomization.yaml"] = "resources: [../a7/app.yaml]\n" }},
		{"the first tree again", func() { tr = many() }},
	} {
		t.Run(change.name, func(t *testing.T) {
			change.do()
			set := tr.collect(t)
			a := artifact(t, set, none)
			want, err := preflight.Check(t.Context(), a, preflight.Options{})
			require.NoError(t, err)
			a.Cache = cache
			got, err := preflight.Check(t.Context(), a, preflight.Options{})
			require.NoError(t, err)
			assert.Equal(t, want, got)
		})
	}
}

// Check does not read a file again that was read for this Set. It does if the file
// was read for another Set, because it may have changed.
func TestObservedFilesAreNotReadAgain(t *testing.T) {
	fsys := &countingFS{MapFS: many().fs()}
	cache := new(preflight.Cache)
	collect := func() *manifests.Set {
		set, err := manifests.CollectFS(t.Context(), fsys, manifests.Options{})
		require.NoError(t, err)
		return set
	}
	opened := func(set *manifests.Set) int64 {
		a := artifact(t, set, none)
		a.Cache = cache
		fsys.opened.Store(0)
		_, err := preflight.Check(t.Context(), a, preflight.Options{})
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
	a := artifact(t, another, flux)
	a.Cache = cache
	_, err := preflight.Check(t.Context(), a, preflight.Options{})
	require.NoError(t, err)
	assert.Equal(t, files, opened(set), "another tree has replaced it")
}

func TestCacheConcurrently(t *testing.T) {
	cache, want := new(preflight.Cache), map[int]preflight.Findings{}
	for i := range 3 {
		want[i] = tree{"app.yaml": app, "b.yaml": object("A", fmt.Sprint(i)) + "data: [\n"}.check(t, none, preflight.Options{})
	}
	var group sync.WaitGroup
	for i := range 12 {
		set := tree{"app.yaml": app, "b.yaml": object("A", fmt.Sprint(i%3)) + "data: [\n"}.collect(t)
		a := artifact(t, set, none)
		a.Cache = cache
		group.Go(func() {
			readAll(t, set, cache)
			got, err := preflight.Check(t.Context(), a, preflight.Options{})
			assert.NoError(t, err)
			assert.Equal(t, want[i%3], others(got))
		})
	}
	group.Wait()
}

// TestObserveAgain observes the files of a Set with both copies of each, of which it parses
// the first.
func TestObserveAgain(t *testing.T) {
	set := tree{"app.yaml": app}.collect(t)
	cache := new(preflight.Cache)
	readAll(t, set, cache)
	cache.Observe(set.Files()[0], []byte("kind: ["))
	findings, err := preflight.Check(t.Context(), withCache(t, set, cache), preflight.Options{})
	require.NoError(t, err)
	assert.Empty(t, others(findings))

	readAll(t, tree{"app.yaml": "kind: ["}.collect(t), cache) // another Set
	findings, err = preflight.Check(t.Context(), withCache(t, set, cache), preflight.Options{})
	require.NoError(t, err)
	assert.Empty(t, others(findings))
}

// withCache returns an artifact for Flux.
func withCache(t *testing.T, set *manifests.Set, cache *preflight.Cache) preflight.Artifact {
	t.Helper()
	a := artifact(t, set, flux)
	a.Cache = cache
	return a
}
