package manifests_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"math"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
)

// lyingFS is a file system with the same small tree in each directory. It lies where a
// byte of the script is not zero, and is honest after its end.
type lyingFS struct {
	script []byte
	size   int64 // of a lie
}

// next returns a number below n, zero for the truth.
func (l *lyingFS) next(n int) int {
	if len(l.script) == 0 {
		return 0
	}
	lie := int(l.script[0]) % n
	l.script = l.script[1:]
	return lie
}

// text is the content of all files, of whatever length.
func (l *lyingFS) text(name string) string {
	if path.Base(name) == "kustomization.yaml" {
		return "resources: [c.yaml, d, ../b.txt, l, e/a.yaml] #" + strings.Repeat("k", 1000)
	}
	return strings.Repeat("*.tmp\n!a.yaml\nd\n", 64)
}

func (l *lyingFS) ReadDir(name string) ([]fs.DirEntry, error) {
	names := []string{".sourceignore", "a.yaml", "b.txt", "c.yaml", "kustomization.yaml", "l"}
	if strings.Count(name, "/") < 2 {
		names = append(names, "d", "e")
	}
	slices.Sort(names)
	switch l.next(16) {
	case 1:
		return nil, errOdd
	case 2:
		names = append(names, "d", "d")
	case 3:
		names = append(names, "x/y.yaml", "..", "")
	case 4:
		slices.Reverse(names)
	case 5:
		names = append(names, ".", "\xff.yaml", "A.yaml", "a.yaml/")
	case 6:
		names = append(names, strings.Repeat("n", 255)+".yaml", strings.Repeat("n", 250)+".yaml", "a\x00.yaml")
	case 7:
		names = nil
	}
	var entries []fs.DirEntry
	for _, base := range names {
		entries = append(entries, lyingInfo{l, base, path.Join(name, base)})
	}
	if l.next(16) == 1 {
		entries = append(entries, nil)
	}
	return entries, nil
}

func (l *lyingFS) Lstat(name string) (fs.FileInfo, error) {
	return lyingInfo{l, path.Base(name), name}.Info()
}

func (l *lyingFS) ReadLink(name string) (string, error) {
	switch l.next(8) {
	case 1:
		return "", errOdd
	case 2:
		return "", nil
	case 3:
		return "..", nil
	case 4:
		return strings.Repeat("d/", 2000), nil
	case 5:
		return path.Base(name), nil
	case 6:
		return "d/e/\x00\xff", nil
	}
	return "c.yaml", nil
}

func (l *lyingFS) Open(name string) (fs.File, error) {
	switch l.next(16) {
	case 1:
		return nil, errOdd
	case 2:
		return nil, nil
	}
	info, text := lyingInfo{l, path.Base(name), name}, l.text(name)
	if size := info.Size(); size >= 0 && size < int64(len(text)) {
		text = text[:size]
	}
	return &lyingFile{info, strings.NewReader(text)}, nil
}

// lyingInfo is an entry, and the information about it.
type lyingInfo struct {
	fsys       *lyingFS
	name, path string
}

func (i lyingInfo) Name() string       { return i.name }
func (i lyingInfo) IsDir() bool        { return i.Mode().IsDir() }
func (i lyingInfo) Type() fs.FileMode  { return i.Mode().Type() }
func (i lyingInfo) Sys() any           { return nil }
func (i lyingInfo) ModTime() time.Time { return longAgo.Add(time.Duration(i.fsys.next(32) / 31)) }

func (i lyingInfo) Info() (fs.FileInfo, error) {
	switch i.fsys.next(16) {
	case 1:
		return nil, errOdd
	case 2:
		return nil, nil
	}
	return i, nil
}

func (i lyingInfo) Size() int64 {
	return []int64{64, 0, 1, -1, i.fsys.size, math.MaxInt32 + 1, math.MaxUint32 + 1, math.MaxInt64, math.MinInt64, 64, 64, 64}[i.fsys.next(12)]
}

func (i lyingInfo) Mode() fs.FileMode {
	mode := []fs.FileMode{0, fs.ModeDir, fs.ModeSymlink, fs.ModeNamedPipe, fs.ModeDir | fs.ModeSymlink, fs.ModeIrregular, math.MaxUint32}[i.fsys.next(14)%7]
	switch {
	case mode != 0:
		return mode
	case i.name == "d", i.name == "e", i.name == ".":
		return fs.ModeDir
	case i.name == "l":
		return fs.ModeSymlink
	}
	return 0
}

type lyingFile struct {
	lyingInfo
	text *strings.Reader
}

func (f *lyingFile) Stat() (fs.FileInfo, error) { return f.Info() }
func (f *lyingFile) Close() error               { return []error{nil, errOdd}[f.fsys.next(2)] }

func (f *lyingFile) Read(p []byte) (int, error) {
	switch f.fsys.next(16) {
	case 1:
		return 0, errOdd
	case 2:
		return len(p) + 1, nil
	case 3:
		return -1, io.EOF
	case 4:
		return 0, nil
	case 5:
		return f.text.Read(p[:min(1, len(p))])
	}
	return f.text.Read(p)
}

// FuzzLyingFS collects from a file system that lies. The result is an error, or a valid
// Set whose files have the size that they had, or have changed.
func FuzzLyingFS(f *testing.F) {
	for _, size := range []int64{0, -1, 1 << 31, 1 << 32, math.MaxInt64, math.MinInt64, 1_000_000_000} {
		for _, script := range []string{"", "\x00\x01", strings.Repeat("\x00", 20) + "\x04", strings.Repeat("\x00\x00\x00\x04", 9)} {
			f.Add([]byte(script), size, true)
			f.Add([]byte(script), size, false)
		}
	}
	for position := range 64 {
		for lie := range 16 {
			f.Add(append(make([]byte, position), byte(lie)), int64(20), lie%2 == 0)
		}
	}
	f.Fuzz(func(t *testing.T, script []byte, size int64, links bool) {
		opts := manifests.Options{MaxEntries: 500, MaxDepth: 10, Symlinks: manifests.SymlinksSkip}
		if links {
			opts.Symlinks = manifests.SymlinksFiles
		}
		fsys := &lyingFS{script, size}
		set, err := manifests.CollectFS(t.Context(), fsys, opts)
		if err != nil {
			require.NotEmpty(t, bytes.Trim(script, "\x00"), "nothing was a lie")
			require.Nil(t, set)
			require.NotEmpty(t, err.Error())
			return
		}
		require.NotEmpty(t, set.Files())
		reader, err := set.Open()
		require.NoError(t, err)
		before, sum := "", int64(0)
		for _, file := range set.Files() {
			require.True(t, fs.ValidPath(file.Path), file.Path)
			require.Less(t, before, file.Path, "sorted, without duplicates")
			require.GreaterOrEqual(t, file.Size, int64(0))
			before, sum = file.Path, sum+file.Size
			if file.Size > 1<<16 {
				continue
			}
			whole := make([]byte, file.Size)
			if err := reader.ReadFile(t.Context(), file, whole); err == nil {
				require.True(t, strings.HasPrefix(fsys.text(file.Path), string(whole)) || file.Linked(), file.Path)
			} else {
				var pathErr *manifests.PathError
				require.ErrorAs(t, err, &pathErr)
				require.True(t, errors.Is(err, manifests.ErrFileChanged) || errors.Is(err, errOdd) || errors.Is(err, fs.ErrInvalid) || errors.Is(err, io.ErrNoProgress), "%v", err)
			}
		}
		require.Equal(t, sum, set.Size())
		require.LessOrEqual(t, len(set.Files())+len(set.Skipped()), opts.MaxEntries)
	})
}
