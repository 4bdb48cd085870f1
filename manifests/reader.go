package manifests

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
)

// Reader reads the files of a [Set]. It is safe for concurrent use. It is
// fastest where files that follow one another are in the same folder, so one
// Reader for each goroutine is better than one for all.
type Reader struct{ trees []*treeReader }

// treeReader reads the files of one tree.
type treeReader struct {
	fsys   fs.FS
	closer io.Closer
	direct direct
}

// Close releases the directories. Files that are open remain readable. It is not
// called while ReadFile is.
func (r *Reader) Close() error {
	var errs []error
	for _, t := range r.trees {
		errs = append(errs, t.direct.close(), t.closer.Close())
	}
	return errors.Join(errs...)
}

// ReadFile fills p, which has to have the size of the file, with its content.
// It does what Open, [Content.ReadAt] and Close do, with their errors, and is the
// fastest way to read a whole file that is not large.
func (r *Reader) ReadFile(f File, p []byte) error {
	if int64(len(p)) != f.Size {
		return &PathError{Path: f.Path, Err: fs.ErrInvalid}
	}
	tree, err := r.treeOf(f)
	if err != nil {
		return err
	}
	return tree.readFile(f, p)
}

func (r *treeReader) readFile(f File, p []byte) error {
	if _, disk := r.fsys.(*rootFS); disk && readsDirectly {
		same, err := r.direct.read(r.fsys, f, p)
		switch {
		case err == nil && same:
			return nil
		case err == nil || r.replaced(f):
			return &PathError{Path: f.Path, Err: ErrFileChanged}
		}
		return &PathError{Path: f.Path, Err: systemError(err)}
	}
	content, err := r.open(f)
	if err != nil {
		return err
	}
	defer func() { _ = content.Close() }()                                     // only read from
	if _, err := content.ReadAt(p, 0); err != nil && !errors.Is(err, io.EOF) { // of an empty file
		return err
	}
	return nil
}

// Open opens one file of the Set the Reader came from.
//
// A file that is gone, was replaced, or has another size or modification time
// than when it was collected is [ErrFileChanged], found at Open or, for what
// happens meanwhile, when its content is read. Other errors are the file
// system's. All of them are wrapped in a [*PathError].
func (r *Reader) Open(f File) (*Content, error) {
	tree, err := r.treeOf(f)
	if err != nil {
		return nil, err
	}
	return tree.open(f)
}

// treeOf refuses a file of no Set, or of one that has more trees.
func (r *Reader) treeOf(f File) (*treeReader, error) {
	if f.found == nil || f.found.tree >= len(r.trees) {
		return nil, &PathError{Path: f.Path, Err: fs.ErrInvalid}
	}
	return r.trees[f.found.tree], nil
}

func (r *treeReader) open(f File) (*Content, error) {
	file, err := r.fsys.Open(f.found.real)
	if err != nil && r.replaced(f) {
		return nil, &PathError{Path: f.Path, Err: ErrFileChanged}
	}
	if err != nil {
		return nil, &PathError{Path: f.Path, Err: systemError(err)}
	}
	opened := &Content{fsys: r.fsys, file: file, want: f}
	if err := opened.check(); err != nil {
		_ = file.Close() // nothing was written to it
		return nil, err
	}
	return opened, nil
}

// replaced reports whether, in place of a file, there is nothing, something
// else, or on the way to it what is no folder.
func (r *treeReader) replaced(f File) bool {
	lstat := fs.Lstat
	for dir := path.Dir(f.found.real); dir != "."; dir = path.Dir(dir) {
		if info, err := lstat(r.fsys, dir); err == nil && !info.IsDir() {
			return true
		}
	}
	info, err := lstat(r.fsys, f.found.real)
	return errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular()
}

// Content is an open file of a [Set]. It hands out exactly the bytes that were
// announced, or fails with [ErrFileChanged] in a [*PathError], or with the file
// system's error in one.
type Content struct {
	fsys fs.FS
	file fs.File
	want File
	read int64
}

// Close closes the file.
func (c *Content) Close() error { return c.file.Close() }

// Read reads on. A change is found at the end, in place of [io.EOF]; what was
// read before that is not to be used.
func (c *Content) Read(p []byte) (int, error) {
	n, err := c.file.Read(p)
	c.read += int64(n)
	switch {
	case c.read > c.want.Size:
		return 0, c.changed()
	case errors.Is(err, io.EOF):
		if c.read < c.want.Size {
			return n, c.changed()
		}
		if err := c.check(); err != nil {
			return n, err
		}
		return n, io.EOF
	case err != nil:
		return n, c.failed(err)
	}
	return n, nil
}

// ReadAt is that of [io.ReaderAt]. Each call checks that the file has not
// changed until then, and what is beyond the announced size is a change.
func (c *Content) ReadAt(p []byte, offset int64) (int, error) {
	if offset < 0 {
		return 0, c.failed(fs.ErrInvalid)
	}
	if offset >= c.want.Size {
		return 0, io.EOF
	}
	announced := p[:min(int64(len(p)), c.want.Size-offset)]
	n, err := c.readAt(announced, offset)
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return n, c.changed()
	case err != nil:
		return n, c.failed(err)
	}
	if err := c.check(); err != nil {
		return n, err
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// readAt fails with io.EOF or io.ErrUnexpectedEOF for less than p, or for more
// behind what was announced.
func (c *Content) readAt(p []byte, offset int64) (int, error) {
	n, err := c.readPiece(p, offset)
	if _, ok := c.file.(*os.File); ok || err != nil || offset+int64(n) < c.want.Size {
		return n, err
	}
	// Of files that are not the system's, Stat is no proof of their end.
	if more, _ := c.readPiece(make([]byte, 1), c.want.Size); more > 0 {
		return n, io.ErrUnexpectedEOF
	}
	return n, nil
}

func (c *Content) readPiece(p []byte, offset int64) (int, error) {
	if file, ok := c.file.(io.ReaderAt); ok {
		n, err := file.ReadAt(p, offset)
		if n == len(p) {
			return n, nil // and perhaps io.EOF
		}
		return n, err
	}
	file, err := c.fsys.Open(c.want.found.real)
	if err != nil {
		return 0, err
	}
	defer func() { _ = file.Close() }() // only read from
	if _, err := io.CopyN(io.Discard, file, offset); err != nil {
		return 0, err
	}
	return io.ReadFull(file, p)
}

// check compares the open file with the one that was collected.
func (c *Content) check() error {
	info, err := c.file.Stat()
	if err != nil {
		return c.failed(err)
	}
	if !info.Mode().IsRegular() || info.Size() != c.want.Size || !info.ModTime().Equal(c.want.found.modTime) {
		return c.changed()
	}
	return nil
}

func (c *Content) changed() error {
	return &PathError{Path: c.want.Path, Err: ErrFileChanged}
}

func (c *Content) failed(err error) error {
	return &PathError{Path: c.want.Path, Err: systemError(err)}
}
