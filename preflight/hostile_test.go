package preflight_test

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/preflight"
)

// checkFS is check for a file system of the test.
func checkFS(t *testing.T, fsys fs.FS, engine packager.GitOpsEngine, opts manifests.Options) preflight.Findings {
	t.Helper()
	set, err := manifests.CollectFS(t.Context(), fsys, opts)
	require.NoError(t, err)
	a := artifact(t, set, engine)
	findings, err := preflight.Check(t.Context(), a, preflight.Options{})
	require.NoError(t, err)
	return others(findings)
}

// Check holds only few of many large files in memory.
func TestMemoryOfACheck(t *testing.T) {
	const files, size = 100, 300_000
	text := app + "data:\n  a: |\n" + strings.Repeat("    text\n", size/len("    text\n"))
	fsys := fstest.MapFS{}
	for i := range files {
		fsys[fmt.Sprintf("%d/app.yaml", i)] = &fstest.MapFile{Data: []byte(text)}
	}
	set, err := manifests.CollectFS(t.Context(), fsys, manifests.Options{})
	require.NoError(t, err)
	a := artifact(t, set, argocd)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err = preflight.Check(t.Context(), a, preflight.Options{})
	runtime.ReadMemStats(&after)
	require.NoError(t, err)
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(2*set.Size()), "allocated in all") // the race detector makes pools forget
}

func TestDeepDirectories(t *testing.T) {
	const depth = 200
	fsys := fstest.MapFS{strings.Repeat("d/", depth) + "app.yaml": {Data: []byte(app)}}
	_, err := manifests.CollectFS(t.Context(), fsys, manifests.Options{})
	limit := new(manifests.LimitError)
	require.ErrorAs(t, err, &limit)
	assert.Equal(t, manifests.LimitError{Limit: "MaxDepth", Max: 100}, *limit)

	assert.Empty(t, checkFS(t, fsys, flux, manifests.Options{MaxDepth: depth}))
}

// sizedFS has files that claim another size, and that must not be opened.
type sizedFS struct {
	fstest.MapFS
	t     *testing.T
	sizes map[string]int64
}

func (s sizedFS) Open(name string) (fs.File, error) {
	assert.NotContains(s.t, s.sizes, name, "it is opened")
	return s.MapFS.Open(name)
}

func (s sizedFS) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := s.MapFS.ReadDir(name)
	for i, entry := range entries {
		if size, sized := s.sizes[path.Join(name, entry.Name())]; sized {
			entries[i] = sizedEntry{entry, size}
		}
	}
	return entries, err
}

func (s sizedFS) Lstat(name string) (fs.FileInfo, error) {
	info, err := s.MapFS.Lstat(name)
	if size, sized := s.sizes[name]; sized {
		info = sizedInfo{info, size}
	}
	return info, err
}

type sizedEntry struct {
	fs.DirEntry
	size int64
}

func (s sizedEntry) Info() (fs.FileInfo, error) {
	info, err := s.DirEntry.Info()
	return sizedInfo{info, s.size}, err
}

type sizedInfo struct {
	fs.FileInfo
	size int64
}

func (s sizedInfo) Size() int64 { return s.size }

// A file that is too large is not read.
func TestLargeFiles(t *testing.T) {
	const size = 900_000_000
	for _, tt := range []struct {
		name   string
		file   string
		tree   tree
		engine packager.GitOpsEngine
		want   []string
	}{
		{"for Flux", "big.yaml", tree{"app.yaml": app}, flux, []string{
			"big.yaml: warning: the file has more than 4194304 bytes and is not checked [too-large]",
		}},
		{"for Argo CD", "big.json", tree{"app.yaml": app}, argocd, []string{
			"error: the directory has 900000053 bytes of manifests, and Argo CD accepts at most 10000000 [manifest-size]",
			"big.json: warning: the file has more than 4194304 bytes and is not checked [too-large]",
		}},
		{"alone", "big.yaml", tree{}, flux, []string{
			"big.yaml: warning: the file has more than 4194304 bytes and is not checked [too-large]",
		}},
		{"a kustomization", "kustomization.yaml", tree{"app.yaml": app}, flux, []string{
			"kustomization.yaml: warning: the file has more than 4194304 bytes and is not checked [too-large]",
		}},
		{"a resource of a kustomization", "big.yaml", tree{"kustomization.yaml": "resources: [big.yaml]\n"}, flux, []string{
			"big.yaml: warning: the file has more than 4194304 bytes and is not checked [too-large]",
		}},
		{"a file of a generator", "big.bin", tree{"kustomization.yaml": "configMapGenerator: [{name: a, files: [big.bin]}]\n"}, flux, []string{
			"kustomization.yaml:1:40: error: Flux fails to apply the ConfigMap of configMapGenerator[0], because it has more than 1048576 bytes of data [too-large-to-apply]",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fsys := sizedFS{MapFS: tt.tree.fs(), t: t, sizes: map[string]int64{tt.file: size}}
			fsys.MapFS[tt.file] = &fstest.MapFile{}
			assert.Equal(t, tt.want, brief(checkFS(t, fsys, tt.engine, manifests.Options{})))

			_, err := manifests.CollectFS(t.Context(), fsys, manifests.Options{MaxFileSize: size - 1})
			limit := new(manifests.LimitError)
			require.ErrorAs(t, err, &limit)
			assert.Equal(t, manifests.LimitError{Limit: "MaxFileSize", Max: size - 1}, *limit)
		})
	}
}

// Documents nested more deeply than any object are reported, and not parsed further.
func TestDeepDocuments(t *testing.T) {
	const levels = 20_000
	for _, tt := range []struct{ name, file, text string }{
		{"lists", "b.yaml", strings.Repeat("- ", levels) + "a\n"},
		{"lists in flow style", "b.yaml", strings.Repeat("[", levels) + strings.Repeat("]", levels)},
		{"lists in flow style that do not end", "b.yaml", strings.Repeat("[", levels)},
		{"mappings", "b.yaml", mappings(2_000)},
		{"mappings in flow style", "b.yaml", strings.Repeat("{a: ", levels) + strings.Repeat("}", levels)},
		{"both", "b.yaml", strings.Repeat("[{a: ", levels) + strings.Repeat("}]", levels)},
		{"below an object", "b.yaml", object("A", "b") + "c: " + strings.Repeat("[", levels) + strings.Repeat("]", levels)},
		{"JSON", "b.json", strings.Repeat(`{"a":[`, levels) + strings.Repeat("]}", levels)},
	} {
		for _, engine := range []packager.GitOpsEngine{flux, argocd} {
			t.Run(tt.name+" for "+string(engine), func(t *testing.T) {
				findings := tree{"app.yaml": app, tt.file: tt.text}.check(t, engine, preflight.Options{})
				assert.True(t, slices.ContainsFunc(findings, func(f preflight.Finding) bool {
					return f.Code == preflight.CodeTooDeep && f.File == tt.file && f.Line > 0
				}), "%v", findings)
			})
		}
	}
}

// mappings returns nested mappings, one a line.
func mappings(levels int) string {
	var b strings.Builder
	for i := range levels {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}

func TestFileThatChanges(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(path string) error
	}{
		{"gone", os.Remove},
		{"longer", func(path string) error { return os.WriteFile(path, []byte(app+"# more\n"), 0o600) }},
		{"shorter", func(path string) error { return os.Truncate(path, int64(len(app)-1)) }},
		{"empty", func(path string) error { return os.Truncate(path, 0) }},
		{"a directory", func(path string) error { return os.Rename(filepath.Dir(path)+"/empty", path) }},
	} {
		for _, file := range []string{"app.yaml", "sub/kustomization.yaml"} {
			t.Run(file+" "+tt.name, func(t *testing.T) {
				dir := t.TempDir()
				name := filepath.Join(dir, filepath.FromSlash(file))
				require.NoError(t, os.MkdirAll(filepath.Join(filepath.Dir(name), "empty"), 0o700))
				require.NoError(t, os.WriteFile(name, []byte(app), 0o600))
				set, err := manifests.Collect(t.Context(), dir, manifests.Options{})
				require.NoError(t, err)
				a := artifact(t, set, flux)
				if tt.name == "a directory" {
					require.NoError(t, os.Remove(name))
				}
				require.NoError(t, tt.change(name))
				_, err = preflight.Check(t.Context(), a, preflight.Options{})
				require.ErrorIs(t, err, manifests.ErrFileChanged)
				pathErr := new(manifests.PathError)
				require.ErrorAs(t, err, &pathErr)
				assert.Equal(t, file, pathErr.Path)
			})
		}
	}
}
