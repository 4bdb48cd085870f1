package manifests

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"time"
)

// File is one manifest file of a [Set].
type File struct {
	// Path is relative to the root of the tree, slash-separated and clean.
	Path string `json:"path"`
	// Size is in bytes.
	Size int64 `json:"size"`

	real    string    // Path with its symbolic links resolved
	modTime time.Time // to notice a change before the content is read
}

// Reason says why an entry was left out of a [Set].
type Reason string

const (
	// ReasonExtension is a file that is not .yaml, .yml or .json, and that no
	// pattern of the options includes.
	ReasonExtension Reason = "extension"
	// ReasonVersionControl is the folder of a version-control system.
	ReasonVersionControl Reason = "version-control"
	// ReasonSpecial is a FIFO, socket or device without a manifest's name.
	ReasonSpecial Reason = "special"
)

// Skipped is an entry of the tree that was left out. A folder is listed once,
// with a trailing slash, and stands for all that is in it.
type Skipped struct {
	Path   string `json:"path"`
	Reason Reason `json:"reason"`
}

// Set is what was found in a tree. It is immutable and safe for concurrent
// use; the tree it was made from is not locked.
type Set struct {
	name    string
	files   []File
	skipped []Skipped
	size    int64
	open    func() (fs.FS, io.Closer, error)
}

// Name is the base name of the directory the Set was collected from, as the
// caller wrote it, and "" for a Set of an [fs.FS].
func (s *Set) Name() string { return s.name }

// Files lists the files in the order of their path's bytes.
func (s *Set) Files() []File { return slices.Clone(s.files) }

// Skipped lists what was left out, in the order of the path's bytes.
func (s *Set) Skipped() []Skipped { return slices.Clone(s.skipped) }

// Size is the sum of the files' sizes, in bytes.
func (s *Set) Size() int64 { return s.size }

// Open gives access to the content of the files. The caller closes the Reader.
//
// The error is a [*PathError]: the directory is gone ([ErrPathNotFound]) or
// cannot be opened.
func (s *Set) Open() (*Reader, error) {
	fsys, closer, err := s.open()
	if err != nil {
		return nil, err
	}
	return &Reader{fsys: fsys, closer: closer}, nil
}

// Reader reads the files of a [Set]. It is safe for concurrent use.
type Reader struct {
	fsys   fs.FS
	closer io.Closer
}

// Close releases the directory. Files that are open remain readable.
func (r *Reader) Close() error { return r.closer.Close() }

// Open opens one file of the Set the Reader came from.
//
// A file that is gone, was replaced, or has another size or modification time
// than when it was collected is [ErrFileChanged], found at Open or, for what
// happens meanwhile, at the end of the content in place of [io.EOF]. What was
// read before that is not to be used. Other errors are the file system's. All
// of them are wrapped in a [*PathError].
func (r *Reader) Open(f File) (io.ReadCloser, error) {
	file, err := r.fsys.Open(f.real)
	if err != nil && r.replaced(f) {
		return nil, &PathError{Path: f.Path, Err: ErrFileChanged}
	}
	if err != nil {
		return nil, &PathError{Path: f.Path, Err: systemError(err)}
	}
	opened := &openFile{File: file, want: f}
	if err := opened.check(); err != nil {
		_ = file.Close() // nothing was written to it
		return nil, err
	}
	return opened, nil
}

// replaced reports whether, in place of a file, there is nothing, something
// else, or on the way to it what is no folder.
func (r *Reader) replaced(f File) bool {
	lstat := fs.Lstat
	for dir := path.Dir(f.real); dir != "."; dir = path.Dir(dir) {
		if info, err := lstat(r.fsys, dir); err == nil && !info.IsDir() {
			return true
		}
	}
	info, err := lstat(r.fsys, f.real)
	return errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular()
}

// openFile hands out exactly the bytes that were announced.
type openFile struct {
	fs.File
	want File
	read int64
}

func (f *openFile) Read(p []byte) (int, error) {
	n, err := f.File.Read(p)
	f.read += int64(n)
	switch {
	case f.read > f.want.Size:
		return 0, &PathError{Path: f.want.Path, Err: ErrFileChanged}
	case errors.Is(err, io.EOF):
		if f.read < f.want.Size {
			return n, &PathError{Path: f.want.Path, Err: ErrFileChanged}
		}
		if err := f.check(); err != nil {
			return n, err
		}
		return n, io.EOF
	case err != nil:
		return n, &PathError{Path: f.want.Path, Err: systemError(err)}
	}
	return n, nil
}

// check compares the open file with the one that was collected.
func (f *openFile) check() error {
	info, err := f.Stat()
	if err != nil {
		return &PathError{Path: f.want.Path, Err: systemError(err)}
	}
	if !info.Mode().IsRegular() || info.Size() != f.want.Size || !info.ModTime().Equal(f.want.modTime) {
		return &PathError{Path: f.want.Path, Err: ErrFileChanged}
	}
	return nil
}

// rootFS is an [os.Root] whose Open cannot be held up by a FIFO that took the
// place of a file or folder. It is no [fs.ReadDirFS], so that folders are opened
// by it as well.
type rootFS struct {
	root *os.Root
	fs.ReadLinkFS
}

func newRootFS(root *os.Root) rootFS { return rootFS{root, root.FS().(fs.ReadLinkFS)} }

func (r rootFS) Open(name string) (fs.File, error) {
	return r.root.OpenFile(name, os.O_RDONLY|openNonblock, 0)
}
