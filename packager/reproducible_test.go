package packager_test

import (
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/packager"
)

// checkout writes files into a new directory called app, in the order and with
// the mode and time given.
func checkout(t *testing.T, files map[string]string, order func([]string), mode os.FileMode, changed time.Time) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "app")
	names := slices.Sorted(maps.Keys(files))
	order(names)
	for _, name := range names {
		full := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(full), 0o755))
		require.NoError(t, os.WriteFile(full, []byte(files[name]), mode))
		require.NoError(t, os.Chtimes(full, changed, changed))
	}
	return dir
}

func forwards([]string)        {}
func backwards(names []string) { slices.Reverse(names) }

// TestReproducible packs copies of each tree that differ in everything but
// content.
func TestReproducible(t *testing.T) {
	zone := time.Local
	t.Cleanup(func() { time.Local = zone })
	for _, tree := range trees {
		files := sourceFiles(t, filepath.Join(treesDir, tree))
		withOthers := maps.Clone(files)
		withOthers["NOTES"] = "not a manifest"
		time.Local = time.UTC
		first := collect(t, checkout(t, files, forwards, 0o644, time.Unix(0, 0)))
		want := map[packager.Layout]packed{}
		for _, layout := range layouts {
			want[layout] = pack(t, first, layout, packager.Options{})
		}

		time.Local = time.FixedZone("Lord_Howe", 10*60*60+30*60)
		for name, dir := range map[string]string{
			"later, in another order":   checkout(t, files, backwards, 0o644, time.Now()),
			"with another mode":         checkout(t, files, forwards, 0o777, time.Unix(1e9, 123456789)),
			"from before the epoch":     checkout(t, files, backwards, 0o600, time.Unix(-1e9, 1)),
			"among files not collected": checkout(t, withOthers, forwards, 0o400, time.Unix(1, 0)),
		} {
			t.Run(tree+" "+name, func(t *testing.T) {
				set := collect(t, dir)
				for _, layout := range layouts {
					got := pack(t, set, layout, packager.Options{})
					assert.Equal(t, want[layout].Manifest, got.Manifest, layout)
					assert.Equal(t, want[layout].ContentDigest, got.ContentDigest, layout)
				}
			})
		}
	}
}

// TestReproducibleLayer packs a tree of many blocks on one and on several cores.
func TestReproducibleLayer(t *testing.T) {
	set := collectTexts(t, manyBlocks(t))
	want := pack(t, set, packager.LayoutBoth, packager.Options{Prefix: "app"})
	for _, cores := range []int{1, 2, 3, 16} {
		before := runtime.GOMAXPROCS(cores)
		got := pack(t, set, packager.LayoutBoth, packager.Options{Prefix: "app"})
		runtime.GOMAXPROCS(before)
		assert.Equal(t, want.Layer, got.Layer, "%d cores", cores)
		assert.Equal(t, want.Manifest, got.Manifest, "%d cores", cores)
	}
}

// TestContentDigest checks that the content digest depends on the files and the
// layout alone.
func TestContentDigest(t *testing.T) {
	texts := map[string]string{"a.yaml": "a", "b/c.yaml": "c"}
	base := packager.Options{Prefix: "app"}
	want := pack(t, collectTexts(t, texts), packager.LayoutPrefix, base)

	for name, change := range map[string]func(o *packager.Options){
		"annotations":   func(o *packager.Options) { o.Annotations = map[string]string{"key": "value"} },
		"created":       func(o *packager.Options) { o.Created = time.Unix(1, 0) },
		"artifact type": func(o *packager.Options) { o.ArtifactType = "application/vnd.example" },
	} {
		opts := base
		change(&opts)
		got := pack(t, collectTexts(t, texts), packager.LayoutPrefix, opts)
		assert.Equal(t, want.ContentDigest, got.ContentDigest, name)
		assert.Equal(t, want.Layer, got.Layer, name)
		assert.Equal(t, want.Config, got.Config, name)
		assert.NotEqual(t, want.Manifest.Digest, got.Manifest.Digest, name)
	}
	for name, change := range map[string]func(o *packager.Options, layout *packager.Layout, texts map[string]string){
		"prefix":  func(o *packager.Options, _ *packager.Layout, _ map[string]string) { o.Prefix = "other" },
		"layout":  func(_ *packager.Options, layout *packager.Layout, _ map[string]string) { *layout = packager.LayoutBoth },
		"content": func(_ *packager.Options, _ *packager.Layout, texts map[string]string) { texts["a.yaml"] = "b" },
		"name": func(_ *packager.Options, _ *packager.Layout, texts map[string]string) {
			delete(texts, "a.yaml")
			texts["b.yaml"] = "a"
		},
	} {
		opts, layout, texts := base, packager.LayoutPrefix, maps.Clone(texts)
		change(&opts, &layout, texts)
		assert.NotEqual(t, want.ContentDigest, pack(t, collectTexts(t, texts), layout, opts).ContentDigest, name)
	}
}
