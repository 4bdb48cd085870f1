package archive_test

import (
	"archive/tar"
	"bytes"
	"io"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/archive"
	"github.com/kubeoci/oci/internal/testing/tartest"
)

// files maps paths to content.
type files map[string]string

// entries are the files in the order of their paths' bytes.
func (f files) entries() []archive.Entry {
	var entries []archive.Entry
	before := ""
	for _, name := range slices.Sorted(maps.Keys(f)) {
		entries = append(entries, archive.Entry{Path: name, Size: int64(len(f[name])), Listed: archive.Shared(name, before)})
		before = name
	}
	return entries
}

// prefix is the directory of the copies that pairs adds.
const prefix = "copy/"

// pairs are the entries of the files, each followed by its copy.
func (f files) pairs() []archive.Entry {
	var pairs []archive.Entry
	for _, e := range f.entries() {
		again := e
		again.Path, again.Role = prefix+e.Path, archive.Copy
		if len(pairs) > 0 {
			again.Listed += len(prefix)
		}
		e.Role = archive.First
		pairs = append(pairs, e, again)
	}
	return pairs
}

func layOut(entries []archive.Entry, limit int64) (*archive.Archive, error) {
	return archive.New(len(entries), func(i int) archive.Entry { return entries[i] }, limit)
}

// content returns a function that fills blocks with the content of the entries.
func (f files) content(entries []archive.Entry) func(entry int, p []byte, offset int64) error {
	return func(entry int, p []byte, offset int64) error {
		copy(p, f[strings.TrimPrefix(entries[entry].Path, prefix)][offset:][:len(p)])
		return nil
	}
}

// blocks returns the blocks of an archive of the files without a limit.
func blocks(t *testing.T, f files) [][]byte {
	t.Helper()
	_, blocks := fill(t, f, f.entries())
	return blocks
}

// fill returns an archive without a limit, and its blocks, filled in random order.
func fill(t *testing.T, f files, entries []archive.Entry) (*archive.Archive, [][]byte) {
	t.Helper()
	a, err := layOut(entries, math.MaxInt64)
	require.NoError(t, err)
	blocks := make([][]byte, a.Blocks())
	for _, n := range rand.Perm(a.Blocks()) {
		dirty := bytes.Repeat([]byte{0xff}, rand.IntN(2*archive.BlockSize))
		blocks[n], err = a.Block(dirty, n, f.content(entries))
		require.NoError(t, err)
	}
	require.EqualValues(t, a.Size(), len(slices.Concat(blocks...)))
	for n, block := range blocks {
		if twin, found := a.Twin(n); found {
			require.Less(t, twin, n)
			require.True(t, bytes.Equal(blocks[twin], block), "block %d of %d is not its twin, %d", n, len(blocks), twin)
		}
	}
	return a, blocks
}

// write archives the files without a limit.
func write(t *testing.T, f files) []byte {
	t.Helper()
	return slices.Concat(blocks(t, f)...)
}

// reference archives the entries with archive/tar alone.
func reference(t *testing.T, f files, entries []archive.Entry) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	dirs := map[string]bool{}
	for _, e := range entries {
		name, text := e.Path, f[strings.TrimPrefix(e.Path, prefix)]
		for i, c := range name {
			if dir := name[:i] + "/"; c == '/' && !dirs[dir] {
				dirs[dir] = true
				require.NoError(t, w.WriteHeader(&tar.Header{
					Typeflag: tar.TypeDir, Name: dir, Mode: 0o755, ModTime: time.Unix(0, 0),
				}))
			}
		}
		require.NoError(t, w.WriteHeader(&tar.Header{
			Typeflag: tar.TypeReg, Name: name, Size: int64(len(text)), Mode: 0o644, ModTime: time.Unix(0, 0),
		}))
		_, err := io.WriteString(w, text)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return out.Bytes()
}

func names(records []tartest.Record) []string {
	var names []string
	for _, r := range records {
		names = append(names, r.Name)
	}
	return names
}
