package archive_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/archive"
	"github.com/kubeoci/oci/internal/testing/tartest"
)

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

// TestWriteBytes checks the bytes of a header, including fields that readers
// ignore.
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

func TestWriteDirectories(t *testing.T) {
	for _, tt := range []struct {
		name  string
		files files
		want  []string
	}{
		{"no files", files{}, nil},
		{"none", files{"a.yaml": "", "b.yaml": ""}, []string{"a.yaml", "b.yaml"}},
		{"each once", files{"a/x.yaml": "", "a/y.yaml": ""}, []string{"a/", "a/x.yaml", "a/y.yaml"}},
		{"with those above", files{"a/b/c/d.yaml": ""}, []string{"a/", "a/b/", "a/b/c/", "a/b/c/d.yaml"}},
		{
			"names that sort around the slash",
			files{"a-b": "", "a-b.yaml": "", "a.yaml": "", "a/x": "", "a/x-y": "", "a0": ""},
			[]string{"a-b", "a-b.yaml", "a.yaml", "a/", "a/x", "a/x-y", "a0"},
		},
		{
			"directories that sort around the slash",
			files{"a-b/1": "", "a.yaml/2": "", "a/3": "", "a/b-c/4": "", "a/b/5": "", "a/b/6": ""},
			[]string{"a-b/", "a-b/1", "a.yaml/", "a.yaml/2", "a/", "a/3", "a/b-c/", "a/b-c/4", "a/b/", "a/b/5", "a/b/6"},
		},
		{
			"one name at several depths",
			files{"a/a/a": "", "b/a/b": "", "a/b": ""},
			[]string{"a/", "a/a/", "a/a/a", "a/b", "b/", "b/a/", "b/a/b"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, names(tartest.Read(t, write(t, tt.files))))
		})
	}
}

func TestWriteNames(t *testing.T) {
	for _, tt := range []struct {
		name, path string
		format     tar.Format
	}{
		{"100 bytes", strings.Repeat("n", 100), tar.FormatUSTAR},
		{"101 bytes", strings.Repeat("n", 101), tar.FormatPAX},
		{"255 bytes", strings.Repeat("n", 255), tar.FormatPAX},
		{"more than 100 bytes with a slash to split at", strings.Repeat("d", 90) + "/" + strings.Repeat("n", 90), tar.FormatUSTAR},
		{"split at the last possible byte", strings.Repeat("d", 155) + "/" + strings.Repeat("n", 100), tar.FormatUSTAR},
		{"split beyond the last possible byte", strings.Repeat("d", 156) + "/" + strings.Repeat("n", 100), tar.FormatPAX},
		{"4096 bytes", strings.Repeat(strings.Repeat("d", 255)+"/", 15) + strings.Repeat("n", 256), tar.FormatPAX},
		{"umlaut", "größe.yaml", tar.FormatPAX},
		{"decomposed", "gro\u0308sse.yaml", tar.FormatPAX},
		{"ideographs", "日本.yaml", tar.FormatPAX},
		{"equals sign and newline, as in PAX records", "20 path=x\n.yaml", tar.FormatUSTAR},
		{"blanks and quotes", " '\"$` .yaml", tar.FormatUSTAR},
	} {
		t.Run(tt.name, func(t *testing.T) {
			records := tartest.Read(t, write(t, files{tt.path: tt.name}))
			last := records[len(records)-1]
			assert.Equal(t, tt.path, last.Name)
			assert.Equal(t, tt.name, last.Text)
			assert.Equal(t, tt.format, last.Format)
			for _, r := range records {
				delete(r.PAXRecords, "path")
				assert.Empty(t, r.PAXRecords)
			}
		})
	}
}

// TestWriteAsArchiveTar compares with the standard library's writer.
func TestWriteAsArchiveTar(t *testing.T) {
	large := strings.Repeat("0123456789abcde\n", archive.BlockSize/16)
	for name, f := range map[string]files{
		"nothing":                {},
		"no content":             {"a": "", "b/c": ""},
		"a block and its header": {"a": large},
		"one byte more":          {"a": large + "x"},
		"several blocks":         {"a": large + large + large[:700], "b": "b"},
		"large among small": {
			"a": "a", "b/1": large + "x", "b/2": large + large, "c": large[:len(large)-512], "d": strings.Repeat("d", 511),
			"é": large + "é",
		},
	} {
		t.Run(name, func(t *testing.T) {
			require.True(t, bytes.Equal(reference(t, f, f.entries()), write(t, f)))
		})
	}
}

// TestBlocks checks that blocks are neither too many nor too large.
func TestBlocks(t *testing.T) {
	f := files{}
	for i := range 3000 {
		f[fmt.Sprintf("team-%02d/%04d.yaml", i%20, i)] = strings.Repeat("x", i)
	}
	f["team-10/large.yaml"] = strings.Repeat("x", 5*archive.BlockSize+1)
	all := blocks(t, f)
	assert.Less(t, len(all), len(slices.Concat(all...))/(archive.BlockSize/2))
	for _, block := range all {
		assert.LessOrEqual(t, len(block), archive.BlockSize+1024)
	}
}

// TestBlocksBehindAChangeStay checks that most blocks stay the same if a file grows,
// is added or is removed, so that their compressed form can be reused.
func TestBlocksBehindAChangeStay(t *testing.T) {
	f := files{}
	for i := range 4000 {
		f[fmt.Sprintf("team-%02d/%04d.yaml", i%20, i)] = strings.Repeat("x", i*7%5000)
	}
	before := blocks(t, f)
	require.Greater(t, len(before), 15)
	for name, change := range map[string]func(files){
		"grows": func(f files) { f["team-03/0003.yaml"] += strings.Repeat("y", 3000) },
		"comes": func(f files) { f["team-03/new.yaml"] = "new" },
		"goes":  func(f files) { delete(f, "team-03/0003.yaml") },
	} {
		t.Run(name, func(t *testing.T) {
			changed := maps.Clone(f)
			change(changed)
			known := map[string]bool{}
			for _, block := range before {
				known[string(block)] = true
			}
			other := 0
			for _, block := range blocks(t, changed) {
				if !known[string(block)] {
					other++
				}
			}
			assert.LessOrEqual(t, other, 4)
			assert.Positive(t, other)
		})
	}
}

func TestLimit(t *testing.T) {
	f := files{"a.yaml": strings.Repeat("a", 513), "b/c.yaml": "c"}
	const size = 512*(1+2) + 512 + 512*(1+1) + 1024 // two files, a directory, the end
	require.Len(t, write(t, f), size)

	_, err := layOut(f.entries(), size)
	require.NoError(t, err)
	for _, limit := range []int64{size - 1, size - 1024, 1024, 1, 0} {
		_, err := layOut(f.entries(), limit)
		require.ErrorIs(t, err, archive.ErrTooLarge, "limit %d", limit)
	}
	_, err = layOut(f.entries(), size-1)
	require.EqualError(t, err, "archive is too large: at least 4096 bytes, and the limit is 4095")
}

// TestLimitOfAHugeFile checks that the limit applies before blocks are listed.
func TestLimitOfAHugeFile(t *testing.T) {
	_, err := layOut([]archive.Entry{{Path: "a.yaml", Size: math.MaxInt64 / 2}}, 1<<20)
	require.ErrorIs(t, err, archive.ErrTooLarge)
}

// TestSizeBeyondOctal lays out a size that does not fit the octal digits.
func TestSizeBeyondOctal(t *testing.T) {
	const size int64 = 1 << 33
	a, err := layOut([]archive.Entry{{Path: "a", Size: size}}, math.MaxInt64)
	require.NoError(t, err)
	block, err := a.Block(nil, 0, func(int, []byte, int64) error { return nil })
	require.NoError(t, err)
	header, err := tar.NewReader(bytes.NewReader(block)).Next()
	require.NoError(t, err)
	assert.Equal(t, size, header.Size)
}

func TestContentFails(t *testing.T) {
	errBroken := errors.New("broken")
	f := files{"a.yaml": "a", "b.yaml": "b"}
	a, err := layOut(f.entries(), math.MaxInt64)
	require.NoError(t, err)
	_, err = a.Block(nil, 0, func(entry int, _ []byte, _ int64) error {
		if entry == 1 {
			return errBroken
		}
		return nil
	})
	require.Same(t, errBroken, err)
}

func TestNameThatNoHeaderHolds(t *testing.T) {
	_, err := layOut([]archive.Entry{{Path: "a\x00é"}}, math.MaxInt64)
	require.ErrorContains(t, err, "cannot encode header")
}

// TestContentIsAskedForOnce checks that the pieces of a file fit together, and that
// empty files are read as well.
func TestContentIsAskedForOnce(t *testing.T) {
	f := files{"a": "", "b": strings.Repeat("b", 2*archive.BlockSize+10), "c/d": "d"}
	assert.Equal(t, map[int]int64{0: 0, 1: 2*archive.BlockSize + 10, 2: 1}, asked(t, f.entries()))
}

// asked returns how many bytes of each entry an archive asks for, in order.
func asked(t *testing.T, entries []archive.Entry) map[int]int64 {
	t.Helper()
	a, err := layOut(entries, math.MaxInt64)
	require.NoError(t, err)
	asked := map[int]int64{}
	for n := range a.Blocks() {
		_, err := a.Block(nil, n, func(entry int, p []byte, offset int64) error {
			assert.Equal(t, asked[entry], offset)
			asked[entry] += int64(len(p))
			return nil
		})
		require.NoError(t, err)
	}
	return asked
}
