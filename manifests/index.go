package manifests

import (
	"context"
	"path"
	"strings"

	"github.com/kubeoci/oci/internal/kustomize"
)

// index finds the entries of a listing by their paths in the Set.
type index struct {
	files       map[string]File
	directories map[string]bool // that hold an entry, included or not
	skipped     map[string]int  // positions in the listing, the last of several
	duplicates  map[string][]int
	links       map[string][]int // positions of the links to directories that were not followed

	seenFiles, seenSkipped, seenLinks int // how many of the listing are in the index
}

// newKustomizations returns the paths of the kustomizations that are not in the index
// yet: those among the files, and those that the walk skipped because they have no
// extension.
func (x *index) newKustomizations(l *listing) (found, skipped []string) {
	for _, f := range l.files[x.seenFiles:] {
		if kustomize.IsName(path.Base(f.Path)) {
			found = append(found, f.Path)
		}
	}
	for _, o := range l.skipped[x.seenSkipped:] {
		if o.why.reason == ReasonExtension && kustomize.IsName(path.Base(o.path)) {
			skipped = append(skipped, o.path)
		}
	}
	return found, skipped
}

// update adds the entries that are new in the listing.
func (x *index) update(ctx context.Context, l *listing) error {
	if x.files == nil {
		*x = index{files: map[string]File{}, directories: map[string]bool{}, skipped: map[string]int{}, duplicates: map[string][]int{}, links: map[string][]int{}}
	}
	for ; x.seenFiles < len(l.files); x.seenFiles++ {
		if x.seenFiles%batch == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		f := l.files[x.seenFiles]
		x.files[f.Path] = f
		x.addDirectories(f.Path)
	}
	for ; x.seenSkipped < len(l.skipped); x.seenSkipped++ {
		if x.seenSkipped%batch == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		name := l.skipped[x.seenSkipped].path
		if first, found := x.skipped[name]; found {
			if len(x.duplicates[name]) == 0 {
				x.duplicates[name] = []int{first}
			}
			x.duplicates[name] = append(x.duplicates[name], x.seenSkipped)
		}
		x.skipped[name] = x.seenSkipped
		x.addDirectories(strings.TrimSuffix(name, "/"))
	}
	for ; x.seenLinks < len(l.links); x.seenLinks++ {
		name := l.links[x.seenLinks].path
		x.links[name] = append(x.links[name], x.seenLinks)
	}
	return nil
}

func (x *index) addDirectories(name string) {
	for dir := path.Dir(name); !x.directories[dir]; dir = path.Dir(dir) {
		x.directories[dir] = true
	}
}

func (x *index) has(name string) bool {
	_, found := x.files[name]
	return found
}

// isFile reports whether name is a file of the Set, or can become one.
func (x *index) isFile(l *listing, name string) bool {
	if x.has(name) {
		return true
	}
	i, skipped := x.skipped[name]
	return skipped && l.skipped[i].why.reason == ReasonExtension
}

// isInSkipped reports whether name is, or is in, a directory that was not walked.
func (x *index) isInSkipped(name string) bool {
	for ; name != "."; name = path.Dir(name) {
		if _, skipped := x.skipped[name+"/"]; skipped {
			return true
		}
	}
	return false
}

// kustomization returns the first kustomization in a directory, or "".
func (x *index) kustomization(dir string) string {
	for _, base := range kustomize.Names() {
		if name := path.Join(dir, base); x.has(name) {
			return name
		}
	}
	return ""
}
