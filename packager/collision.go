package packager

import (
	"slices"
	"strings"

	"github.com/kubeoci/oci/internal/filename"
	"github.com/kubeoci/oci/manifests"
)

// checkCopies refuses a tree with a child named like the prefix: the copy under
// the prefix would be merged with it, and neither could be rendered alone. If names have to be
// portable, this is so even where they differ by case.
func checkCopies(files []manifests.File, prefix string, portable bool) error {
	top := func(f manifests.File) string { name, _, _ := strings.Cut(f.Path, "/"); return name }
	folded := filename.Fold(prefix)
	within := func(f manifests.File) bool { return top(f) == prefix || portable && filename.Fold(top(f)) == folded }
	first := slices.IndexFunc(files, within)
	if first < 0 {
		return nil
	}
	second := slices.IndexFunc(files, func(f manifests.File) bool { return !within(f) })
	return &manifests.CollisionError{
		Path: prefix, First: files[first].Path, Second: files[max(second, 0)].Path, Copied: true, CaseOnly: top(files[first]) != prefix,
	}
}
