package manifests

import (
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// batch is how many entries are read between two looks at limits and context: about a
// millisecond.
const batch = 1024

// readDir returns the entries of a directory, sorted by name. It calls fits with some of
// them at a time, and returns its error: a directory can have millions.
func readDir(fsys fs.FS, name string, fits func([]fs.DirEntry) error) ([]fs.DirEntry, error) {
	if _, disk := fsys.(*rootFS); !disk {
		return readForeignDir(fsys, name, fits)
	}
	dir, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = dir.Close() }() // only read from
	var entries []fs.DirEntry
	for {
		more, err := dir.(fs.ReadDirFile).ReadDir(batch) // an os.File
		slim(more)
		entries = append(entries, more...)
		if errors.Is(err, io.EOF) {
			slices.SortFunc(entries, byName)
			return entries, nil
		}
		if err != nil {
			return nil, err
		}
		if err := fits(more); err != nil {
			return nil, err
		}
	}
}

// diskEntry is an entry of a directory on disk. Those of package os hold all that the
// system reports, which is three times as much.
type diskEntry struct {
	name    string
	size    int64
	modTime time.Time
	mode    fs.FileMode
}

func (e *diskEntry) Name() string               { return e.name }
func (e *diskEntry) IsDir() bool                { return e.mode.IsDir() }
func (e *diskEntry) Type() fs.FileMode          { return e.mode.Type() }
func (e *diskEntry) Info() (fs.FileInfo, error) { return e, nil }
func (e *diskEntry) Size() int64                { return e.size }
func (e *diskEntry) Mode() fs.FileMode          { return e.mode }
func (e *diskEntry) ModTime() time.Time         { return e.modTime }
func (e *diskEntry) Sys() any                   { return nil }

// slim replaces entries by those that are smaller. An [os.Root] has read their facts
// already.
func slim(entries []fs.DirEntry) {
	for i, e := range entries {
		if info, err := e.Info(); err == nil { // a later call returns the error
			entries[i] = &diskEntry{e.Name(), info.Size(), info.ModTime(), info.Mode()}
		}
	}
}

// readForeignDir reads a directory of a file system that may be wrong about it.
func readForeignDir(fsys fs.FS, name string, fits func([]fs.DirEntry) error) ([]fs.DirEntry, error) {
	entries, err := listForeignDir(fsys, name)
	if err != nil {
		return nil, err
	}
	if slices.Contains(entries, nil) {
		return nil, errOddEntry
	}
	if err := fits(entries); err != nil {
		return nil, err
	}
	if !slices.IsSortedFunc(entries, byName) {
		entries = slices.SortedFunc(slices.Values(entries), byName) // the caller may hold them
	}
	return entries, nil
}

// listForeignDir is [fs.ReadDir] without sorting, which an entry that is nil does not survive.
func listForeignDir(fsys fs.FS, name string) ([]fs.DirEntry, error) {
	if lists, ok := fsys.(fs.ReadDirFS); ok {
		return lists.ReadDir(name)
	}
	file, err := openEntry(fsys, name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // only read from
	dir, ok := file.(fs.ReadDirFile)
	if !ok {
		return nil, errNoDirectory
	}
	return dir.ReadDir(-1)
}

// checkEntries refuses names that are none, and names that are there twice. The entries
// are sorted.
func checkEntries(dir string, entries []fs.DirEntry) error {
	before := ""
	for _, e := range entries {
		name := e.Name()
		if name == "" || name == "." || name == ".." || strings.Contains(name, "/") {
			return &PathError{Path: dir + "/" + name, Err: ErrInvalidName}
		}
		if name == before {
			at := path.Join(dir, name)
			return &PathError{Path: at, Err: &CollisionError{Path: at, First: at, Second: at}}
		}
		before = name
	}
	return nil
}

func byName(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) }
