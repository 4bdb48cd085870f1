package manifests

import (
	"io/fs"
	"os"
	"path"
	"sync"
)

// rootFS is an [os.Root] whose Open cannot be held up by a FIFO that took the
// place of a file or folder. It is no [fs.ReadDirFS], so that folders are opened
// by it as well.
//
// It keeps the folder open that it opened something in last. An os.Root walks
// down from its top for every name, which costs more than to read a small file.
type rootFS struct {
	root *os.Root
	fs.ReadLinkFS

	mu     sync.Mutex
	name   string   // of the folder, or "."
	folder *os.Root // root itself for "."
}

func newRootFS(root *os.Root) *rootFS {
	return &rootFS{root: root, ReadLinkFS: root.FS().(fs.ReadLinkFS), name: ".", folder: root}
}

func (r *rootFS) Open(name string) (fs.File, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.enter(path.Dir(name)); err != nil {
		return nil, err
	}
	return r.folder.OpenFile(path.Base(name), os.O_RDONLY|openNonblock, 0)
}

// enter makes a folder the one that is kept open.
func (r *rootFS) enter(name string) error {
	if name == r.name {
		return nil
	}
	folder := r.root
	if name != "." {
		var err error
		if folder, err = r.root.OpenRoot(name); err != nil {
			return err
		}
	}
	err := r.leave()
	r.name, r.folder = name, folder
	return err
}

func (r *rootFS) leave() error {
	if r.folder == r.root {
		return nil
	}
	return r.folder.Close()
}

// Close closes both folders. Files that are open remain readable.
func (r *rootFS) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	err := r.leave()
	r.name, r.folder = ".", r.root
	if rootErr := r.root.Close(); rootErr != nil {
		return rootErr
	}
	return err
}
