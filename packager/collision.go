package packager

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubeoci/oci/manifests"
)

// ErrCollision reports two files that cannot both be in the archive. The error
// in the chain is a [*CollisionError].
var ErrCollision = manifests.ErrCollision

// CollisionError names two files whose copies would end up in one directory
// under [LayoutBoth]. It matches [ErrCollision].
type CollisionError struct {
	// Path is the directory in the archive that both copies need: the prefix.
	Path string
	// First is a file of the Set that the copy at the root has there, and Second
	// one whose copy under the prefix belongs there.
	First, Second string
}

func (e *CollisionError) Error() string {
	return fmt.Sprintf("%v: %q and the copy of %q both need %q", ErrCollision, e.First, e.Second, e.Path)
}

// Is reports whether target is [ErrCollision].
func (e *CollisionError) Is(target error) bool { return target == ErrCollision }

// Hint returns advice on the error.
func (e *CollisionError) Hint() string {
	return "set Prefix to a name that the tree does not use, or choose LayoutRoot, which needs no copy"
}

// checkCopies refuses a tree with a child named like the prefix: the copy under
// the prefix would be merged with it, and neither could be rendered alone.
func checkCopies(files []manifests.File, prefix string) error {
	within := func(f manifests.File) bool { return f.Path == prefix || strings.HasPrefix(f.Path, prefix+"/") }
	first := slices.IndexFunc(files, within)
	if first < 0 {
		return nil
	}
	second := slices.IndexFunc(files, func(f manifests.File) bool { return !within(f) })
	return &CollisionError{Path: prefix, First: files[first].Path, Second: files[max(second, 0)].Path}
}
