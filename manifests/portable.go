package manifests

import (
	"path"

	"github.com/kubeoci/oci/internal/filename"
)

// unportable is the error of a name that [Options.PortableNames] refuses.
type unportable string

func (u unportable) Error() string        { return "name " + string(u) }
func (u unportable) Is(target error) bool { return target == ErrInvalidName }
func (u unportable) Hint() string         { return "rename it, or unset Collect.PortableNames" }

// checkPortable refuses names that are not the same on every system, and names that
// differ by case only. The files are sorted, so that it looks at each name once.
func checkPortable(files []File) error {
	names := map[string]string{} // by their folded form
	before := ""
	for _, f := range files {
		for at := f.Path; at != "." && !holds(at, before); at = path.Dir(at) {
			if fault := filename.Fault(path.Base(at)); fault != "" {
				return &PathError{Path: at, Err: unportable(fault)}
			}
			folded := filename.Fold(at)
			if other, found := names[folded]; found && other != at {
				return &CollisionError{Path: at, First: other, Second: at, CaseOnly: true}
			}
			names[folded] = at
		}
		before = f.Path
	}
	return nil
}
