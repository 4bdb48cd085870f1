//go:build linux

package limits

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// tree is the content of a directory.
type tree struct {
	dirs    []directory
	files   int
	size    int64
	content []byte
}

type directory struct {
	path  string
	names []string // of its files
}

// part is the share of one core: some directories and some content.
type part struct {
	dirs    []directory
	content []byte
}

func newTree(dir string) (*tree, error) {
	t := new(tree)
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			t.dirs = append(t.dirs, directory{path: path})
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		t.files++
		t.size += int64(len(data))
		t.content = append(t.content, data...)
		i := slices.IndexFunc(t.dirs, func(d directory) bool { return d.path == filepath.Dir(path) })
		t.dirs[i].names = append(t.dirs[i].names, entry.Name())
		return nil
	})
	return t, err
}

// parallel calls do concurrently with each of a number of parts of the tree.
func (t *tree) parallel(parts int, do func(part) error) error {
	errs := make([]error, parts)
	var group sync.WaitGroup
	for i := range parts {
		dirs, content := len(t.dirs), len(t.content)
		p := part{
			t.dirs[i*dirs/parts : (i+1)*dirs/parts],
			t.content[i*content/parts : (i+1)*content/parts],
		}
		group.Go(func() { errs[i] = do(p) })
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (p part) list() error {
	for _, f := range p.dirs {
		opened, err := os.Open(f.path)
		if err != nil {
			return err
		}
		_, err = opened.ReadDir(-1)
		_ = opened.Close() // opened for reading
		if err != nil {
			return err
		}
	}
	return nil
}

func (p part) stat() error {
	return p.each(func(dir int, name string) error {
		var info unix.Stat_t
		return unix.Fstatat(dir, name, &info, unix.AT_SYMLINK_NOFOLLOW)
	})
}

// read also makes the call that detects changes: the size and modification time after
// reading.
func (p part) read() error {
	buf := make([]byte, 4<<20)
	return p.each(func(dir int, name string) error {
		file, err := unix.Openat(dir, name, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
		if err != nil {
			return err
		}
		defer func() { _ = unix.Close(file) }() // opened for reading
		if _, err := unix.Pread(file, buf, 0); err != nil {
			return err
		}
		var info unix.Stat_t
		return unix.Fstat(file, &info)
	})
}

// each calls f for every file with its open directory.
func (p part) each(f func(dir int, name string) error) error {
	for _, d := range p.dirs {
		dir, err := syscall.Open(d.path, syscall.O_DIRECTORY|syscall.O_CLOEXEC, 0)
		if err != nil {
			return err
		}
		for _, name := range d.names {
			if err = f(dir, name); err != nil {
				break
			}
		}
		_ = syscall.Close(dir) // opened for reading
		if err != nil {
			return err
		}
	}
	return nil
}
