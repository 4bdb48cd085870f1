//go:build unix

package usage

import (
	"syscall"
	"time"
)

// cpu returns the time of this process so far, in user and system mode.
func cpu() time.Duration {
	var used syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &used) != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
