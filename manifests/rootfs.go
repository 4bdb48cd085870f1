package manifests

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"strings"
	"sync"
	"syscall"
)

// rootFS is an [os.Root] whose Open does not block on a FIFO that replaced a file or
// directory. It does not implement [fs.ReadDirFS], so directories are opened by it as
// well.
//
// No name that it is given leads through a link, so one that leads out of the directory
// had something else in its place before: [ErrFileChanged].
//
// It keeps the directory open in which it opened a file last. An os.Root walks down
// from its top for every name, which costs more than reading a small file.
type rootFS struct {
	root *os.Root
	fsys fs.ReadLinkFS // of root

	mu   sync.Mutex
	name string   // of the directory, or "."
	dir  *os.Root // root itself for "."
}

func newRootFS(root *os.Root) *rootFS {
	return &rootFS{root: root, fsys: root.FS().(fs.ReadLinkFS), name: ".", dir: root}
}

func (r *rootFS) Open(name string) (fs.File, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.enter(path.Dir(name)); err != nil {
		return nil, r.fault(err)
	}
	file, err := r.dir.OpenFile(path.Base(name), os.O_RDONLY|openNonblock, 0)
	if err != nil {
		return nil, r.fault(err)
	}
	return file, nil
}

func (r *rootFS) Lstat(name string) (fs.FileInfo, error) {
	info, err := r.fsys.Lstat(name)
	return info, r.fault(err)
}

func (r *rootFS) ReadLink(name string) (string, error) {
	target, err := r.fsys.ReadLink(name)
	return target, r.fault(err)
}

// fault returns [ErrFileChanged] for the errors of an [os.Root] that are not the system's:
// the directory is left, or is not one. They have no names of their own.
func (r *rootFS) fault(err error) error {
	_, system := errors.AsType[syscall.Errno](err)
	if err == nil || system || errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) || errors.Is(err, fs.ErrClosed) {
		return err
	}
	return ErrFileChanged
}

// enter replaces the directory that is kept open.
func (r *rootFS) enter(name string) error {
	if name == r.name {
		return nil
	}
	dir := r.root
	if name != "." {
		from, below := r.root, name
		if rest, found := strings.CutPrefix(name, r.name+"/"); found {
			from, below = r.dir, rest
		}
		var err error
		// The last element is opened in the directory, so that name itself is opened as
		// one: an OpenRoot of a FIFO that replaced it would block.
		if dir, err = from.OpenRoot(below + "/."); err != nil {
			return err
		}
	}
	err := r.leave()
	r.name, r.dir = name, dir
	return err
}

func (r *rootFS) leave() error {
	if r.dir == r.root {
		return nil
	}
	return r.dir.Close()
}

// Close closes both directories. Open files remain readable.
func (r *rootFS) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	err := r.leave()
	r.name, r.dir = ".", r.root
	if rootErr := r.root.Close(); rootErr != nil {
		return rootErr
	}
	return err
}
