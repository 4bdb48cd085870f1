//go:build !unix

package packager

import "io/fs"

// writableByOthers checks no permissions: this system has access control lists, which
// package os does not read.
func writableByOthers(info fs.FileInfo) string {
	if !info.IsDir() {
		return "not a directory"
	}
	return ""
}
