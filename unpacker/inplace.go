package unpacker

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
)

const (
	// stagingInPlace is the same for all calls, so that one of them has the directory for
	// itself.
	stagingInPlace = stagingPrefix + "in-place"
	// lostAndFound is in the root directory of a new file system.
	lostAndFound = "lost+found"
)

// prepareInPlace creates the staging directory in the target, which stays the same.
func (t *target) prepareInPlace(full string) (err error) {
	t.base = full
	if _, err := t.directory(); err != nil { // opening a FIFO would block
		return err
	}
	if t.home, err = os.OpenRoot(full + string(os.PathSeparator)); err != nil {
		return t.targetError(err)
	}
	if err := t.checkNothingBut(); err != nil {
		return err
	}
	err = t.makeStaging(stagingInPlace)
	if errors.Is(err, fs.ErrExist) {
		return t.targetError(ErrTargetNotEmpty)
	}
	return err
}

// directory returns the directory at the target, and refuses other kinds of entries.
func (t *target) directory() (fs.FileInfo, error) {
	info, err := os.Lstat(t.base)
	if err != nil {
		return nil, t.targetError(err)
	}
	if !info.IsDir() {
		return nil, t.targetError(ErrTargetNotDirectory)
	}
	return info, nil
}

// checkNothingBut refuses a target with other entries than those that are allowed, and one
// that is another directory by now.
func (t *target) checkNothingBut(allowed ...string) error {
	now, err := t.directory()
	if err != nil {
		return err
	}
	opened, err := t.home.Stat(".")
	if err != nil {
		return t.targetError(err)
	}
	if !os.SameFile(now, opened) {
		return t.targetError(ErrTargetNotDirectory)
	}
	dir, err := t.home.Open(".")
	if err != nil {
		return t.targetError(err)
	}
	defer func() { _ = dir.Close() }() // only read from
	names, err := dir.Readdirnames(len(allowed) + 2)
	if err != nil && err != io.EOF {
		return t.targetError(err)
	}
	for _, name := range names {
		if name != lostAndFound && !slices.Contains(allowed, name) {
			return t.targetError(ErrTargetNotEmpty)
		}
	}
	return nil
}

// commitInPlace moves the entries of the staging directory one by one. After an error it
// removes those that it has moved.
func (t *target) commitInPlace() error {
	if err := t.checkNothingBut(t.temp); err != nil {
		return err
	}
	names, err := t.staged()
	if err != nil {
		return t.targetError(err)
	}
	if err := t.staging.close(); err != nil { // otherwise Windows would not move its directories
		return t.targetError(err)
	}
	for i, name := range names {
		if err := t.moveUp(name); err != nil {
			for _, moved := range names[:i] {
				err = withCleanup(err, t.home.RemoveAll(moved))
			}
			return err
		}
	}
	return t.discard()
}

// moveUp moves an entry from the staging directory to the target.
func (t *target) moveUp(name string) error {
	found, err := t.home.Lstat(name)
	if err == nil { // Rename would replace it
		if os.SameFile(found, t.self) {
			return &EntryError{name, "the name is needed to unpack in place", errName}
		}
		return t.targetError(ErrTargetNotEmpty)
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = t.home.Rename(t.temp+"/"+name, name)
	}
	if errors.Is(err, fs.ErrExist) { // created concurrently
		return t.targetError(ErrTargetNotEmpty)
	}
	return t.fileError(name, err)
}

// staged lists the entries of the staging directory.
func (t *target) staged() ([]string, error) {
	dir, err := t.staging.root.Open(".")
	if err != nil {
		return nil, err
	}
	defer func() { _ = dir.Close() }() // only read from
	names, err := dir.Readdirnames(-1)
	slices.Sort(names)
	return names, err
}
