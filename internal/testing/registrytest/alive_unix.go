//go:build unix && !linux

package registrytest

import "syscall"

// isAlive reports whether a process with that ID exists.
func isAlive(pid int) bool { return syscall.Kill(pid, 0) != syscall.ESRCH }

// processBirth is not available on this system.
func processBirth(int) string { return "" }
