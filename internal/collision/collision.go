// Package collision finds files that cannot both be in one tree.
package collision

import (
	"slices"
	"strings"
)

// Collision describes two files that need the same path.
type Collision struct {
	// Path is the path of both files, or of one that the other has as a directory.
	Path string
	// First and Second are the indexes of the files.
	First, Second int
}

// Find returns the first collision among the paths of files: two equal paths, or
// one that is a directory of another. It returns nil if there is none. The paths
// must be clean, slash-separated and in the order of their bytes.
func Find(paths []string) *Collision {
	for i := 1; i < len(paths); i++ {
		if paths[i-1] == paths[i] {
			return &Collision{paths[i], i - 1, i}
		}
	}
	before := ""
	for i, p := range paths {
		for end := range len(p) {
			// The files of a directory follow one another, so that only the first of
			// them has to be checked.
			if p[end] != '/' || strings.HasPrefix(before, p[:end+1]) {
				continue
			}
			if file, found := slices.BinarySearch(paths, p[:end]); found {
				return &Collision{p[:end], file, i}
			}
		}
		before = p
	}
	return nil
}
