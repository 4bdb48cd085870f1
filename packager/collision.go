package packager

import (
	"slices"
	"strings"

	"github.com/kubeoci/oci/manifests"
)

// checkCopies refuses a tree with a child named like the prefix: the copy under
// the prefix would be merged with it, and neither could be rendered alone.
func checkCopies(files []manifests.File, prefix string) error {
	within := func(f manifests.File) bool { return f.Path == prefix || strings.HasPrefix(f.Path, prefix+"/") }
	first := slices.IndexFunc(files, within)
	if first < 0 {
		return nil
	}
	second := slices.IndexFunc(files, func(f manifests.File) bool { return !within(f) })
	return &manifests.CollisionError{Path: prefix, First: files[first].Path, Second: files[max(second, 0)].Path, Copied: true}
}
