package packager_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"oras.land/oras-go/v2/content"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
)

var update = flag.Bool("update", false, "rewrite testdata/golden")

const treesDir = "../testdata/trees"

// trees are the names of the trees in testdata.
var trees = []string{"flat", "helm-release", "json", "kustomize", "multidoc", "names"}

var layouts = []packager.Layout{packager.LayoutBoth, packager.LayoutRoot, packager.LayoutPrefix}

// eachTree runs f for every tree in every layout.
func eachTree(t *testing.T, f func(t *testing.T, tree string, layout packager.Layout)) {
	t.Helper()
	for _, tree := range trees {
		for _, layout := range layouts {
			t.Run(tree+"/"+string(layout), func(t *testing.T) { f(t, tree, layout) })
		}
	}
}

func collect(t testing.TB, dir string) *manifests.Set {
	t.Helper()
	set, err := manifests.Collect(t.Context(), dir, manifests.Options{})
	require.NoError(t, err)
	return set
}

// collectTexts is a Set of files in memory.
func collectTexts(t testing.TB, texts map[string]string) *manifests.Set {
	t.Helper()
	set, err := manifests.CollectFS(t.Context(), fsOf(texts), manifests.Options{})
	require.NoError(t, err)
	return set
}

func fsOf(texts map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, text := range texts {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

// small is a Set of one file.
func small(t testing.TB) *manifests.Set {
	t.Helper()
	return collectTexts(t, map[string]string{"a.yaml": "kind: List\n"})
}

// packed is an artifact in a Store that the test closes.
type packed struct {
	packager.Result
	store *packager.Store
}

func pack(t testing.TB, set *manifests.Set, layout packager.Layout, opts packager.Options) packed {
	t.Helper()
	return packCached(t, newPlan(t, set, layout, opts), nil)
}

func packCached(t testing.TB, plan *packager.Plan, cache *packager.Cache) packed {
	t.Helper()
	store := new(packager.Store)
	t.Cleanup(func() { assert.NoError(t, store.Close()) })
	result, err := plan.Pack(t.Context(), store, cache, nil)
	require.NoError(t, err)
	return packed{result, store}
}

func newPlan(t testing.TB, set *manifests.Set, layout packager.Layout, opts packager.Options) *packager.Plan {
	t.Helper()
	plan, err := packager.NewPlan(set, layout, opts)
	require.NoError(t, err)
	return plan
}

// facts are what a Result reports of the artifact.
func facts(r packager.Result) packager.Result {
	r.Plan = nil
	return r
}

// manifest is the artifact's manifest, as it lies in the store.
func (p packed) manifest(t testing.TB) ocispec.Manifest {
	t.Helper()
	var manifest ocispec.Manifest
	require.NoError(t, json.Unmarshal(fetch(t, p.store, p.Manifest), &manifest))
	return manifest
}

// archive is the uncompressed layer.
func (p packed) archive(t testing.TB) []byte {
	t.Helper()
	return gunzip(t, fetch(t, p.store, p.Layer))
}

// fetch reads a blob and checks that it is the one described.
func fetch(t testing.TB, store content.Fetcher, desc ocispec.Descriptor) []byte {
	t.Helper()
	data, err := content.FetchAll(context.WithoutCancel(t.Context()), store, desc)
	require.NoError(t, err)
	return data
}

func gunzip(t testing.TB, data []byte) []byte {
	t.Helper()
	reader, err := gzip.NewReader(bytes.NewReader(data))
	require.NoError(t, err)
	text, err := io.ReadAll(reader)
	require.NoError(t, err)
	return text
}

// sourceFiles reads the manifests of a tree, and what its kustomizations generate
// from, without the help of package manifests.
func sourceFiles(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := allFiles(t, dir)
	maps.DeleteFunc(files, func(name, _ string) bool {
		return !slices.Contains([]string{".yaml", ".yml", ".json", ".properties", ".env"}, strings.ToLower(filepath.Ext(name)))
	})
	require.NotEmpty(t, files)
	return files
}

// allFiles reads all that is in a directory and refuses what is neither file
// nor folder.
func allFiles(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		require.True(t, entry.Type().IsRegular(), name)
		rel, err := filepath.Rel(dir, name)
		require.NoError(t, err)
		data, err := os.ReadFile(name)
		files[filepath.ToSlash(rel)] = string(data)
		return err
	}))
	return files
}

// laidOut returns the files of the archive in a layout.
func laidOut(files map[string]string, layout packager.Layout, prefix string) map[string]string {
	placed := map[string]string{}
	for name, text := range files {
		if layout != packager.LayoutPrefix {
			placed[name] = text
		}
		if layout != packager.LayoutRoot {
			placed[prefix+"/"+name] = text
		}
	}
	return placed
}

// noise is content that does not compress, the same at every call.
func noise(t testing.TB, size int) []byte {
	t.Helper()
	data := make([]byte, size)
	_, err := rand.NewChaCha8([32]byte{}).Read(data)
	require.NoError(t, err)
	return data
}

// manyBlocks are texts that make several blocks of an archive, some with many
// files and some with a part of one.
func manyBlocks(t testing.TB) map[string]string {
	t.Helper()
	texts := map[string]string{"large.yaml": hex.EncodeToString(noise(t, 560_000))}
	for i := range 200 {
		texts[fmt.Sprintf("team-%d/%03d.yaml", i%7, i)] = strings.Repeat(fmt.Sprintf("key-%d: value\n", i), i+1)
	}
	return texts
}
