package manifests

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"sync"

	"github.com/kubeoci/oci/internal/calls"
	"github.com/kubeoci/oci/internal/kustomize"
)

// Reader reads the files of a [Set]. It is safe for concurrent use. It is fastest if
// consecutive files are in the same directory, so one Reader for each goroutine is
// better than a shared one.
type Reader struct {
	trees  []*treeReader
	parsed *kustomize.Parsed
}

// treeReader reads the files of one tree.
type treeReader struct {
	fsys   fs.FS
	closer io.Closer
	direct direct
	bound  sync.Pool // of buffers for a boundFS
}

// Close releases the directories. Open files remain readable. Close must not be called
// concurrently with ReadFile.
func (r *Reader) Close() error {
	if r == nil {
		return nil
	}
	var errs []error
	for _, t := range r.trees {
		errs = append(errs, t.direct.close(), t.closer.Close())
	}
	return errors.Join(errs...)
}

// ReadFile fills p, which must have the size of the file, with its content. It is
// equivalent to Open, [Content.ReadAt] and Close, with their errors, and is the
// fastest way to read a whole file unless it is large.
func (r *Reader) ReadFile(ctx context.Context, f File, p []byte) error {
	tree, err := r.treeOf(ctx, f)
	if err != nil {
		return err
	}
	if int64(len(p)) != f.Size {
		return &PathError{Path: f.Path, Err: fs.ErrInvalid}
	}
	if err := tree.readFile(f, p); err != nil {
		return orEnd(ctx, err)
	}
	return r.compare(f, func() ([]byte, error) { return p, nil })
}

// compare compares a kustomization with the one whose references the Set has followed: size
// and modification time do not reveal every replacement.
func (r *Reader) compare(f File, read func() ([]byte, error)) error {
	same, err := r.parsed.MatchesParsed(f.Path, f.Size, read)
	if err == nil && !same {
		err = &PathError{Path: f.Path, Err: ErrFileChanged}
	}
	return err
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
		return &PathError{Path: f.Path, Err: accessError(err)}
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

// Open opens one file of the Set that the Reader came from.
//
// The error is [ErrFileChanged] if the file is missing, was replaced, or has another
// size or modification time than when it was collected, and for a kustomization with other
// content. Later changes are detected
// when the content is read. Other errors are the file system's. All of them are
// wrapped in a [*PathError]. The error may also be that of ctx.
//
// Open and the methods of the Content return soon after ctx ends even if a method of an
// [fs.FS] blocks. That method then runs on in a goroutine until it returns, and its file
// is closed. If it panics, so do they.
func (r *Reader) Open(ctx context.Context, f File) (*Content, error) {
	tree, err := r.treeOf(ctx, f)
	if err != nil {
		return nil, err
	}
	content, err := tree.open(f)
	if err != nil {
		return nil, orEnd(ctx, err)
	}
	err = closeUnless(content, func() error {
		return r.compare(f, func() ([]byte, error) {
			whole := make([]byte, f.Size)
			n, err := content.ReadAt(whole, 0)
			if errors.Is(err, io.EOF) { // of an empty file
				err = nil
			}
			return whole[:n], err
		})
	})
	if err != nil {
		return nil, orEnd(ctx, err)
	}
	return content, nil
}

// closeUnless closes a file unless check returns nil: a method of the caller may panic.
func closeUnless(file io.Closer, check func() error) (err error) {
	accepted := false
	defer func() {
		if !accepted {
			_ = file.Close() // only read from
		}
	}()
	err = check()
	accepted = err == nil
	return err
}

// treeOf returns the tree that holds f, for as long as ctx lasts. It refuses a File that no
// Set returned, or that of a Set with more trees.
func (r *Reader) treeOf(ctx context.Context, f File) (*treeReader, error) {
	if err := calls.Check(ctx); err != nil {
		return nil, err
	}
	if r == nil || f.found == nil || int(f.found.tree) >= len(r.trees) {
		return nil, &PathError{Path: f.Path, Err: fs.ErrInvalid}
	}
	tree := r.trees[f.found.tree]
	if _, disk := tree.fsys.(*rootFS); !disk {
		return &treeReader{fsys: boundFS{ctx, tree.fsys, &tree.bound}}, nil
	}
	return tree, nil
}

// orEnd returns the error of ctx in place of one that it may have caused.
func orEnd(ctx context.Context, err error) error {
	if ended := ctx.Err(); err != nil && ended != nil {
		return ended
	}
	return err
}

func (r *treeReader) open(f File) (*Content, error) {
	file, err := openEntry(r.fsys, f.found.real)
	if err != nil && r.replaced(f) {
		return nil, &PathError{Path: f.Path, Err: ErrFileChanged}
	}
	if err != nil {
		return nil, &PathError{Path: f.Path, Err: accessError(err)}
	}
	opened := &Content{fsys: r.fsys, file: file, want: f}
	if err := closeUnless(file, opened.check); err != nil {
		return nil, err
	}
	return opened, nil
}

// replaced reports whether a file is missing, is not a regular file any more, or has a
// path through something that is not a directory.
func (r *treeReader) replaced(f File) bool {
	for dir := path.Dir(f.found.real); dir != "."; dir = path.Dir(dir) {
		if info, err := lstat(r.fsys, dir); err == nil && !info.IsDir() {
			return true
		}
	}
	info, err := lstat(r.fsys, f.found.real)
	return errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular()
}

// Content is an open file of a [Set]. It returns exactly [File.Size] bytes, or fails
// with a [*PathError] that wraps [ErrFileChanged] or the file system's error. The zero
// value is closed.
type Content struct {
	fsys fs.FS
	file fs.File
	want File
	read int64
}

// Close closes the file.
func (c *Content) Close() error {
	if c.file == nil {
		return c.failed(fs.ErrClosed)
	}
	return c.file.Close()
}

// Read implements [io.Reader]. A change is reported at the end, in place of [io.EOF];
// the bytes read before must then be discarded.
func (c *Content) Read(p []byte) (int, error) {
	if c.file == nil {
		return 0, c.failed(fs.ErrClosed)
	}
	n, err := soundReader{c.file}.Read(p)
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

// ReadAt implements [io.ReaderAt]. Each call checks that the file has not changed so
// far. Content beyond the collected size is a change.
func (c *Content) ReadAt(p []byte, offset int64) (int, error) {
	switch {
	case c.file == nil:
		return 0, c.failed(fs.ErrClosed)
	case offset < 0:
		return 0, c.failed(fs.ErrInvalid)
	}
	if c.want.Size == 0 {
		return 0, c.readEmpty()
	}
	if offset >= c.want.Size {
		return 0, io.EOF
	}
	collected := p[:min(int64(len(p)), c.want.Size-offset)]
	n, err := c.readAt(collected, offset)
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

// readEmpty returns io.EOF unless the file has content, as one of /proc may have that reports
// no size.
func (c *Content) readEmpty() error {
	n, err := c.readPiece(make([]byte, 1), 0)
	switch {
	case n > 0:
		return c.changed()
	case errors.Is(err, io.EOF):
		return io.EOF
	}
	return c.failed(err)
}

// readAt fails with io.EOF or io.ErrUnexpectedEOF if the file has less than p, or more
// than the collected size.
func (c *Content) readAt(p []byte, offset int64) (int, error) {
	n, err := c.readPiece(p, offset)
	if _, ok := c.file.(*os.File); ok || err != nil || offset+int64(n) < c.want.Size {
		return n, err
	}
	// Stat does not prove the end of a file that is not the operating system's.
	if more, _ := c.readPiece(make([]byte, 1), c.want.Size); more > 0 {
		return n, io.ErrUnexpectedEOF
	}
	return n, nil
}

func (c *Content) readPiece(p []byte, offset int64) (int, error) {
	if file, ok := c.file.(io.ReaderAt); ok {
		n, err := file.ReadAt(p, offset)
		switch {
		case n == len(p):
			return n, nil // and perhaps io.EOF
		case n < 0 || n > len(p):
			return 0, errOddLength
		case err == nil:
			return n, io.ErrNoProgress
		}
		return n, err
	}
	file, err := openEntry(c.fsys, c.want.found.real)
	if err != nil {
		return 0, err
	}
	defer func() { _ = file.Close() }() // only read from
	if _, err := io.CopyN(io.Discard, soundReader{file}, offset); err != nil {
		return 0, err
	}
	return io.ReadFull(soundReader{file}, p)
}

// check compares the open file with the one that was collected.
func (c *Content) check() error {
	info, err := stat(c.file)
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
