package manifests

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"sync"
	"syscall"
	"time"
)

const readsDirectly = true

// direct reads files with as few system calls and as little memory as it takes:
// for small files, an [os.File] costs more than to read what is in it.
//
// The folder of a file is opened by [os.Root], and in it the file by a name of
// one element that is no link. So nothing outside the root is reached here
// either.
type direct struct {
	mu     sync.Mutex
	name   string   // of the folder that is open
	folder *os.File // nil at first
	fd     int      // of the folder: to ask for it costs two system calls
}

// read fills p with what is in f, and reports whether it was the file that was
// collected. It opens nothing but regular files for long enough to read.
func (d *direct) read(fsys fs.FS, f File, p []byte) (same bool, err error) {
	fd, err := d.open(fsys.(*rootFS).root, f.real)
	if err != nil {
		return false, err
	}
	defer func() { _ = syscall.Close(fd) }() // only read from
	if same, err := isFile(fd, f); err != nil || !same {
		return false, err
	}
	for n := 0; n < len(p); {
		var more int
		err := uninterrupted(func() (err error) {
			more, err = syscall.Pread(fd, p[n:], int64(n))
			return err
		})
		if err != nil || more == 0 {
			return false, err
		}
		n += more
	}
	return isFile(fd, f)
}

func (d *direct) open(root *os.Root, name string) (fd int, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if dir := path.Dir(name); d.folder == nil || dir != d.name {
		folder, err := root.Open(dir)
		if err != nil {
			return 0, err
		}
		_ = d.close() // only read from
		d.name, d.folder, d.fd = dir, folder, int(folder.Fd())
	}
	const flags = syscall.O_RDONLY | syscall.O_CLOEXEC | syscall.O_NOFOLLOW | syscall.O_NONBLOCK
	err = uninterrupted(func() (err error) {
		fd, err = syscall.Openat(d.fd, path.Base(name), flags, 0)
		return err
	})
	return fd, err
}

// close is called with the lock held.
func (d *direct) close() error {
	if d.folder == nil {
		return nil
	}
	return d.folder.Close()
}

// isFile reports whether fd is the regular file that was collected.
func isFile(fd int, f File) (bool, error) {
	var stat syscall.Stat_t
	err := uninterrupted(func() error { return syscall.Fstat(fd, &stat) })
	return stat.Mode&syscall.S_IFMT == syscall.S_IFREG && stat.Size == f.Size &&
		time.Unix(stat.Mtim.Unix()).Equal(f.modTime), err
}

// uninterrupted makes a system call again for as long as signals interrupt it.
func uninterrupted(call func() error) error {
	for {
		if err := call(); !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}
