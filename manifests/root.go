package manifests

import (
	"cmp"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"unicode/utf8"

	"github.com/kubeoci/oci/internal/abspath"
	"github.com/kubeoci/oci/internal/redact"
)

// Root is a directory or an [fs.FS], and where its files go in a [Set]. Exactly one
// of Dir and FS is set.
type Root struct {
	// Path is the directory of the Set that the files go to: relative,
	// slash-separated and clean, like "apps/shop". Empty or "." is the top.
	Path string
	// Dir is a directory on disk.
	Dir string
	// FS is a file system. It must not change for as long as the Set is used, and must be safe
	// for concurrent use: package packager reads it in several goroutines. Its files should
	// implement [io.ReaderAt]. Package packager reads others of more than 512 KiB, such as those
	// of a zip archive, from their beginning for each 512 KiB: one of 64 MB takes seconds.
	FS fs.FS `json:"-"`

	checked string // Dir, if Resolve found a directory there
}

// Resolve checks the root and returns it with an absolute Dir. Symbolic links in
// Dir are followed, but the path keeps their names, except before "..". A root that was
// resolved before is not looked up on disk again.
//
// The error is a [*PathError] with [ErrInvalidName] for Path, [ErrPathRequired],
// [ErrTwoSources], [ErrPathNotFound], [ErrPathNotDirectory], or the file system's
// own error.
func (r Root) Resolve() (Root, error) {
	if r.Path != "" && utf8.ValidString(r.Path) && !fs.ValidPath(r.Path) {
		return Root{}, &PathError{Path: r.Path, Err: errRootPath}
	}
	if r.Path != "" && !isDirectoryPath(r.Path) {
		return Root{}, &PathError{Path: r.Path, Err: ErrInvalidName}
	}
	if r.FS != nil {
		if r.Dir != "" {
			return Root{}, &PathError{Path: r.Dir, Err: ErrTwoSources}
		}
		return r, nil
	}
	if r.Dir != "" && r.Dir == r.checked {
		return r, nil
	}
	if err := checkDir(r.Dir); err != nil {
		return Root{}, err
	}
	abs, err := abspath.Of(r.Dir)
	if err != nil {
		return Root{}, &PathError{Path: r.Dir, Err: err}
	}
	r.Dir, r.checked = abs, abs
	return r, nil
}

func checkDir(dir string) error {
	if strings.TrimSpace(dir) == "" {
		return &PathError{Err: ErrPathRequired}
	}
	info, err := os.Stat(dir)
	switch {
	case err != nil && strings.Contains(dir, "://"): // as kustomize takes, maybe with a password
		return &PathError{Path: redact.URLs(dir), Err: errURL}
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR): // below a file
		return &PathError{Path: dir, Err: notFound(dir)}
	case err != nil:
		return &PathError{Path: dir, Err: systemError(err)}
	case !info.IsDir():
		return &PathError{Path: dir, Err: ErrPathNotDirectory}
	}
	return nil
}

// tree is a Root that was resolved.
type tree struct {
	path string // of its files in the Set
	dir  string // absolute, or "" for an fs.FS
	open func() (fs.FS, io.Closer, error)
}

func (r Root) tree() (tree, error) {
	r, err := r.Resolve()
	if err != nil {
		return tree{}, err
	}
	t := tree{path: cmp.Or(r.Path, "."), dir: r.Dir}
	t.open = t.openDir
	if r.FS != nil {
		t.open = func() (fs.FS, io.Closer, error) { return r.FS, io.NopCloser(nil), nil }
	}
	return t, nil
}

func (t tree) openDir() (fs.FS, io.Closer, error) {
	root, err := os.OpenRoot(t.dir + string(filepath.Separator)) // does not block on a FIFO
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, &PathError{Path: t.dir, Err: ErrPathNotFound}
	}
	if err != nil {
		if changed := checkDir(t.dir); changed != nil { // since it was resolved
			return nil, nil, changed
		}
		return nil, nil, &PathError{Path: t.dir, Err: systemError(err)}
	}
	fsys := newRootFS(root)
	return fsys, fsys, nil
}

// below converts a path in the Set to one in the tree.
func (t tree) below(name string) string {
	if t.path == "." {
		return name
	}
	return strings.TrimPrefix(name, t.path+"/")
}

// depth returns the number of directories in the path that the files go to.
func (t tree) depth() int {
	if t.path == "." {
		return 0
	}
	return strings.Count(t.path, "/") + 1
}

// name returns the base name of the directory, or "".
func (t tree) name() string {
	if t.dir == "" {
		return ""
	}
	return filepath.Base(t.dir)
}

// treesOf resolves all roots.
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
