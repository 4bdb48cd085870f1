// Package goldentree gives tests the trees of testdata, and trees made of text.
package goldentree

import (
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
)

// Dir holds the trees. It is relative to the directory of a public package, in
// which its tests run.
const Dir = "../testdata/trees"

var (
	// Names are the names of the trees.
	Names = []string{"flat", "helm-release", "json", "kustomize", "multidoc", "names"}
	// Layouts are all layouts.
	Layouts = []packager.Layout{packager.LayoutBoth, packager.LayoutRoot, packager.LayoutPrefix}
)

// Each runs f for every tree in every layout.
func Each(t *testing.T, f func(t *testing.T, tree string, layout packager.Layout)) {
	t.Helper()
	for _, tree := range Names {
		for _, layout := range Layouts {
			t.Run(tree+"/"+string(layout), func(t *testing.T) { f(t, tree, layout) })
		}
	}
}

// Collect collects a directory with the default options.
func Collect(t testing.TB, dir string) *manifests.Set {
	t.Helper()
	set, err := manifests.Collect(t.Context(), dir, manifests.Options{})
	require.NoError(t, err)
	return set
}

// CollectTexts collects files in memory, which are named by their paths.
func CollectTexts(t testing.TB, texts map[string]string) *manifests.Set {
	t.Helper()
	set, err := manifests.CollectFS(t.Context(), FS(texts), manifests.Options{})
	require.NoError(t, err)
	return set
}

// FS returns a file system of texts.
func FS(texts map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, text := range texts {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

// Manifests reads the manifests of a tree, and the files that its kustomizations
// generate from, without the help of package manifests.
func Manifests(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := Files(t, dir)
	maps.DeleteFunc(files, func(name, _ string) bool {
		return !slices.Contains([]string{".yaml", ".yml", ".json", ".properties", ".env"}, strings.ToLower(filepath.Ext(name)))
	})
	require.NotEmpty(t, files)
	return files
}

// Files reads all files of a directory. The test fails if that holds anything but
// files and directories.
func Files(t testing.TB, dir string) map[string]string {
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

// LaidOut returns the files of the archive in a layout.
func LaidOut(files map[string]string, layout packager.Layout, prefix string) map[string]string {
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

// Noise returns content that does not compress, the same at every call.
func Noise(t testing.TB, size int) []byte {
	t.Helper()
	data := make([]byte, size)
	_, err := rand.NewChaCha8([32]byte{}).Read(data)
	require.NoError(t, err)
	return data
}

// ManyBlocks returns texts that make several blocks of an archive, some with many
// files and some with a part of one.
func ManyBlocks(t testing.TB) map[string]string {
	t.Helper()
	texts := map[string]string{"large.yaml": hex.EncodeToString(Noise(t, 560_000))}
	for i := range 200 {
		texts[fmt.Sprintf("team-%d/%03d.yaml", i%7, i)] = strings.Repeat(fmt.Sprintf("key-%d: value\n", i), i+1)
	}
	return texts
}
