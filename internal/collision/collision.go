// Package collision finds paths that cannot be in one tree.
package collision

import (
	"slices"
	"strings"
)

// Collision is a place that two entries need.
type Collision struct {
	// Path is the place: that of two files, or of a file and a folder.
	Path string
	// First and Second are the indexes of the entries.
	First, Second int
}

// Find returns the first collision among the paths of files, which are clean,
// slash-separated and in the order of their bytes: two that are equal, or one
// that is a folder of another. It returns nil where there is none.
func Find(paths []string) *Collision {
	for i := 1; i < len(paths); i++ {
		if paths[i-1] == paths[i] {
			return &Collision{paths[i], i - 1, i}
		}
	}
	before := ""
	for i, p := range paths {
		for end := range len(p) {
			// What is in a folder comes in one piece: only its first file is new there.
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
