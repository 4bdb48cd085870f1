package manifests

import (
	"cmp"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Root is a directory, or a tree in an [fs.FS], and what it becomes in a [Set].
type Root struct {
	// Path is the folder that its files go to: relative, slash-separated and
	// clean, like "apps/shop". Empty or "." is the top.
	Path string
	// Dir is the directory. Where it is empty, FS is the tree, which has to stay
	// as it is for as long as the Set is used.
	Dir string
	FS  fs.FS `json:"-"`
}

// Validate reports whether the Root can be collected. The error is a [*PathError]
// with [ErrInvalidName], or that of [SourceDir].
func (r Root) Validate() error {
	_, err := r.tree()
	return err
}

// tree is a Root that was checked.
type tree struct {
	path string // where its files go
	dir  string // absolute, or "" for that of an fs.FS
	open func() (fs.FS, io.Closer, error)
}

func (r Root) tree() (tree, error) {
	t := tree{path: cmp.Or(r.Path, ".")}
	if !isFolder(t.path) {
		return tree{}, &PathError{Path: r.Path, Err: ErrInvalidName}
	}
	if r.Dir == "" && r.FS != nil {
		t.open = func() (fs.FS, io.Closer, error) { return r.FS, io.NopCloser(nil), nil }
		return t, nil
	}
	var err error
	if t.dir, err = SourceDir(r.Dir); err != nil {
		return tree{}, err
	}
	t.open = t.openDir
	return t, nil
}

// isFolder reports whether a tree may have a folder of this path.
func isFolder(name string) bool {
	if !fs.ValidPath(name) {
		return false
	}
	for at := name; at != "."; at = path.Dir(at) {
		if checkName(at, true) != nil || isVersionControl(path.Base(at)) {
			return false
		}
	}
	return true
}

func (t tree) openDir() (fs.FS, io.Closer, error) {
	root, err := os.OpenRoot(t.dir + string(filepath.Separator)) // never waits for a FIFO
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, &PathError{Path: t.dir, Err: ErrPathNotFound}
	}
	if err != nil {
		return nil, nil, &PathError{Path: t.dir, Err: systemError(err)}
	}
	fsys := newRootFS(root)
	return fsys, fsys, nil
}

// below is what a path in the Set is in the tree.
func (t tree) below(name string) string {
	if t.path == "." {
		return name
	}
	return strings.TrimPrefix(name, t.path+"/")
}

// depth is how many folders the tree is put below.
func (t tree) depth() int {
	if t.path == "." {
		return 0
	}
	return strings.Count(t.path, "/") + 1
}

// name is the base name of the directory, or "".
func (t tree) name() string {
	if t.dir == "" {
		return ""
	}
	return filepath.Base(t.dir)
}

// treesOf checks all roots.
func treesOf(roots []Root) ([]tree, error) {
	if len(roots) == 0 {
		return nil, &PathError{Err: ErrPathRequired}
	}
	trees := make([]tree, 0, len(roots))
	for _, r := range roots {
		t, err := r.tree()
		if err != nil {
			return nil, err
		}
		trees = append(trees, t)
	}
	return trees, nil
}
