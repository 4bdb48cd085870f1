package preflight

import (
	"path"
	"slices"
	"strings"

	"github.com/kubeoci/oci/internal/kustomize"
	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
)

// copiesOf returns what precedes the paths of files in the archive, once for each copy of
// the tree: nothing, or the prefix and a slash.
func copiesOf(plan *packager.Plan) []string {
	switch prefix := plan.Prefix() + "/"; plan.Layout() {
	case packager.LayoutPrefix:
		return []string{prefix}
	case packager.LayoutBoth:
		return []string{"", prefix}
	}
	return []string{""}
}

// prefix returns the directory of the archive that holds a copy of the tree, or "".
func (m *model) prefix() string { return strings.TrimSuffix(m.copies[len(m.copies)-1], "/") }

// seenCopies returns the copies of the tree at which an engine looks.
func (m *model) seenCopies() []string {
	if len(m.copies) == 1 {
		return m.copies
	}
	var top, below bool // is looked at
	for _, root := range []string{path.Clean(m.paths().Flux), path.Clean(m.paths().ArgoCD)} {
		within := strings.HasPrefix(root+"/", m.copies[1])
		top, below = top || !within, below || within || root == "."
	}
	switch {
	case !below:
		return m.copies[:1]
	case !top:
		return m.copies[1:]
	}
	return m.copies
}

// isInArchive reports whether a reference that leaves the tree nevertheless leads to a file or
// a kustomization of the archive: to that of the other copy, or back through the prefix.
func (m *model) isInArchive(p manifests.Problem) bool {
	if p.Code != manifests.ProblemOutside || path.IsAbs(p.Path) {
		return false
	}
	return slices.ContainsFunc(m.seenCopies(), func(c string) bool {
		dir := path.Dir(c + p.File)
		target := path.Join(dir, p.Path)
		isLoop := target == "." || isAt(dir+"/", target)
		return m.sourceAt(target) != nil || !isLoop && slices.ContainsFunc(kustomize.Names(), func(name string) bool {
			return m.sourceAt(path.Join(target, name)) != nil
		})
	})
}

// sourceAt returns the file at a path of the archive, or nil.
func (m *model) sourceAt(entry string) *source {
	for _, c := range m.copies {
		if file, within := strings.CutPrefix(entry, c); within {
			if s := m.file(file); s != nil {
				return s
			}
		}
	}
	return nil
}

// directoryIn returns the directory of the tree at which an engine looks in a copy, or "".
func (v *view) directoryIn(c string) string {
	if v.root == "." || v.root+"/" == c {
		return "."
	}
	if dir, within := strings.CutPrefix(v.root, c); within {
		return dir
	}
	return ""
}

// pathIn returns the path, from that of the engine, of a file in a copy. The engine looks at
// a directory of the copy.
func (v *view) pathIn(c, dir, file string) (rel string, below bool) {
	switch {
	case v.root == ".":
		return c + file, true
	case dir == ".":
		return file, true
	case isAt(file, dir):
		return file[len(dir)+1:], true // takes no more memory
	}
	return "", false
}
