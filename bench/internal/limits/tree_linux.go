package limits

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/kubeoci/oci/manifests"
)

// tree is the content of a directory.
type tree struct {
	dirs    []directory
	files   int
	size    int64
	content []file
	layer   []byte
}

type directory struct {
	path  string
	names []string // of its files
}

type file struct {
	manifests.File
	content []byte
}

// part is the share of one core: some directories, the content of some files, and the
// layer of all.
type part struct {
	dirs  []directory
	files []file
	layer []byte
}

// newTree reads the files that a push of the directory has.
func newTree(ctx context.Context, dir string) (*tree, error) {
	set, err := manifests.Collect(ctx, dir, manifests.Options{})
	if err != nil {
		return nil, err
	}
	t := &tree{files: len(set.Files()), size: set.Size()}
	at := map[string]int{} // in dirs
	for _, f := range set.Files() {
		name := filepath.Join(dir, filepath.FromSlash(f.Path))
		content, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		t.content = append(t.content, file{f, content})
		for parent := filepath.Dir(name); len(parent) >= len(filepath.Clean(dir)); parent = filepath.Dir(parent) {
			if _, known := at[parent]; known {
				break
			}
			at[parent] = len(t.dirs)
			t.dirs = append(t.dirs, directory{path: parent})
		}
		in := &t.dirs[at[filepath.Dir(name)]]
		in.names = append(in.names, filepath.Base(name))
	}
	var layer bytes.Buffer
	err = part{files: t.content}.compress(&layer, false)
	t.layer = layer.Bytes()
	return t, err
}

// parallel calls do concurrently with each of a number of parts of the tree.
func (t *tree) parallel(parts int, do func(part) error) error {
	errs := make([]error, parts)
	var group sync.WaitGroup
	for i := range parts {
		dirs, files := len(t.dirs), len(t.content)
		p := part{t.dirs[i*dirs/parts : (i+1)*dirs/parts], t.content[i*files/parts : (i+1)*files/parts], t.layer}
		group.Go(func() { errs[i] = do(p) })
	}
	group.Wait()
	return errors.Join(errs...)
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
