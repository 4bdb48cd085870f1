package packager_test

import (
	"maps"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
)

// TestRecall checks that a cache recalls a layer for the same files and options alone, and
// then gives the result of Pack.
func TestRecall(t *testing.T) {
	large := strings.Repeat("0123456789abcdef", 80<<10) // three blocks
	texts := map[string]string{"a.yaml": "a", "b.yaml": "b", "c/d.yaml": large, "empty.yaml": ""}
	for _, tt := range []struct {
		name   string
		texts  map[string]string // that differ
		gone   string
		layout packager.Layout
		opts   packager.Options
		found  bool
		unread bool // Recall need not read the files to find nothing
	}{
		{name: "nothing differs", layout: packager.LayoutBoth, found: true},
		{name: "an annotation", layout: packager.LayoutBoth, opts: packager.Options{Annotations: map[string]string{"a": "b"}}, found: true},
		{name: "content", texts: map[string]string{"a.yaml": "b"}, layout: packager.LayoutBoth},
		{name: "two files that changed places", texts: map[string]string{"a.yaml": "b", "b.yaml": "a"}, layout: packager.LayoutBoth},
		{name: "a name", texts: map[string]string{"A.yaml": "a"}, gone: "a.yaml", layout: packager.LayoutBoth, unread: true},
		{name: "a file more", texts: map[string]string{"f.yaml": ""}, layout: packager.LayoutBoth, unread: true},
		{name: "a file less", gone: "empty.yaml", layout: packager.LayoutBoth, unread: true},
		{name: "a size", texts: map[string]string{"a.yaml": "aa"}, layout: packager.LayoutBoth, unread: true},
		{name: "the end of a large file", texts: map[string]string{"c/d.yaml": large[:len(large)-1] + "x"}, layout: packager.LayoutBoth},
		{name: "the middle of a large file", texts: map[string]string{"c/d.yaml": large[:600_000] + "x" + large[600_001:]}, layout: packager.LayoutBoth},
		{name: "layout root", layout: packager.LayoutRoot, unread: true},
		{name: "layout prefix", layout: packager.LayoutPrefix, unread: true},
		{name: "the prefix", layout: packager.LayoutBoth, opts: packager.Options{Prefix: "app2"}, unread: true},
		{name: "the level", layout: packager.LayoutBoth, opts: packager.Options{Level: 9}, unread: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cache := &packager.Cache{Dir: t.TempDir()}
			before := newPlan(t, collectTexts(t, texts), packager.LayoutBoth, packager.Options{Prefix: "app"})
			packCached(t, before, cache)
			changed := maps.Clone(texts)
			maps.Copy(changed, tt.texts)
			delete(changed, tt.gone)
			if tt.opts.Prefix == "" {
				tt.opts.Prefix = "app"
			}
			after := newPlan(t, collectTexts(t, changed), tt.layout, tt.opts)
			want, err := after.Pack(t.Context(), new(packager.Store), new(packager.Cache), nil)
			require.NoError(t, err)
			assert.Nil(t, pack(t, collectTexts(t, changed), tt.layout, tt.opts).Contents, "it has no cache")
			for name, cache := range map[string]*packager.Cache{"in this process": cache, "in another": {Dir: cache.Dir}} {
				var read atomic.Bool
				got, found, err := after.Recall(t.Context(), new(packager.Store), cache, func(manifests.File, []byte) { read.Store(true) })
				require.NoError(t, err, name)
				assert.Equal(t, tt.unread, !read.Load(), name)
				assert.Equal(t, tt.found, found, name)
				if found {
					assert.Equal(t, want.Contents.Digest(), got.Contents.Digest(), name)
					assert.Equal(t, facts(want), facts(got), name)
					assert.Same(t, after, got.Plan, name)
				}
			}
		})
	}
}

func TestContents(t *testing.T) {
	large := strings.Repeat("0123456789abcdef", 80<<10)
	texts := map[string]string{"a.yaml": "a", "c/d.yaml": large, "empty.yaml": ""}
	set := collectTexts(t, texts)
	another := collectTexts(t, texts).Files()
	contents := map[packager.Layout]*packager.Contents{}
	for _, layout := range []packager.Layout{packager.LayoutRoot, packager.LayoutPrefix, packager.LayoutBoth} {
		plan := newPlan(t, set, layout, packager.Options{Prefix: "app"})
		result, err := plan.Pack(t.Context(), new(packager.Store), new(packager.Cache), nil)
		require.NoError(t, err)
		contents[layout] = result.Contents
		assert.Same(t, plan, result.Contents.Plan())
		assert.Equal(t, contents[packager.LayoutRoot].Digest(), result.Contents.Digest(), "whatever the layout")
	}
	for _, tt := range []struct {
		name string
		file int
		text string
		has  bool
	}{
		{"small", 0, "a", true},
		{"small, other", 0, "b", false},
		{"small, longer", 0, "aa", false},
		{"large", 1, large, true},
		{"large, other at the end", 1, large[:len(large)-1] + "x", false},
		{"large, other at the start", 1, "x" + large[1:], false},
		{"large, cut", 1, large[:512<<10], false},
		{"empty", 2, "", true},
		{"not empty", 2, "a", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for layout, contents := range contents {
				assert.Equal(t, tt.has, contents.Has(set.Files()[tt.file], []byte(tt.text)), layout)
				assert.False(t, contents.Has(another[tt.file], []byte(tt.text)), "of another Set")
			}
		})
	}
}
