package manifests_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"math"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/calls"
	"github.com/kubeoci/oci/manifests"
)

// oddFS is a file system that breaks the rules of its interface.
type oddFS struct {
	fstest.MapFS
	readDir func([]fs.DirEntry) ([]fs.DirEntry, error)
	open    func(fs.File) (fs.File, error)
}

func (o oddFS) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := o.MapFS.ReadDir(name)
	if o.readDir == nil || err != nil || name != "." {
		return entries, err
	}
	return o.readDir(entries)
}

func (o oddFS) Open(name string) (fs.File, error) {
	file, err := o.MapFS.Open(name)
	if o.open == nil || err != nil {
		return file, err
	}
	return o.open(file)
}

// oddEntry has another name, size or information.
type oddEntry struct {
	fs.DirEntry
	fs.FileInfo
	name string
	size int64
	none bool
}

func (o oddEntry) Name() string               { return o.name }
func (o oddEntry) IsDir() bool                { return o.DirEntry.IsDir() }
func (o oddEntry) Type() fs.FileMode          { return o.DirEntry.Type() }
func (o oddEntry) Size() int64                { return o.size }
func (o oddEntry) Info() (fs.FileInfo, error) { return o.info() }

func (o oddEntry) info() (fs.FileInfo, error) {
	info, err := o.DirEntry.Info()
	if o.none {
		return nil, err
	}
	o.FileInfo = info
	return o, err
}

// oddFile returns odd lengths.
type oddFile struct {
	fs.File
	read func(p []byte) (int, error)
}

func (o oddFile) Read(p []byte) (int, error) { return o.read(p) }

var errOdd = errors.New("odd")

func TestOddFileSystems(t *testing.T) {
	entry := func(odd oddEntry) func([]fs.DirEntry) ([]fs.DirEntry, error) {
		return func(entries []fs.DirEntry) ([]fs.DirEntry, error) {
			odd.DirEntry = entries[len(entries)-1]
			return append(entries[:len(entries)-1:len(entries)-1], odd), nil
		}
	}
	reading := func(read func([]byte) (int, error)) func(fs.File) (fs.File, error) {
		return func(file fs.File) (fs.File, error) { return oddFile{file, read}, nil }
	}
	unlimited := manifests.Options{MaxFileSize: math.MaxInt64, MaxTotalSize: math.MaxInt64}
	for _, tt := range []struct {
		name    string
		readDir func([]fs.DirEntry) ([]fs.DirEntry, error)
		open    func(fs.File) (fs.File, error)
		opts    manifests.Options
		err     error
	}{
		{"negative size", entry(oddEntry{name: "z.yaml", size: -1}), nil, manifests.Options{}, fs.ErrInvalid},
		{"least size", entry(oddEntry{name: "z.yaml", size: math.MinInt64}), nil, manifests.Options{}, fs.ErrInvalid},
		{"largest size", entry(oddEntry{name: "z.yaml", size: math.MaxInt64}), nil, manifests.Options{}, manifests.ErrLimitExceeded},
		{"largest size without limits", entry(oddEntry{name: "z.yaml", size: math.MaxInt64}), nil, unlimited, manifests.ErrLimitExceeded},
		{"no information", entry(oddEntry{name: "z.yaml", none: true}), nil, manifests.Options{}, fs.ErrInvalid},
		{"name with a slash", entry(oddEntry{name: "a/b.txt"}), nil, manifests.Options{}, manifests.ErrInvalidName},
		{"name of the directory above", entry(oddEntry{name: ".."}), nil, manifests.Options{}, manifests.ErrInvalidName},
		{"name of the directory itself", entry(oddEntry{name: "."}), nil, manifests.Options{}, manifests.ErrInvalidName},
		{"empty name", entry(oddEntry{name: ""}), nil, manifests.Options{}, manifests.ErrInvalidName},
		{"duplicate", entry(oddEntry{name: "a.yaml", size: 1}), nil, manifests.Options{}, manifests.ErrCollision},
		{"nil entry", func(entries []fs.DirEntry) ([]fs.DirEntry, error) { return append(entries, nil), nil }, nil, manifests.Options{}, fs.ErrInvalid},
		{"error halfway", func(entries []fs.DirEntry) ([]fs.DirEntry, error) { return entries[:1], errOdd }, nil, manifests.Options{}, errOdd},
		{"nil file", nil, func(fs.File) (fs.File, error) { return nil, nil }, manifests.Options{}, fs.ErrInvalid},
		{"negative length", nil, reading(func([]byte) (int, error) { return -1, nil }), manifests.Options{}, fs.ErrInvalid},
		{"length beyond the buffer", nil, reading(func(p []byte) (int, error) { return len(p) + 1, nil }), manifests.Options{}, fs.ErrInvalid},
		{"nothing for ever", nil, reading(func([]byte) (int, error) { return 0, nil }), manifests.Options{}, io.ErrNoProgress},
		{"ignore file that ends early", nil, reading(func([]byte) (int, error) { return 0, io.EOF }), manifests.Options{}, manifests.ErrFileChanged},
		{"ignore file that grows", nil, reading(func(p []byte) (int, error) { return copy(p, "x\ny"), io.EOF }), manifests.Options{}, manifests.ErrFileChanged},
	} {
		t.Run(tt.name, func(t *testing.T) {
			texts := tree{".sourceignore": "x", "a.yaml": "a", "z.yaml": "z"}
			_, err := manifests.CollectFS(t.Context(), oddFS{texts.mapFS(), tt.readDir, tt.open}, tt.opts)
			require.ErrorIs(t, err, tt.err)
			var pathErr *manifests.PathError
			assert.ErrorAs(t, err, &pathErr)
		})
	}
}

func TestEntriesOutOfOrder(t *testing.T) {
	reversed := func(entries []fs.DirEntry) ([]fs.DirEntry, error) {
		return []fs.DirEntry{entries[2], entries[0], entries[1]}, nil
	}
	set, err := manifests.CollectFS(t.Context(), oddFS{tree{"a.yaml": "a", "b.txt": "", "c.yaml": "c"}.mapFS(), reversed, nil}, manifests.Options{})
	require.NoError(t, err)
	assert.Equal(t, []string{"a.yaml", "c.yaml"}, paths(set))
}

// A file system that blocks does not hold up the caller beyond its context.
func TestFileSystemThatBlocks(t *testing.T) {
	for _, tt := range []struct {
		name string
		fsys func(block func()) fs.FS
	}{
		{"directory", func(block func()) fs.FS {
			return oddFS{tree{"a.yaml": "a"}.mapFS(), func([]fs.DirEntry) ([]fs.DirEntry, error) { block(); return nil, nil }, nil}
		}},
		{"open", func(block func()) fs.FS {
			return oddFS{tree{"a.yaml": "a", ".sourceignore": "a"}.mapFS(), nil, func(fs.File) (fs.File, error) { block(); return nil, errOdd }}
		}},
		{"read", func(block func()) fs.FS {
			return oddFS{tree{"a.yaml": "a", ".sourceignore": "a"}.mapFS(), nil, func(file fs.File) (fs.File, error) {
				return oddFile{file, func([]byte) (int, error) { block(); return 0, errOdd }}, nil
			}}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				release := make(chan struct{})
				defer close(release)
				_, err := manifests.CollectFS(ctx, tt.fsys(func() { <-release }), manifests.Options{})
				require.ErrorIs(t, err, context.DeadlineExceeded)
			})
		})
	}
}

func TestFileSystemThatPanics(t *testing.T) {
	defer func() {
		p, ok := recover().(*calls.Panic)
		require.True(t, ok)
		assert.Equal(t, errOdd, p.Value)
	}()
	_, _ = manifests.CollectFS(t.Context(), oddFS{tree{"a.yaml": "a"}.mapFS(), func([]fs.DirEntry) ([]fs.DirEntry, error) { panic(errOdd) }, nil}, manifests.Options{})
}

type oddReader func([]byte) (int, error)

func (o oddReader) Read(p []byte) (int, error) { return o(p) }

func TestOddReaders(t *testing.T) {
	for _, tt := range []struct {
		name string
		read oddReader
		err  error
	}{
		{"negative length", func([]byte) (int, error) { return -1, nil }, fs.ErrInvalid},
		{"length beyond the buffer", func(p []byte) (int, error) { return len(p) + 1, nil }, fs.ErrInvalid},
		{"nothing for ever", func([]byte) (int, error) { return 0, nil }, io.ErrNoProgress},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := manifests.FromReader(t.Context(), tt.read)
			requirePathError(t, err, tt.err, manifests.ReaderFileName)
		})
	}
}

// Zero values and nil give errors and texts.
func TestZeroValues(t *testing.T) {
	var none context.Context
	_, err := manifests.Collect(none, ".", manifests.Options{})
	require.Error(t, err)
	_, err = manifests.CollectFS(none, fstest.MapFS{}, manifests.Options{})
	require.Error(t, err)
	_, err = manifests.CollectRoots(none, nil, manifests.Options{})
	require.Error(t, err)
	_, err = manifests.CollectFS(t.Context(), nil, manifests.Options{})
	require.ErrorIs(t, err, manifests.ErrPathRequired)
	_, err = manifests.CollectRoots(t.Context(), []manifests.Root{{}}, manifests.Options{})
	require.ErrorIs(t, err, manifests.ErrPathRequired)
	_, err = manifests.FromReader(none, strings.NewReader("a"))
	require.Error(t, err)
	_, err = manifests.FromReader(t.Context(), nil)
	require.ErrorIs(t, err, manifests.ErrPathRequired)

	set := new(manifests.Set)
	assert.Empty(t, set.Files())
	assert.Empty(t, set.Skipped())
	assert.Empty(t, set.Problems())
	reader, err := set.Open()
	require.NoError(t, err)
	for _, r := range []*manifests.Reader{reader, {}, nil} {
		_, err = r.Open(t.Context(), manifests.File{})
		require.ErrorIs(t, err, fs.ErrInvalid)
		require.ErrorIs(t, r.ReadFile(t.Context(), manifests.File{}, nil), fs.ErrInvalid)
		require.NoError(t, r.Close())
	}
	content := new(manifests.Content)
	_, err = content.Read(nil)
	require.ErrorIs(t, err, fs.ErrClosed)
	_, err = content.ReadAt(nil, 0)
	require.ErrorIs(t, err, fs.ErrClosed)
	require.ErrorIs(t, content.Close(), fs.ErrClosed)

	for _, err := range []interface {
		error
		Hint() string
	}{&manifests.PathError{}, &manifests.PathError{Path: "a"}, &manifests.CollisionError{}, &manifests.NoFilesError{}} {
		assert.NotEmpty(t, err.Error())
		_ = err.Hint()
	}
	assert.NotEmpty(t, (&manifests.LimitError{}).Error())
	assert.Equal(t, "?: unknown problem", manifests.Problem{}.String())
	for _, v := range []any{set, manifests.File{}, manifests.Root{}, manifests.Options{}, manifests.Problem{}, manifests.Skipped{}, &manifests.PathError{}} {
		_, err := json.Marshal(v)
		assert.NoError(t, err)
	}
}

func TestPortableNames(t *testing.T) {
	for _, tt := range []struct {
		name  string
		texts tree
		err   error
		text  string
	}{
		{"usual", tree{"apps/a.yaml": "a", "apps/b.yaml": "b", "skipped/con": ""}, nil, ""},
		{"device", tree{"apps/aux.yaml": "a"}, manifests.ErrInvalidName, `name is a device name, which Windows refuses: "apps/aux.yaml"`},
		{"directory", tree{"apps./b/a.yaml": "a"}, manifests.ErrInvalidName, `name ends in a dot or space, which Windows refuses: "apps."`},
		{"invisible", tree{"a\u200b.yaml": "a"}, manifests.ErrInvalidName, `name contains U+200B, which is invisible: "a\u200b.yaml"`},
		{"case", tree{"a.yaml": "a", "A.yaml": "a"}, manifests.ErrCollision, `two entries collide in the archive where case does not matter: "A.yaml" and "a.yaml"`},
		{"case of directories", tree{"x/a.yaml": "a", "X/b.yaml": "a"}, manifests.ErrCollision, `two entries collide in the archive where case does not matter: "X" and "x"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			collectEachWay(t, tt.texts, manifests.Options{}, func(t *testing.T, _ *manifests.Set, err error) { require.NoError(t, err) })
			collectEachWay(t, tt.texts, manifests.Options{PortableNames: true}, func(t *testing.T, _ *manifests.Set, err error) {
				require.ErrorIs(t, err, tt.err)
				if tt.err != nil {
					assert.EqualError(t, err, tt.text)
				}
			})
		})
	}
}

func TestProblemsWithoutSecrets(t *testing.T) {
	set, err := manifests.CollectFS(t.Context(), tree{"kustomization.yaml": naming("oci://robot:hunter2@registry.example/base", "git::https://u:hunter2@git.example/base")}.mapFS(), manifests.Options{})
	require.NoError(t, err)
	for _, p := range set.Problems() {
		assert.NotContains(t, p.String(), "hunter2")
	}
	assert.NotEmpty(t, set.Problems())
}
