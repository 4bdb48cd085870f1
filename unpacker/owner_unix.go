//go:build unix

package unpacker

import (
	"io/fs"
	"os"
	"syscall"
)

// chown gives a file the owner and group of another, unless it has them.
func chown(file *os.File, from fs.FileInfo) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	now, ok := info.Sys().(*syscall.Stat_t)
	want, okWant := from.Sys().(*syscall.Stat_t)
	if !ok || !okWant || now.Uid == want.Uid && now.Gid == want.Gid {
		return nil
	}
	return file.Chown(int(want.Uid), int(want.Gid))
}
