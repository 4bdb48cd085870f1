package manifests_test

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
)

func TestSetIsImmutable(t *testing.T) {
	set, err := manifests.CollectFS(t.Context(), tree{"a.yaml": "a", "b.yaml": "bb", "c.txt": "", "d.txt": ""}.mapFS(), manifests.Options{})
	require.NoError(t, err)
	files := set.Files()
	slices.Reverse(set.Files())
	set.Files()[0].Path = "changed"
	slices.Reverse(set.Skipped())
	set.Skipped()[0].Path = "changed"
	_ = append(set.Files()[:1], manifests.File{Path: "new"})

	assert.Equal(t, files, set.Files())
	assert.Equal(t, []string{"a.yaml", "b.yaml"}, paths(set))
	assert.Equal(t, []manifests.Skipped{{Path: "c.txt", Reason: "extension"}, {Path: "d.txt", Reason: "extension"}}, set.Skipped())
	assert.EqualValues(t, 3, set.Size())
	assert.Equal(t, map[string]string{"a.yaml": "a", "b.yaml": "bb"}, contents(t, set))
}

func TestSetConcurrently(t *testing.T) {
	texts := tree{"notes.txt": "", "link.yaml": linkTo + "f00/a.yaml"}
	for i := range 50 {
		texts[fmt.Sprintf("f%02d/a.yaml", i)] = strings.Repeat("x", i+1)
	}
	set, err := manifests.CollectFS(t.Context(), texts.mapFS(), manifests.Options{})
	require.NoError(t, err)
	shared, err := set.Open()
	require.NoError(t, err)

	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			own, err := set.Open()
			assert.NoError(t, err)
			for _, f := range set.Files() {
				for _, reader := range []*manifests.Reader{shared, own} {
					text, err := readFile(reader, f)
					assert.NoError(t, err)
					assert.Len(t, text, int(f.Size))
				}
			}
			assert.Len(t, set.Skipped(), 1)
			assert.NoError(t, own.Close())
		})
	}
	group.Wait()
	require.NoError(t, shared.Close())
}

func TestSetConcurrentlyOnDisk(t *testing.T) {
	dir := tree{"a.yaml": "a", "b/c.yaml": "c", "b/d.yaml": "d"}.dir(t)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			set, err := manifests.Collect(t.Context(), dir, manifests.Options{})
			if !assert.NoError(t, err) {
				return
			}
			reader, err := set.Open()
			assert.NoError(t, err)
			for _, f := range set.Files() {
				text, err := readFile(reader, f)
				assert.NoError(t, err)
				assert.Equal(t, strings.TrimSuffix(f.Path[len(f.Path)-6:], ".yaml"), text)
			}
			assert.NoError(t, reader.Close())
		})
	}
	group.Wait()
}

func TestSetAsJSON(t *testing.T) {
	set, err := manifests.CollectFS(t.Context(), tree{"a.yaml": "a", ".git/x": "", "c.txt": ""}.mapFS(), manifests.Options{})
	require.NoError(t, err)
	text, err := json.Marshal([]any{set.Files(), set.Skipped()})
	require.NoError(t, err)
	assert.Equal(t, `[[{"path":"a.yaml","size":1}],`+
		`[{"path":".git/","reason":"version-control"},{"path":"c.txt","reason":"extension"}]]`, string(text))
}

// Content can be read by small and by odd calls.
func TestReadInPieces(t *testing.T) {
	text := strings.Repeat("0123456789", 100)
	set, err := manifests.CollectFS(t.Context(), tree{"a.yaml": text}.mapFS(), manifests.Options{})
	require.NoError(t, err)
	reader, err := set.Open()
	require.NoError(t, err)
	for name, wrap := range map[string]func(io.Reader) io.Reader{
		"unchanged": func(r io.Reader) io.Reader { return r }, "bytes": iotest.OneByteReader, "halves": iotest.HalfReader,
	} {
		content, err := reader.Open(t.Context(), set.Files()[0])
		require.NoError(t, err)
		require.NoError(t, iotest.TestReader(wrap(content), []byte(text)), name)
		require.NoError(t, content.Close())
	}
}

// A File that no Set returned is refused.
func TestReaderOpensFilesOfItsSet(t *testing.T) {
	set, err := manifests.CollectFS(t.Context(), tree{"a.yaml": "a"}.mapFS(), manifests.Options{})
	require.NoError(t, err)
	reader, err := set.Open()
	require.NoError(t, err)
	_, err = reader.Open(t.Context(), manifests.File{Path: "a.yaml", Size: 1})
	require.Error(t, err)
}

// A buffer of another size is refused, because the rest of a larger one would look like
// content.
func TestReadFileNeedsTheExactSize(t *testing.T) {
	collectEachWay(t, tree{"a.yaml": "abc"}, manifests.Options{}, func(t *testing.T, set *manifests.Set, err error) {
		require.NoError(t, err)
		reader, err := set.Open()
		require.NoError(t, err)
		defer func() { assert.NoError(t, reader.Close()) }()
		for _, size := range []int{0, 2, 4} {
			err := reader.ReadFile(t.Context(), set.Files()[0], make([]byte, size))
			requirePathError(t, err, fs.ErrInvalid, "a.yaml")
		}
	})
}

// The goroutines share a Reader that moves from directory to directory.
func TestReadFileConcurrently(t *testing.T) {
	files := tree{}
	for i := range 50 {
		files[fmt.Sprintf("directory-%d/%d.yaml", i%7, i)] = fmt.Sprint(i)
	}
	set, err := manifests.Collect(t.Context(), files.dir(t), manifests.Options{})
	require.NoError(t, err)
	reader, err := set.Open()
	require.NoError(t, err)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for _, f := range set.Files() {
				text := make([]byte, f.Size)
				assert.NoError(t, reader.ReadFile(t.Context(), f, text))
				assert.Equal(t, files[f.Path], string(text))
			}
		})
	}
	group.Wait()
	require.NoError(t, reader.Close())
}

func TestSkippedAsJSON(t *testing.T) {
	for want, skipped := range map[string]manifests.Skipped{
		`{"path":"a.txt","reason":"extension"}`:                                       {Path: "a.txt", Reason: manifests.ReasonExtension},
		`{"path":"x/","reason":"ignored","pattern":"x","source":"y/.sourceignore:2"}`: ignored("x/", "x", "y/.sourceignore:2"),
	} {
		data, err := json.Marshal(skipped)
		require.NoError(t, err)
		assert.Equal(t, want, string(data))
	}
}
