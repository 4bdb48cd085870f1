package unpacker

import (
	"errors"
	"os"
	"path"
	"slices"
	"strings"
)

const (
	// keptLevels is how many levels of a path dirs keeps open: the directory of the last file
	// and those above it, where the directory of the next file is most likely to be.
	keptLevels = 3
	// maxOpenDirs bounds the descriptors that dirs holds, of which there are five in a call. It
	// is enough for two copies of a tree in turn.
	maxOpenDirs = 2 * keptLevels
)

// dirs opens the directories below root. It keeps those open that were used last: the next
// entry is often in one of them, whether the archive is sorted or has two copies of a tree in
// turn, and opening a deep directory takes some system calls for each level.
type dirs struct {
	root *os.Root
	open []openDir // the one that was used last is the last
}

type openDir struct {
	path string // ends in a slash
	root *os.Root
}

// of returns the directory of a file, and the name of the file in it. The directory is
// valid until the next call.
func (d *dirs) of(name string) (dir *os.Root, base string, err error) {
	dirPath, base := path.Split(name)
	dir, err = d.at(dirPath)
	return dir, base, err
}

func (d *dirs) at(dirPath string) (*os.Root, error) {
	at, done := d.root, 0
	if near := d.nearest(dirPath); near >= 0 {
		dir := d.open[near]
		d.open = append(slices.Delete(d.open, near, near+1), dir)
		at, done = dir.root, len(dir.path)
	}
	kept := true
	for done < len(dirPath) {
		name, _, _ := strings.Cut(dirPath[done:], "/")
		next, err := at.OpenRoot(name + "/.") // does not block on a FIFO
		if !kept {
			_ = at.Close() // only a handle
		}
		if err != nil {
			return nil, err
		}
		done += len(name) + 1
		if at, kept = next, strings.Count(dirPath[done:], "/") < keptLevels; kept {
			d.keep(openDir{dirPath[:done], next})
		}
	}
	return at, nil
}

// keep keeps a directory open, in place of the one that was not used for the longest time.
func (d *dirs) keep(dir openDir) {
	if len(d.open) == maxOpenDirs {
		_ = d.open[0].root.Close() // only a handle
		d.open = slices.Delete(d.open, 0, 1)
	}
	d.open = append(d.open, dir)
}

// nearest returns the index of the deepest open directory that is dirPath or above it, or -1.
func (d *dirs) nearest(dirPath string) int {
	near, length := -1, 0
	for i, dir := range d.open {
		if len(dir.path) > length && strings.HasPrefix(dirPath, dir.path) {
			near, length = i, len(dir.path)
		}
	}
	return near
}

// write writes a new file.
func (d *dirs) write(name string, content []byte) error {
	file, err := d.create(name)
	if err != nil {
		return err
	}
	if len(content) > 0 {
		_, err = file.Write(content)
	}
	return errors.Join(err, file.Close())
}

// create creates a new file.
func (d *dirs) create(name string) (*os.File, error) {
	dir, base, err := d.of(name)
	if err != nil {
		return nil, err
	}
	return dir.OpenFile(base, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
}

// release closes all directories except the root.
func (d *dirs) release() {
	for _, dir := range d.open {
		_ = dir.root.Close() // only a handle
	}
	d.open = nil
}

// close closes all directories, including the root.
func (d *dirs) close() error {
	d.release()
	if d.root == nil {
		return nil
	}
	return d.root.Close()
}
