package manifests_test

import (
	"context"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
)

func TestFromReader(t *testing.T) {
	for _, text := range []string{"kind: List\n---\nkind: List\n", "# nothing", " ", strings.Repeat("0123456789abcde\n", 1000)} {
		for name, wrap := range map[string]func(io.Reader) io.Reader{
			"whole": func(r io.Reader) io.Reader { return r }, "bytes": iotest.OneByteReader, "error with data": iotest.DataErrReader,
		} {
			fsys, err := manifests.FromReader(t.Context(), wrap(strings.NewReader(text)))
			require.NoError(t, err, name)
			require.NoError(t, fstest.TestFS(fsys, manifests.ReaderFileName), name)

			set, err := manifests.CollectFS(t.Context(), fsys, manifests.Options{})
			require.NoError(t, err, name)
			assert.Equal(t, map[string]string{"manifests.yaml": text}, contents(t, set), name)
			assert.Empty(t, set.Skipped())
		}
	}
}

// A file system has no path but "." and that of the file.
func TestFromReaderHasOneFile(t *testing.T) {
	fsys, err := manifests.FromReader(t.Context(), strings.NewReader("a"))
	require.NoError(t, err)
	_, err = fsys.Open("a.yaml")
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = fsys.Open("../manifests.yaml")
	require.ErrorIs(t, err, fs.ErrInvalid)
	dir, err := fsys.Open(".")
	require.NoError(t, err)
	_, err = dir.Read(make([]byte, 1))
	require.EqualError(t, err, "read .: is a directory")
	require.NoError(t, dir.Close())
}

// Neither the file nor the directory has a time, so that a digest depends on none.
func TestFromReaderInfo(t *testing.T) {
	fsys, err := manifests.FromReader(t.Context(), strings.NewReader("abc"))
	require.NoError(t, err)
	for _, tt := range []struct {
		path string
		size int64
		mode fs.FileMode
	}{
		{manifests.ReaderFileName, 3, 0o444},
		{".", 0, fs.ModeDir | 0o555},
	} {
		info, err := fs.Stat(fsys, tt.path)
		require.NoError(t, err)
		assert.Equal(t, tt.path, info.Name())
		assert.Equal(t, tt.size, info.Size())
		assert.Equal(t, tt.mode, info.Mode())
		assert.Equal(t, tt.mode.IsDir(), info.IsDir())
		assert.Zero(t, info.ModTime())
		assert.Nil(t, info.Sys())
	}
}

// zeros is endless input. It leaves p as it is, so that no memory is touched.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

func TestFromReaderHoldsItsInputOnce(t *testing.T) {
	const size = 64 << 20
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	fsys, err := manifests.FromReader(t.Context(), io.LimitReader(zeros{}, size))
	require.NoError(t, err)
	runtime.ReadMemStats(&after)
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(size+size/10))
	info, err := fs.Stat(fsys, manifests.ReaderFileName)
	require.NoError(t, err)
	assert.EqualValues(t, size, info.Size())
}

func TestFromReaderRefuses(t *testing.T) {
	for _, tt := range []struct {
		name    string
		reader  io.Reader
		err     error
		message string
		path    string
	}{
		{"nil", nil, manifests.ErrPathRequired, "source reader is nil", ""},
		{"empty input", strings.NewReader(""), manifests.ErrEmptyFile, "the input is empty", ""},
		{"endless input", zeros{}, manifests.ErrLimitExceeded, `more than MaxFileSize 1000000000: "manifests.yaml"`, "manifests.yaml"},
		{"failing reader", iotest.ErrReader(errBroken), errBroken, `input/output error: "manifests.yaml"`, "manifests.yaml"},
		{"failing in the middle", io.MultiReader(strings.NewReader("a"), iotest.ErrReader(errBroken)), errBroken, `input/output error: "manifests.yaml"`, "manifests.yaml"},
		{"truncated input", io.MultiReader(strings.NewReader("a"), iotest.ErrReader(io.ErrUnexpectedEOF)), io.ErrUnexpectedEOF, `unexpected EOF: "manifests.yaml"`, "manifests.yaml"},
		{"nil file", (*os.File)(nil), os.ErrInvalid, `invalid argument: "manifests.yaml"`, "manifests.yaml"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fsys, err := manifests.FromReader(t.Context(), tt.reader)
			require.Nil(t, fsys)
			requirePathError(t, err, tt.err, tt.path)
			assert.EqualError(t, err, tt.message)
		})
	}
}

// A Read that blocks does not keep the caller waiting.
func TestFromReaderEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		input, output := io.Pipe()
		defer func() { _ = output.Close() }() // ends the Read
		fsys, err := manifests.FromReader(ctx, input)
		require.Nil(t, fsys)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		_, err = manifests.FromReader(ctx, strings.NewReader("a"))
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}
