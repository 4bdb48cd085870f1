package manifests_test

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
)

// errBroken is the error of a file system that fails.
var errBroken = errors.New("input/output error")

// brokenFS fails in one operation.
type brokenFS struct {
	fstest.MapFS
	operation string
}

func (b brokenFS) fault(operation, name string) error {
	if operation == b.operation && name != "." {
		return &fs.PathError{Op: operation, Path: name, Err: errBroken}
	}
	return nil
}

func (b brokenFS) ReadDir(name string) ([]fs.DirEntry, error) {
	if err := b.fault("readdir", name); err != nil {
		return nil, err
	}
	entries, err := b.MapFS.ReadDir(name)
	for i, entry := range entries {
		entries[i] = brokenEntry{entry, b}
	}
	return entries, err
}

func (b brokenFS) Lstat(name string) (fs.FileInfo, error) {
	if err := b.fault("lstat", name); err != nil {
		return nil, err
	}
	return b.MapFS.Lstat(name)
}

func (b brokenFS) ReadLink(name string) (string, error) {
	if err := b.fault("readlink", name); err != nil {
		return "", err
	}
	return b.MapFS.ReadLink(name)
}

func (b brokenFS) Open(name string) (fs.File, error) {
	if err := b.fault("open", name); err != nil {
		return nil, err
	}
	file, err := b.MapFS.Open(name)
	return brokenFile{file, b}, err
}

type brokenEntry struct {
	fs.DirEntry
	fsys brokenFS
}

func (b brokenEntry) Info() (fs.FileInfo, error) {
	if err := b.fsys.fault("info", b.Name()); err != nil {
		return nil, err
	}
	return b.DirEntry.Info()
}

type brokenFile struct {
	fs.File
	fsys brokenFS
}

func (b brokenFile) Stat() (fs.FileInfo, error) {
	if err := b.fsys.fault("stat", "file"); err != nil {
		return nil, err
	}
	return b.File.Stat()
}

func (b brokenFile) Read(p []byte) (int, error) {
	if err := b.fsys.fault("read", "file"); err != nil {
		return 0, err
	}
	return b.File.Read(p)
}

// The error contains the file system's own error, and the path once.
func TestBrokenFileSystem(t *testing.T) {
	for operation, path := range map[string]string{
		"readdir": "sub", "lstat": "a.yaml", "readlink": "a.yaml", "info": "b.yaml", "open": "b.yaml", "stat": "b.yaml", "read": "b.yaml",
	} {
		t.Run(operation, func(t *testing.T) {
			fsys := tree{"b.yaml": "b"}.mapFS()
			switch operation {
			case "readdir":
				fsys = tree{"sub/a.yaml": "a"}.mapFS()
			case "lstat", "readlink":
				fsys = tree{"a.yaml": linkTo + "b.yaml", "b.yaml": "b"}.mapFS()
			}
			set, err := manifests.CollectFS(t.Context(), brokenFS{fsys, operation}, manifests.Options{})
			if err == nil {
				reader, openErr := set.Open()
				require.NoError(t, openErr)
				_, err = readFile(reader, set.Files()[0])
			}
			pathErr := requirePathError(t, err, errBroken, path)
			assert.Equal(t, fmt.Sprintf("input/output error: %q", path), strings.Replace(err.Error(), ` -> "b.yaml"`, "", 1))
			assert.Empty(t, pathErr.Hint())
		})
	}
}
