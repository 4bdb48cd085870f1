//go:build !unix

package registrytest

import "os"

// isAlive reports whether a process with that ID exists.
func isAlive(pid int) bool {
	process, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	_ = process.Release() // only looked up
	return true
}

// processBirth is not available on this system.
func processBirth(int) string { return "" }
