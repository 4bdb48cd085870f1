package unpacker

import (
	"errors"
	"os"
	"path"
	"strings"
)

// maxOpenDirs bounds the descriptors that dirs holds. Archives are sorted as a rule, so
// that two entries that follow one another seldom have less in common.
const maxOpenDirs = 16

// dirs opens the directories below root. It keeps the deepest ones of the last path open:
// the next entry is often in one of them, and opening a deep directory takes one system
// call per level.
type dirs struct {
	root *os.Root
	open []openDir // each is in the one before
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
	for len(d.open) > 0 && !strings.HasPrefix(dirPath, d.last().path) {
		_ = d.last().root.Close() // only a handle
		d.open = d.open[:len(d.open)-1]
	}
	at, done := d.root, 0
	if len(d.open) > 0 {
		at, done = d.last().root, len(d.last().path)
	}
	for done < len(dirPath) {
		name, _, _ := strings.Cut(dirPath[done:], "/")
		next, err := at.OpenRoot(name + "/.") // does not block on a FIFO
		if err != nil {
			return nil, err
		}
		done += len(name) + 1
		if len(d.open) == maxOpenDirs {
			_ = d.open[0].root.Close() // only a handle
			d.open = append(d.open[:0], d.open[1:]...)
		}
		d.open = append(d.open, openDir{dirPath[:done], next})
		at = next
	}
	return at, nil
}

func (d *dirs) last() openDir { return d.open[len(d.open)-1] }

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
