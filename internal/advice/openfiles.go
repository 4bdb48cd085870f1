package advice

import (
	"errors"
	"syscall"
)

// OpenFiles returns the advice for an error of a system that opens no more files or
// connections, and "" for others. It takes the place of advice on the file or the peer, which
// is not to blame.
func OpenFiles(err error) string {
	if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
		return "raise the limit of open files, such as with ulimit -n, or do less concurrently"
	}
	return ""
}
