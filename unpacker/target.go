package unpacker

import (
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/kubeoci/oci/manifests"
)

// stagingPrefix starts the name of the directory that becomes the target.
const stagingPrefix = ".oci-unpack-"

// target is a directory to unpack into. Files are written to a staging directory
// beside it, which replaces it at the end.
type target struct {
	path   string      // as given by the caller
	before fs.FileInfo // the empty directory that exists, or nil
	parent *os.Root
	base   string   // name of the target in parent
	temp   string   // name of the staging directory in parent, or "" if it is gone
	root   *os.Root // the staging directory
	buffer []byte

	// The directory of the last file stays open, because the next file is often in
	// it, and opening deep directories takes most of the time.
	dir     *os.Root
	dirPath string
}

// stage creates the staging directory beside dir, if dir is missing or empty.
func stage(dir string) (*target, error) {
	t := &target{path: dir, buffer: make([]byte, readSize)}
	full, err := filepath.Abs(dir)
	if err == nil && dir == "" {
		err = fs.ErrInvalid
	}
	if err != nil {
		return nil, t.targetError(err)
	}
	t.base = filepath.Base(full)
	if t.parent, err = os.OpenRoot(filepath.Dir(full)); err != nil {
		return nil, t.targetError(err)
	}
	if err := t.prepare(); err != nil {
		return nil, withCleanup(err, t.discard())
	}
	return t, nil
}

func (t *target) prepare() (err error) {
	if t.before, err = t.existing(); err != nil {
		return err
	}
	if t.before != nil {
		// A process would not see the directory that replaces its working directory.
		if here, err := os.Stat("."); err == nil && os.SameFile(here, t.before) {
			return t.targetError(errWorkingDirectory)
		}
	}
	temp := stagingPrefix + strings.ToLower(rand.Text())
	if err := t.parent.Mkdir(temp, 0o755); err != nil {
		return t.targetError(err)
	}
	t.temp = temp
	if t.root, err = t.parent.OpenRoot(temp); err != nil {
		return t.targetError(err)
	}
	return nil
}

var errWorkingDirectory = errors.New("the working directory cannot be replaced")

// existing returns the empty directory at the target, or nil.
func (t *target) existing() (fs.FileInfo, error) {
	info, err := t.parent.Lstat(t.base)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, t.targetError(err)
	}
	if !info.IsDir() {
		return nil, t.targetError(ErrTargetNotDirectory)
	}
	switch err := t.checkEmpty(info); {
	case errors.Is(err, fs.ErrNotExist): // removed concurrently
		return nil, nil
	case err != nil:
		return nil, t.targetError(err)
	}
	return info, nil
}

// checkEmpty reads the directory at the target, if it still is the same.
func (t *target) checkEmpty(info fs.FileInfo) error {
	dir, err := t.parent.Open(t.base)
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }() // only read from
	opened, err := dir.Stat()
	if err != nil {
		return err
	}
	if !os.SameFile(info, opened) {
		return ErrTargetNotEmpty // another process is filling it
	}
	switch _, err := dir.ReadDir(1); err {
	case nil:
		return ErrTargetNotEmpty
	case io.EOF:
		return nil
	default:
		return err
	}
}

func (t *target) mkdir(name string) error { return t.fileError(name, t.root.Mkdir(name, 0o755)) }

func (t *target) create(name string, _ int64, r reader) error {
	dir, base, err := t.dirOf(name)
	if err != nil {
		return t.fileError(name, err)
	}
	file, err := dir.OpenFile(base, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return t.fileError(name, err)
	}
	_, err = io.CopyBuffer(struct{ io.Writer }{file}, r, t.buffer)
	return t.fileError(name, errors.Join(err, file.Close()))
}

func (t *target) dirOf(name string) (dir *os.Root, base string, err error) {
	dirPath, base := path.Split(name)
	if dirPath == "" {
		return t.root, base, nil
	}
	if dirPath != t.dirPath || t.dir == nil {
		t.closeDir()
		if t.dir, err = t.root.OpenRoot(path.Clean(dirPath)); err != nil {
			return nil, "", err
		}
		t.dirPath = dirPath
	}
	return t.dir, base, nil
}

// closeDir closes the directory of the last file, if any.
func (t *target) closeDir() {
	if t.dir != nil {
		_ = t.dir.Close() // only a handle
		t.dir = nil
	}
}

// commit replaces the target by the staging directory, if the target is unchanged.
func (t *target) commit() error {
	t.closeDir() // otherwise Windows would not rename it
	if err := t.root.Close(); err != nil {
		return t.targetError(err)
	}
	now, err := t.existing()
	if err != nil {
		return err
	}
	if now != nil {
		if t.before == nil || !os.SameFile(now, t.before) { // created concurrently, and still empty
			return t.targetError(ErrTargetNotEmpty)
		}
		if err := t.parent.Remove(t.base); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return t.replaceError(err)
		}
	}
	if err := t.parent.Rename(t.temp, t.base); err != nil {
		return t.replaceError(err)
	}
	t.temp = ""
	_ = t.parent.Close() // only a handle
	return nil
}

// replaceError returns the error to report if the target could not be replaced: that
// of an entry that was created there concurrently, or err.
func (t *target) replaceError(err error) error {
	now, reason := t.existing()
	switch {
	case errors.Is(reason, ErrTargetNotEmpty), errors.Is(reason, ErrTargetNotDirectory):
		return reason
	case now != nil && errors.Is(err, fs.ErrExist):
		return t.targetError(ErrTargetNotEmpty)
	}
	return t.targetError(err)
}

// discard removes the staging directory, unless it was committed. It can be called
// more than once.
func (t *target) discard() error {
	t.closeDir()
	if t.root != nil {
		_ = t.root.Close() // closed already, or no longer needed
	}
	temp := t.temp
	t.temp = ""
	var err error
	if temp != "" {
		err = t.parent.RemoveAll(temp)
	}
	_ = t.parent.Close() // only a handle
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return &TargetError{filepath.Join(t.parent.Name(), temp), systemError(err)}
	}
	return nil
}

func (t *target) targetError(err error) error { return &TargetError{t.path, systemError(err)} }

// fileError returns the error for a file in the target, or nil if err is nil.
func (t *target) fileError(name string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrExist): // the file system treats two names as one
		return &EntryError{name, "it is the same as another entry on this file system", manifests.ErrCollision}
	}
	return &TargetError{filepath.Join(t.path, filepath.FromSlash(name)), systemError(err)}
}

// systemError strips the paths from errors of the file system, because they are not
// those that the caller gave.
func systemError(err error) error {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		return pathErr.Err
	}
	if linkErr, ok := errors.AsType[*os.LinkError](err); ok {
		return linkErr.Err
	}
	return err
}
