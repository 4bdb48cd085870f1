package unpacker

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/kubeoci/oci/internal/abspath"
	"github.com/kubeoci/oci/manifests"
)

// stagingPrefix starts the name of the directory that becomes the target.
const stagingPrefix = ".oci-unpack-"

// target is a directory to unpack into. Files are written to a staging directory
// beside it, which replaces it at the end, or in it, from which they are moved.
type target struct {
	path    string      // as given by the caller
	before  fs.FileInfo // the empty directory that exists, or nil
	inPlace bool
	home    *os.Root    // has the staging directory: the parent of the target, or itself
	base    string      // name of the target in its parent, or in place its full path
	temp    string      // name of the staging directory in home, or "" if it is gone
	self    fs.FileInfo // the staging directory
	staging dirs
	writers writers // of small files in the staging directory
	buffer  []byte  // of large files
}

// stage creates the staging directory for dir, if dir is missing or empty.
func stage(dir string, inPlace bool) (*target, error) {
	t := &target{path: dir, inPlace: inPlace}
	t.writers.wrap = t.fileError
	full, err := locate(dir)
	if err != nil {
		return nil, t.targetError(err)
	}
	prepare := t.prepare
	if inPlace {
		prepare = t.prepareInPlace
	}
	if err := prepare(full); err != nil {
		return nil, withCleanup(err, t.discard())
	}
	return t, nil
}

// locate returns the absolute path of a target.
func locate(dir string) (string, error) {
	if dir == "" {
		return "", fs.ErrInvalid
	}
	full, err := abspath.Of(dir)
	if err == nil && filepath.Clean(dir) == "." { // no link, whatever the path to it
		return filepath.EvalSymlinks(full)
	}
	return full, err
}

func (t *target) prepare(full string) (err error) {
	if filepath.Dir(full) == full {
		return t.targetError(errRoot)
	}
	t.base = filepath.Base(full)
	if t.home, err = os.OpenRoot(filepath.Dir(full) + string(filepath.Separator)); err != nil {
		return t.targetError(err)
	}
	if t.before, err = t.existing(); err != nil {
		return err
	}
	if t.before != nil {
		// A process would not see the directory that replaces its working directory.
		if here, err := os.Stat("."); err == nil && os.SameFile(here, t.before) {
			return t.targetError(errWorkingDirectory)
		}
	}
	if err := t.makeStaging(stagingPrefix + strings.ToLower(rand.Text())); err != nil {
		return err
	}
	if t.before == nil {
		return nil
	}
	dir, err := t.staging.root.Open(".")
	if err != nil {
		return t.targetError(err)
	}
	defer func() { _ = dir.Close() }() // only a handle
	if err := chown(dir, t.before); err != nil {
		return t.targetError(fmt.Errorf("%w: %w", errOwner, systemError(err)))
	}
	return t.targetErrorOf(dir.Chmod(t.before.Mode()&keptBits | unpackBits))
}

const (
	// keptBits are the mode bits that a directory keeps when it is replaced. Setgid hands
	// its group on to the entries.
	keptBits = fs.ModePerm | fs.ModeSetgid | fs.ModeSticky
	// unpackBits let the owner of a directory create entries in it.
	unpackBits = 0o700
)

func (t *target) makeStaging(name string) (err error) {
	perm := fs.FileMode(0o755)
	if t.before != nil || t.inPlace { // others may have no access to the target
		perm = 0o700
	}
	if err := t.home.Mkdir(name, perm); err != nil {
		return t.targetError(err)
	}
	t.temp = name
	if t.staging.root, err = t.home.OpenRoot(name + "/."); err != nil {
		return t.targetError(err)
	}
	t.writers.root = t.staging.root
	t.self, err = t.staging.root.Stat(".")
	return t.targetErrorOf(err)
}

var (
	errRoot             = errors.New("the root of a file system cannot be replaced")
	errWorkingDirectory = errors.New("the working directory cannot be replaced")
	errOwner            = errors.New("the owner of the directory cannot be kept")
)

// existing returns the empty directory at the target, or nil.
func (t *target) existing() (fs.FileInfo, error) {
	info, err := t.home.Lstat(t.base)
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
	dir, err := t.home.Open(t.base)
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

func (t *target) mkdir(name string) error {
	dir, base, err := t.staging.of(name)
	if err == nil {
		err = dir.Mkdir(base, 0o755)
	}
	return t.fileError(name, err)
}

func (t *target) create(name string, size int64, r reader) error {
	if size <= smallFile {
		return t.writers.create(name, int(size), func(content []byte) error {
			_, err := io.ReadFull(r, content)
			return err
		})
	}
	file, err := t.staging.create(name)
	if err != nil {
		return t.fileError(name, err)
	}
	if t.buffer == nil {
		t.buffer = make([]byte, readSize)
	}
	_, err = io.CopyBuffer(struct{ io.Writer }{file}, r, t.buffer)
	return t.fileError(name, errors.Join(err, file.Close()))
}

func (t *target) finish(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		t.writers.stop()
		return err
	}
	return t.writers.finish()
}

// commit moves the content of the staging directory to the target, if that is unchanged.
func (t *target) commit() error {
	if t.inPlace {
		return t.commitInPlace()
	}
	now, err := t.existing()
	if err != nil {
		return err
	}
	if now != nil {
		if t.before == nil || !os.SameFile(now, t.before) { // created concurrently, and still empty
			return t.targetError(ErrTargetNotEmpty)
		}
	}
	if err := t.staging.close(); err != nil { // otherwise Windows would not rename it
		return t.targetError(err)
	}
	if now != nil {
		if err := t.home.Remove(t.base); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return t.replaceError(err)
		}
	}
	if err := t.home.Rename(t.temp, t.base); err != nil {
		return t.replaceError(err)
	}
	t.temp = ""
	defer func() { _ = t.home.Close() }() // only a handle
	if now == nil || now.Mode()&keptBits == t.before.Mode()&keptBits|unpackBits {
		return nil
	}
	return t.targetErrorOf(t.chmod(now.Mode() & keptBits))
}

// chmod changes the mode of the target, if that is the directory that was unpacked.
func (t *target) chmod(mode fs.FileMode) error {
	dir, err := t.home.Open(t.base)
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }() // only a handle
	switch info, err := dir.Stat(); {
	case err != nil:
		return err
	case !os.SameFile(info, t.self):
		return fs.ErrNotExist // moved by another process
	}
	return dir.Chmod(mode)
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
	if t.home == nil {
		return nil
	}
	t.writers.stop()
	_ = t.staging.close() // closed already, or no longer needed
	temp := t.temp
	t.temp = ""
	var err error
	if temp != "" {
		err = t.home.RemoveAll(temp)
	}
	_ = t.home.Close() // only a handle
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return &TargetError{filepath.Join(t.home.Name(), temp), systemError(err)}
	}
	return nil
}

func (t *target) targetError(err error) error { return &TargetError{t.path, systemError(err)} }

// targetErrorOf returns the error for the target, or nil if err is nil.
func (t *target) targetErrorOf(err error) error {
	if err == nil {
		return nil
	}
	return t.targetError(err)
}

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
