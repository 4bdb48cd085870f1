package archive_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/archive"
	"github.com/kubeoci/oci/internal/tartest"
)

func TestWriteTwice(t *testing.T) {
	f := files{"a.yaml": "a", "b/c.yaml": "bc", "b/d/e.yaml": strings.Repeat("x", 100_000), "grün.yaml": ""}
	assert.Equal(t, write(t, f), write(t, f))
}

// TestWriteHeaders pins every field, for short names and for those that need
// PAX records.
func TestWriteHeaders(t *testing.T) {
	long := strings.Repeat("n", 101) + ".yaml"
	records := tartest.Read(t, write(t, files{"dir/a.yaml": "text", "größe/b.yaml": "", long: "long"}))
	file := tar.Header{Typeflag: tar.TypeReg, Mode: 0o644, ModTime: time.Unix(0, 0), Format: tar.FormatUSTAR}
	dir := tar.Header{Typeflag: tar.TypeDir, Mode: 0o755, ModTime: time.Unix(0, 0), Format: tar.FormatUSTAR}
	as := func(h tar.Header, name string, size int) *tar.Header {
		h.Name, h.Size = name, int64(size)
		return &h
	}
	pax := func(h *tar.Header) *tar.Header {
		h.Format, h.PAXRecords = tar.FormatPAX, map[string]string{"path": h.Name}
		return h
	}
	assert.Equal(t, []tartest.Record{
		{Header: as(dir, "dir/", 0), Text: ""},
		{Header: as(file, "dir/a.yaml", 4), Text: "text"},
		{Header: pax(as(dir, "größe/", 0)), Text: ""},
		{Header: pax(as(file, "größe/b.yaml", 0)), Text: ""},
		{Header: pax(as(file, long, 4)), Text: "long"},
	}, records)
}

// TestWriteBytes looks at a header as it lies in the stream, fields included
// that a reader makes nothing of.
func TestWriteBytes(t *testing.T) {
	stream := write(t, files{"a.yaml": "text"})
	require.Len(t, stream, 4*512, "header, content, and two blocks at the end")
	field := func(from, to int) string { return strings.TrimRight(string(stream[from:to]), "\x00") }
	assert.Equal(t, "a.yaml", field(0, 100), "name")
	assert.Equal(t, "0000644", field(100, 108), "mode")
	assert.Equal(t, "0000000", field(108, 116), "user id")
	assert.Equal(t, "0000000", field(116, 124), "group id")
	assert.Equal(t, "00000000004", field(124, 136), "size")
	assert.Equal(t, "00000000000", field(136, 148), "time of change")
	assert.Equal(t, "0", field(156, 157), "type")
	assert.Empty(t, field(157, 257), "link")
	assert.Equal(t, "ustar\x0000", field(257, 265), "format and version")
	assert.Empty(t, field(265, 329), "user and group name")
	assert.Equal(t, "0000000\x000000000", field(329, 345), "device")
	assert.Empty(t, field(345, 512), "prefix and padding")
	assert.Equal(t, "text", field(512, 1024), "content")
	assert.Empty(t, field(1024, 2048), "end")
}

func TestWriteFolders(t *testing.T) {
	for _, row := range []struct {
		name  string
		files files
		want  []string
	}{
		{"nothing", files{}, nil},
		{"none", files{"a.yaml": "", "b.yaml": ""}, []string{"a.yaml", "b.yaml"}},
		{"each once", files{"a/x.yaml": "", "a/y.yaml": ""}, []string{"a/", "a/x.yaml", "a/y.yaml"}},
		{"with those above", files{"a/b/c/d.yaml": ""}, []string{"a/", "a/b/", "a/b/c/", "a/b/c/d.yaml"}},
		{
			"names that sort around the slash",
			files{"a-b": "", "a-b.yaml": "", "a.yaml": "", "a/x": "", "a/x-y": "", "a0": ""},
			[]string{"a-b", "a-b.yaml", "a.yaml", "a/", "a/x", "a/x-y", "a0"},
		},
		{
			"folders that sort around the slash",
			files{"a-b/1": "", "a.yaml/2": "", "a/3": "", "a/b-c/4": "", "a/b/5": "", "a/b/6": ""},
			[]string{"a-b/", "a-b/1", "a.yaml/", "a.yaml/2", "a/", "a/3", "a/b-c/", "a/b-c/4", "a/b/", "a/b/5", "a/b/6"},
		},
		{
			"one name at several depths",
			files{"a/a/a": "", "b/a/b": "", "a/b": ""},
			[]string{"a/", "a/a/", "a/a/a", "a/b", "b/", "b/a/", "b/a/b"},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			assert.Equal(t, row.want, names(tartest.Read(t, write(t, row.files))))
		})
	}
}

func TestWriteNames(t *testing.T) {
	for _, row := range []struct {
		name, path string
		format     tar.Format
	}{
		{"100 bytes", strings.Repeat("n", 100), tar.FormatUSTAR},
		{"101 bytes", strings.Repeat("n", 101), tar.FormatPAX},
		{"255 bytes", strings.Repeat("n", 255), tar.FormatPAX},
		{"more than 100 bytes with a slash to split at", strings.Repeat("d", 90) + "/" + strings.Repeat("n", 90), tar.FormatUSTAR},
		{"split at its last place", strings.Repeat("d", 155) + "/" + strings.Repeat("n", 100), tar.FormatUSTAR},
		{"split beyond its last place", strings.Repeat("d", 156) + "/" + strings.Repeat("n", 100), tar.FormatPAX},
		{"4096 bytes", strings.Repeat(strings.Repeat("d", 255)+"/", 15) + strings.Repeat("n", 256), tar.FormatPAX},
		{"umlaut", "größe.yaml", tar.FormatPAX},
		{"decomposed", "gro\u0308sse.yaml", tar.FormatPAX},
		{"ideographs", "日本.yaml", tar.FormatPAX},
		{"equals sign and newline, as in PAX records", "20 path=x\n.yaml", tar.FormatUSTAR},
		{"blanks and quotes", " '\"$` .yaml", tar.FormatUSTAR},
	} {
		t.Run(row.name, func(t *testing.T) {
			records := tartest.Read(t, write(t, files{row.path: row.name}))
			last := records[len(records)-1]
			assert.Equal(t, row.path, last.Name)
			assert.Equal(t, row.name, last.Text)
			assert.Equal(t, row.format, last.Format)
			for _, r := range records {
				delete(r.PAXRecords, "path")
				assert.Empty(t, r.PAXRecords)
			}
		})
	}
}

func TestWriteLimit(t *testing.T) {
	f := files{"a.yaml": strings.Repeat("a", 513), "b/c.yaml": "c"}
	const size = 512*(1+2) + 512 + 512*(1+1) + 1024 // two files, a folder, the end
	require.Len(t, write(t, f), size)

	var out bytes.Buffer
	require.NoError(t, archive.Write(t.Context(), &out, f.entries(), size))
	for _, limit := range []int64{size - 1, size - 1024, 1024, 1, 0} {
		out.Reset()
		err := archive.Write(t.Context(), &out, f.entries(), limit)
		require.ErrorIs(t, err, archive.ErrTooLarge, "limit %d", limit)
		assert.LessOrEqual(t, int64(out.Len()), limit)
	}
	require.EqualError(t, archive.ErrTooLarge, "archive is too large")
}

// TestWriteLimitStops reads no more of a file than may be written.
func TestWriteLimitStops(t *testing.T) {
	reads := 0
	err := archive.Write(t.Context(), io.Discard, slices.Values([]archive.Entry{{
		Path: "a.yaml", Size: math.MaxInt64 / 2,
		Open: func() (io.ReadCloser, error) { return endless{func() { reads++ }}, nil },
	}}), 1<<20)
	require.ErrorIs(t, err, archive.ErrTooLarge)
	assert.Less(t, reads, 1<<20)
}

func TestWriteErrors(t *testing.T) {
	errBroken := errors.New("broken")
	for _, row := range []struct {
		name string
		open func() (io.ReadCloser, error)
	}{
		{"open", func() (io.ReadCloser, error) { return nil, errBroken }},
		{"first read", func() (io.ReadCloser, error) { return io.NopCloser(iotest.ErrReader(errBroken)), nil }},
		{"later read", func() (io.ReadCloser, error) {
			return io.NopCloser(io.MultiReader(strings.NewReader("12"), iotest.ErrReader(errBroken))), nil
		}},
		{"at the end in place of io.EOF", func() (io.ReadCloser, error) {
			return io.NopCloser(io.MultiReader(strings.NewReader("1234"), iotest.ErrReader(errBroken))), nil
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			err := archive.Write(t.Context(), io.Discard, slices.Values([]archive.Entry{
				entry("a.yaml", "a"), {Path: "b.yaml", Size: 4, Open: row.open},
			}), math.MaxInt64)
			require.Same(t, errBroken, err)
		})
	}
	t.Run("write", func(t *testing.T) {
		for _, n := range []int64{0, 600, 1024, 2048} {
			err := archive.Write(t.Context(), &fullWriter{n}, files{"a.yaml": "a", "b.yaml": "b"}.entries(), math.MaxInt64)
			require.ErrorIs(t, err, io.ErrShortWrite)
		}
	})
}

// fullWriter has room for so many bytes.
type fullWriter struct{ left int64 }

func (f *fullWriter) Write(p []byte) (int, error) {
	if f.left -= int64(len(p)); f.left < 0 {
		return 0, io.ErrShortWrite
	}
	return len(p), nil
}

// TestWriteSizes refuses content of another size than announced, whether more
// follows or not.
func TestWriteSizes(t *testing.T) {
	for name, size := range map[string]int64{"more": 3, "none expected": 0, "less": 5, "less than a block": 600} {
		odd := entry("b.yaml", "1234")
		odd.Size = size
		for _, entries := range [][]archive.Entry{{odd}, {odd, entry("c.yaml", "c")}, {odd, entry("c/d.yaml", "d")}} {
			err := archive.Write(t.Context(), io.Discard, slices.Values(entries), math.MaxInt64)
			require.Error(t, err, name)
		}
	}
}

func TestWriteCancelled(t *testing.T) {
	t.Run("before", func(t *testing.T) {
		ctx, tick := cancelAfter(t, 1)
		tick()
		err := archive.Write(ctx, io.Discard, files{"a.yaml": ""}.entries(), math.MaxInt64)
		require.Equal(t, context.Canceled, err)
	})
	t.Run("in the middle of a large file", func(t *testing.T) {
		ctx, tick := cancelAfter(t, 10)
		reads := 0
		err := archive.Write(ctx, io.Discard, slices.Values([]archive.Entry{{
			Path: "a.yaml", Size: math.MaxInt64 / 2,
			Open: func() (io.ReadCloser, error) { return endless{func() { reads++; tick() }}, nil },
		}}), math.MaxInt64)
		require.Equal(t, context.Canceled, err)
		assert.Equal(t, 10, reads)
	})
}

// TestWriteCloses closes every file, and has one open at a time.
func TestWriteCloses(t *testing.T) {
	errBroken := errors.New("broken")
	for name, last := range map[string]io.Reader{"written": strings.NewReader("x"), "broken": iotest.ErrReader(errBroken)} {
		open, opened := 0, 0
		count := func(r io.Reader) func() (io.ReadCloser, error) {
			return func() (io.ReadCloser, error) {
				open++
				opened++
				assert.Equal(t, 1, open)
				return closer{r, func() { open-- }}, nil
			}
		}
		_ = archive.Write(t.Context(), io.Discard, slices.Values([]archive.Entry{
			{Path: "a.yaml", Size: 1, Open: count(strings.NewReader("x"))},
			{Path: "b.yaml", Size: 1, Open: count(last)},
		}), math.MaxInt64)
		assert.Equal(t, 2, opened, name)
		assert.Zero(t, open, name)
	}
}

type closer struct {
	io.Reader
	close func()
}

func (c closer) Close() error {
	c.close()
	return nil
}
