package manifests

import (
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
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

// readForeignDir reads a directory of a file system that may be wrong about it.
func readForeignDir(fsys fs.FS, name string, fits func([]fs.DirEntry) error) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(fsys, name)
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
