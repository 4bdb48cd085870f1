//go:build unix

package records

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// checkOwner returns the reason if another user, except root, can change the content of a
// file or directory.
func checkOwner(info fs.FileInfo) error {
	stat, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case info.Mode().Perm()&0o022 != 0:
		return fmt.Errorf("others can write to it (mode %#o)", info.Mode().Perm())
	case ok && stat.Uid != 0 && int(stat.Uid) != os.Geteuid():
		return fmt.Errorf("it belongs to another user (uid %d)", stat.Uid)
	}
	return nil
}
