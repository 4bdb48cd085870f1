//go:build !unix

package records

import "io/fs"

// checkOwner checks no permissions: this system has access control lists, which package
// os does not read.
func checkOwner(fs.FileInfo) error { return nil }
