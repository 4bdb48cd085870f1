package manifests

import (
	"io/fs"
	"path"
	"strings"
	"unicode"

	"github.com/kubeoci/oci/internal/filename"
)

// Lengths that file systems (NAME_MAX, PATH_MAX on Linux) can hold.
const (
	maxNameLength = 255
	maxPathLength = 4096
)

// checkName refuses names that not every consumer can unpack: Flux refuses
// backslashes, and ".." before a slash even inside a longer name; a path below a drive
// is absolute on Windows; the others do not survive every file system, terminal and log.
func checkName(p string, isDir bool) error {
	name := path.Base(p)
	bad := !fs.ValidPath(p) || // not UTF-8, or an fs.FS that makes names up
		strings.ContainsRune(name, '\\') ||
		strings.ContainsFunc(name, unicode.IsControl) ||
		isDir && strings.HasSuffix(name, "..") ||
		filename.IsDrive(p) ||
		len(name) > maxNameLength || len(p) > maxPathLength
	if bad {
		return &PathError{Path: p, Err: ErrInvalidName}
	}
	return nil
}

// isDirectoryPath reports whether a tree may have a directory of this path.
func isDirectoryPath(name string) bool {
	if !fs.ValidPath(name) {
		return false
	}
	for at := name; at != "."; at = path.Dir(at) {
		if checkName(at, true) != nil || filename.IsVersionControl(path.Base(at)) {
			return false
		}
	}
	return true
}
