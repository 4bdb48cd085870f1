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

// tree is what is in a directory.
type tree struct {
	folders []folder
	files   int
	size    int64
	content []byte
}

type folder struct {
	path  string
	names []string // of its files
}

// part is what one core works on: some of the folders, and of the content.
type part struct {
	folders []folder
	content []byte
}

func newTree(dir string) (*tree, error) {
	t := new(tree)
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			t.folders = append(t.folders, folder{path: path})
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		t.files++
		t.size += int64(len(data))
		t.content = append(t.content, data...)
		i := slices.IndexFunc(t.folders, func(f folder) bool { return f.path == filepath.Dir(path) })
		t.folders[i].names = append(t.folders[i].names, entry.Name())
		return nil
	})
	return t, err
}

// parallel works on as many parts of the tree at once.
func (t *tree) parallel(parts int, do func(part) error) error {
	errs := make([]error, parts)
	var group sync.WaitGroup
	for i := range parts {
		folders, content := len(t.folders), len(t.content)
		p := part{
			t.folders[i*folders/parts : (i+1)*folders/parts],
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
	for _, f := range p.folders {
		opened, err := os.Open(f.path)
		if err != nil {
			return err
		}
		_, err = opened.ReadDir(-1)
		_ = opened.Close() // only read from
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

// read makes the call that finds a change as well: the size and the time of change
// when all was read.
func (p part) read() error {
	buf := make([]byte, 4<<20)
	return p.each(func(dir int, name string) error {
		file, err := unix.Openat(dir, name, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
		if err != nil {
			return err
		}
		defer func() { _ = unix.Close(file) }() // only read from
		if _, err := unix.Pread(file, buf, 0); err != nil {
			return err
		}
		var info unix.Stat_t
		return unix.Fstat(file, &info)
	})
}

// each calls f for every file, with its folder open.
func (p part) each(f func(dir int, name string) error) error {
	for _, folder := range p.folders {
		dir, err := syscall.Open(folder.path, syscall.O_DIRECTORY|syscall.O_CLOEXEC, 0)
		if err != nil {
			return err
		}
		for _, name := range folder.names {
			if err = f(dir, name); err != nil {
				break
			}
		}
		_ = syscall.Close(dir) // only read from
		if err != nil {
			return err
		}
	}
	return nil
}
