//go:build !unix

package registrytest

import "os"

// isAlive reports whether there is a process of that number.
func isAlive(pid int) bool {
	process, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	_ = process.Release() // it was only looked for
	return true
}

// processBirth is not known here.
func processBirth(int) string { return "" }
