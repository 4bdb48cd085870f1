package packager_test

import (
	"context"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
)

// TestCacheChangesNothing packs changing trees with and without a Cache.
func TestCacheChangesNothing(t *testing.T) {
	opts := packager.Options{}
	cache := new(packager.Cache)
	texts := manyBlocks(t)
	for _, change := range []struct {
		name string
		do   func()
	}{
		{"first", func() {}},
		{"again", func() {}},
		{"a file grows", func() { texts["team-1/001.yaml"] += strings.Repeat("more\n", 1000) }},
		{"a file is added", func() { texts["team-0/new.yaml"] = "new" }},
		{"a file is removed", func() { delete(texts, "team-3/003.yaml") }},
		{"a large file changes", func() { texts["large.yaml"] = "x" + texts["large.yaml"][1:] }},
		{"back again", func() { texts = manyBlocks(t) }},
		{"another level", func() { opts.Level = 1 }},
	} {
		t.Run(change.name, func(t *testing.T) {
			change.do()
			set := collectTexts(t, texts)
			without := pack(t, set, packager.LayoutRoot, opts)
			with := packCached(t, newPlan(t, set, packager.LayoutRoot, opts), cache)
			assert.Equal(t, facts(without.Result), facts(with.Result))
			assert.Equal(t, fetch(t, without.store, without.Layer), fetch(t, with.store, with.Layer))
			assert.Positive(t, cache.Size())
			assert.LessOrEqual(t, cache.Size(), with.Layer.Size)
		})
	}
}

// TestCacheSavesCompressing measures memory, because a compressor takes more of it
// than everything else.
func TestCacheSavesCompressing(t *testing.T) {
	set, cache := collectTexts(t, map[string]string{"a.yaml": "a"}), new(packager.Cache)
	taken := func() uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		packCached(t, newPlan(t, set, packager.LayoutBoth, packager.Options{Prefix: "app"}), cache)
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	miss := taken()
	assert.Less(t, taken(), miss/4)
}

func TestCacheLimit(t *testing.T) {
	set := collectTexts(t, manyBlocks(t))
	for _, tt := range []struct {
		name  string
		limit int64
		check func(*testing.T, int64)
	}{
		{"default", 0, func(t *testing.T, size int64) { assert.Greater(t, size, int64(500_000)) }},
		{"less than all", 300_000, func(t *testing.T, size int64) {
			assert.LessOrEqual(t, size, int64(300_000))
			assert.Positive(t, size)
		}},
		{"none", -1, func(t *testing.T, size int64) { assert.Zero(t, size) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cache := &packager.Cache{Limit: tt.limit}
			for range 2 {
				packCached(t, newPlan(t, set, packager.LayoutBoth, packager.Options{Prefix: "app"}), cache)
				tt.check(t, cache.Size())
			}
		})
	}
}

// TestCacheForgets checks that blocks of older layers are dropped.
func TestCacheForgets(t *testing.T) {
	cache := new(packager.Cache)
	packCached(t, newPlan(t, collectTexts(t, manyBlocks(t)), packager.LayoutBoth, packager.Options{Prefix: "app"}), cache)
	last := packCached(t, newPlan(t, small(t), packager.LayoutBoth, packager.Options{Prefix: "app"}), cache)
	assert.LessOrEqual(t, cache.Size(), last.Layer.Size)
}

// TestCacheAfterAFailure checks that a failed Pack leaves the Cache unchanged.
func TestCacheAfterAFailure(t *testing.T) {
	cache := new(packager.Cache)
	packCached(t, newPlan(t, small(t), packager.LayoutBoth, packager.Options{Prefix: "app"}), cache)
	size := cache.Size()
	ctx, cancel := context.WithCancel(t.Context())
	fsys := readFS{fstest.MapFS{"a.yaml": {Data: []byte("a: 1")}}, cancel}
	set, err := manifests.CollectFS(t.Context(), fsys, manifests.Options{})
	require.NoError(t, err)
	_, err = newPlan(t, set, packager.LayoutBoth, packager.Options{Prefix: "app"}).Pack(ctx, new(packager.Store), cache, nil)
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, size, cache.Size())
}

func TestCacheConcurrently(t *testing.T) {
	cache, set := new(packager.Cache), collectTexts(t, manyBlocks(t))
	want := pack(t, set, packager.LayoutBoth, packager.Options{Prefix: "app"})
	plan := newPlan(t, set, packager.LayoutBoth, packager.Options{Prefix: "app"})
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			store := new(packager.Store)
			defer func() { assert.NoError(t, store.Close()) }()
			got, err := plan.Pack(t.Context(), store, cache, nil)
			assert.NoError(t, err)
			assert.Equal(t, facts(want.Result), facts(got))
		})
	}
	group.Wait()
}
