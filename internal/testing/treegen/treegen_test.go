package treegen_test

import (
	"archive/tar"
	"compress/gzip"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/testing/treegen"
)

// read returns the files of a tree by path.
func read(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	require.NoError(t, fs.WalkDir(os.DirFS(dir), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(filepath.Join(dir, path))
		files[path] = string(content)
		return err
	}))
	return files
}

func write(t *testing.T, shape treegen.Shape, seed uint64) map[string]string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "tree")
	require.NoError(t, treegen.Write(dir, shape, seed))
	return read(t, dir)
}

func TestSameSeedSameTree(t *testing.T) {
	shape := treegen.Few()
	first := write(t, shape, 7)
	assert.Equal(t, first, write(t, shape, 7))
	assert.NotEqual(t, first, write(t, shape, 8))
}

// shapes returns all shapes, the large one with fewer files.
func shapes() []treegen.Shape {
	large := treegen.Large()
	large.Files /= 50
	large.Bytes /= 50
	all := []treegen.Shape{treegen.Few(), treegen.Few().Times(2), large, treegen.Small()}
	if testing.Short() {
		return all[:3]
	}
	return all
}

func TestTreesHaveTheirShape(t *testing.T) {
	for _, shape := range shapes() {
		t.Run(shape.Name, func(t *testing.T) {
			files := write(t, shape, 1)
			assert.Len(t, files, shape.Files)
			var size int64
			for path, content := range files {
				size += int64(len(content))
				assert.Contains(t, []string{".yaml", ".json"}, filepath.Ext(path))
				if shape.Even {
					assert.InDelta(t, 2e6, len(content), 1e6, path)
				}
			}
			assert.InEpsilon(t, shape.Bytes, size, 0.05)
			assert.InDelta(t, 5.3, ratio(t, files), 0.6)
		})
	}
}

// ratio returns the factor by which gzip compresses the archive of a tree.
func ratio(t *testing.T, files map[string]string) float64 {
	t.Helper()
	var before, after counter
	compressor := gzip.NewWriter(&after)
	archive := tar.NewWriter(io.MultiWriter(&before, compressor))
	for path, content := range files {
		require.NoError(t, archive.WriteHeader(&tar.Header{Name: path, Size: int64(len(content)), Mode: 0o644}))
		_, err := io.WriteString(archive, content)
		require.NoError(t, err)
	}
	require.NoError(t, archive.Close())
	require.NoError(t, compressor.Close())
	return float64(before) / float64(after)
}

type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

func TestEveryObjectHasAName(t *testing.T) {
	if testing.Short() {
		t.Skip("takes one goroutine many times longer with the race detector")
	}
	name := regexp.MustCompile(`"?kind"?: "?(\w+)"?,?\n +"?metadata"?: ?{?\n +"?name"?: "?([^\s"]+)"?,?\n|kind: (\w+)\nmetadata:\n  name: (\S+)\n`)
	large := treegen.Large()
	large.Files, large.Bytes = 3, 5e6
	for _, shape := range []treegen.Shape{treegen.Few().Times(4), large} {
		seen := map[string]bool{}
		for path, content := range write(t, shape, 1) {
			objects := name.FindAllStringSubmatch(content, -1)
			assert.NotEmpty(t, objects, path)
			for _, object := range objects {
				id := strings.Join(object[1:], " ")
				assert.False(t, seen[id], id)
				seen[id] = true
			}
			assert.NotContains(t, content, "%!", "a format and its arguments differ")
		}
		assert.GreaterOrEqual(t, len(seen), shape.Files)
	}
}

// TestTreesHaveAllKindsOfContent lists text that only one kind of file has.
func TestTreesHaveAllKindsOfContent(t *testing.T) {
	var all strings.Builder
	special := 0 // bytes of Secrets, JSON, Lists and charts
	for name, content := range write(t, treegen.Few().Times(2), 1) {
		all.WriteString(content)
		if regexp.MustCompile(`(^|/)(secret|list|chart)[^/]*$|json$`).MatchString(name) {
			special += len(content)
		}
	}
	assert.InDelta(t, 0.25, float64(special)/float64(all.Len()), 0.05)
	for _, want := range []string{
		"type: Opaque\ndata:\n", "\nstringData:\n", ": ENC[AES256_GCM,data:", "\nsops:\n",
		`"kind": "ConfigMap"`, `"containers": [`, "---\n# Source: ", "\nkind: List\nitems:\n- apiVersion: ",
		"kind: CustomResourceDefinition\n", "description: |-\n", "requests: {cpu: ", "args: [--", "value: 'it''s ",
		" \\\n ", "  file-0: |\n",
	} {
		assert.Contains(t, all.String(), want)
	}
}

func TestByName(t *testing.T) {
	for _, shape := range treegen.Shapes() {
		found, err := treegen.ByName(shape.Name)
		require.NoError(t, err)
		assert.Equal(t, shape, found)
	}
	_, err := treegen.ByName("huge")
	assert.EqualError(t, err, `no shape "huge"`)
}

func TestTimes(t *testing.T) {
	assert.Equal(t, treegen.Small(), treegen.Small().Times(1))
	assert.Equal(t, treegen.Shape{Name: "small x4", Files: 8_000, Bytes: 88e6}, treegen.Small().Times(4))
}

func TestWriteRefuses(t *testing.T) {
	assert.EqualError(t, treegen.Write(t.TempDir(), treegen.Shape{}, 1), "a tree of 0 files and 0 bytes")
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	assert.Error(t, treegen.Write(file, treegen.Few(), 1))
}
