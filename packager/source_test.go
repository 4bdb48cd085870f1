package packager_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/testing/tartest"
	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
)

// sequential returns files that do not implement io.ReaderAt, such as those of a
// zip archive.
type sequential struct{ fstest.MapFS }

func (s sequential) Open(name string) (fs.File, error) {
	file, err := s.MapFS.Open(name)
	return struct{ fs.File }{file}, err
}

func TestPackSequentialFiles(t *testing.T) {
	texts := manyBlocks(t)
	want := pack(t, collectTexts(t, texts), packager.LayoutBoth, packager.Options{Prefix: "app"})
	fsys := fstest.MapFS{}
	for name, text := range texts {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	set, err := manifests.CollectFS(t.Context(), sequential{fsys}, manifests.Options{})
	require.NoError(t, err)
	assert.Equal(t, facts(want.Result), facts(pack(t, set, packager.LayoutBoth, packager.Options{Prefix: "app"}).Result))
}

// secondOpen counts how often large.yaml is opened.
type secondOpen struct {
	fstest.MapFS
	opened *atomic.Int32
}

func (s secondOpen) Open(name string) (fs.File, error) {
	if name == "large.yaml" {
		s.opened.Add(1)
	}
	return s.MapFS.Open(name)
}

// TestPackOpensALargeFileOnce: all its blocks come from the same file, even if it
// is replaced meanwhile.
func TestPackOpensALargeFileOnce(t *testing.T) {
	fsys := secondOpen{fstest.MapFS{"large.yaml": {Data: noise(t, 5<<20)}, "a.yaml": {Data: []byte("a")}}, new(atomic.Int32)}
	set, err := manifests.CollectFS(t.Context(), fsys, manifests.Options{})
	require.NoError(t, err)
	pack(t, set, packager.LayoutRoot, packager.Options{})
	assert.EqualValues(t, 1, fsys.opened.Load())
}

// TestPackALargeFileThatChanges changes a file between collecting and packing.
func TestPackALargeFileThatChanges(t *testing.T) {
	for name, change := range map[string]func(t *testing.T, file string){
		"grows": func(t *testing.T, file string) {
			f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
			require.NoError(t, err)
			_, err = f.WriteString("more")
			require.NoError(t, err)
			require.NoError(t, f.Close())
		},
		"shrinks":     func(t *testing.T, file string) { require.NoError(t, os.Truncate(file, 2<<20)) },
		"is modified": func(t *testing.T, file string) { require.NoError(t, os.Chtimes(file, time.Time{}, time.Unix(1, 0))) },
		"is gone":     func(t *testing.T, file string) { require.NoError(t, os.Remove(file)) },
		"becomes a directory": func(t *testing.T, file string) {
			require.NoError(t, os.Remove(file))
			require.NoError(t, os.Mkdir(file, 0o755))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, "large.yaml")
			require.NoError(t, os.WriteFile(file, noise(t, 3<<20), 0o644))
			set := collect(t, dir)
			change(t, file)
			for _, pack := range []func(*packager.Plan) error{
				func(p *packager.Plan) error { _, err := p.Pack(t.Context(), new(packager.Store), nil, nil); return err },
				func(p *packager.Plan) error { _, err := p.Digest(t.Context()); return err },
			} {
				err := pack(newPlan(t, set, packager.LayoutRoot, packager.Options{}))
				require.ErrorIs(t, err, manifests.ErrFileChanged)
				require.EqualError(t, err, `file changed while it was read: "large.yaml"`)
			}
		})
	}
}

// TestPackAnEmptyFileThatIsFilled: the change is found although the file has no
// content to read.
func TestPackAnEmptyFileThatIsFilled(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "a.yaml")
	require.NoError(t, os.WriteFile(file, nil, 0o644))
	set, err := manifests.Collect(t.Context(), dir, manifests.Options{})
	require.NoError(t, err)
	p := pack(t, set, packager.LayoutRoot, packager.Options{})
	assert.Len(t, tartest.Read(t, p.archive(t)), 1)

	require.NoError(t, os.WriteFile(file, []byte("a"), 0o644))
	_, err = packager.Pack(t.Context(), new(packager.Store), set, packager.LayoutRoot, packager.Options{})
	require.ErrorIs(t, err, manifests.ErrFileChanged)
}

// TestPackManyBlocks reads back an archive of several blocks.
func TestPackManyBlocks(t *testing.T) {
	texts := manyBlocks(t)
	for _, layout := range layouts {
		p := pack(t, collectTexts(t, texts), layout, packager.Options{Prefix: "app"})
		got := map[string]string{}
		for _, r := range tartest.Read(t, p.archive(t)) {
			if !bytes.HasSuffix([]byte(r.Name), []byte("/")) {
				got[r.Name] = r.Text
			}
		}
		require.Equal(t, laidOut(texts, layout, "app"), got)
	}
}
