package manifests

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"strings"
	"sync"
	"syscall"
	"time"
)

const readsDirectly = true

// direct reads files with as few system calls and as little memory as possible: for
// small files, an [os.File] costs more than reading the content.
//
// Directories are opened one after another from the root that [os.Root] opened, and
// then the file, each by a name of one element that is not a link. Nothing outside
// the root is reached here either.
type direct struct {
	mu   sync.Mutex
	root *os.File // nil at first
	name string   // of the open directory, or "" for none
	dir  int      // its descriptor
}

// read fills p with the content of f, and reports whether it is the file that was
// collected. That is checked after reading, because a change before or during it
// shows in the modification time. It is checked after an error as well, which another
// kind of file may have given.
func (d *direct) read(fsys fs.FS, f File, p []byte) (same bool, err error) {
	fd, err := d.open(fsys.(*rootFS).root, f.found.real)
	if err != nil {
		return false, err
	}
	defer func() { _ = syscall.Close(fd) }() // only read from
	space := p
	if len(p) == 0 { // a file of /proc can have content although it reports no size
		space = make([]byte, 1)
	}
	n := 0
	for n < len(space) {
		var more int
		err := uninterrupted(func() (err error) {
			more, err = syscall.Pread(fd, space[n:], int64(n))
			return err
		})
		if err != nil {
			if same, _ := isFile(fd, f); same {
				return false, err
			}
			return false, nil
		}
		if more == 0 {
			break
		}
		n += more
	}
	if n != len(p) {
		return false, nil
	}
	return isFile(fd, f)
}

// open opens a file without waiting for the other end of a FIFO.
func (d *direct) open(root *os.Root, name string) (fd int, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if dir := path.Dir(name); dir != d.name {
		if err := d.enter(root, dir); err != nil {
			return 0, err
		}
	}
	return openIn(d.dir, path.Base(name), syscall.O_NONBLOCK)
}

// enter replaces the open directory. It starts from that if the new one is below it, as
// it often is in a deep tree.
func (d *direct) enter(root *os.Root, name string) (err error) {
	if d.root == nil {
		if d.root, err = root.Open("."); err != nil {
			return err
		}
	}
	from, below := int(d.root.Fd()), name
	if rest, found := strings.CutPrefix(name, d.name+"/"); found && d.name != "" {
		from, below = d.dir, rest
	} else {
		d.leave()
	}
	dir := from
	for part := range strings.SplitSeq(below, "/") {
		next, err := openIn(dir, part, syscall.O_DIRECTORY)
		if dir != from {
			_ = syscall.Close(dir) // only read from
		}
		if err != nil {
			return err
		}
		dir = next
	}
	d.leave()
	d.name, d.dir = name, dir
	return nil
}

func (d *direct) leave() {
	if d.name != "" {
		_ = syscall.Close(d.dir) // only read from
		d.name = ""
	}
}

// close must not be called concurrently with read.
func (d *direct) close() error {
	d.leave()
	if d.root == nil {
		return nil
	}
	return d.root.Close()
}

// openIn opens the entry of a directory by a name of one element.
func openIn(dir int, name string, flags int) (fd int, err error) {
	err = uninterrupted(func() (err error) {
		fd, err = syscall.Openat(dir, name, syscall.O_RDONLY|syscall.O_CLOEXEC|syscall.O_NOFOLLOW|flags, 0)
		return err
	})
	return fd, err
}

// isFile reports whether fd is the regular file that was collected.
func isFile(fd int, f File) (bool, error) {
	var stat syscall.Stat_t
	err := uninterrupted(func() error { return syscall.Fstat(fd, &stat) })
	return stat.Mode&syscall.S_IFMT == syscall.S_IFREG && stat.Size == f.Size &&
		time.Unix(stat.Mtim.Unix()).Equal(f.found.modTime), err
}

// uninterrupted repeats a system call while signals interrupt it.
func uninterrupted(call func() error) error {
	for {
		if err := call(); !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}
