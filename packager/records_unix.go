//go:build unix

package packager

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// writableByOthers returns the reason if another user, except root, can change the content
// of a directory, and "" otherwise.
func writableByOthers(info fs.FileInfo) string {
	stat, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !info.IsDir():
		return "not a directory"
	case info.Mode().Perm()&0o022 != 0:
		return fmt.Sprintf("others can write to it (mode %#o)", info.Mode().Perm())
	case ok && stat.Uid != 0 && int(stat.Uid) != os.Geteuid():
		return fmt.Sprintf("it belongs to another user (uid %d)", stat.Uid)
	}
	return ""
}
