package preflight

import (
	"path"
	"strings"

	"github.com/kubeoci/oci/internal/kustomize"
)

// build is a kustomization in the archive, and the files of the archive that it
// refers to.
type build struct {
	*source
	entry     string // in the archive
	directory string // of the entry
	files     []namedFile
	others    []*build // in directories that it refers to
}

// namedFile is a file that a kustomization refers to.
type namedFile struct {
	*source
	at    kustomize.Reference
	entry string // in the archive
}

// missing is a file that Flux has dropped when a kustomization needs it.
type missing struct {
	*build
	named namedFile
}

// isResource reports whether kustomize reads objects from the file, whatever else
// it uses the file for.
func (n namedFile) isResource() bool { return n.isListed() && !isKustomization(n.entry) }

func (n namedFile) isListed() bool {
	field, _, _ := strings.Cut(n.at.Field, "[")
	return strings.EqualFold(field, "resources") || strings.EqualFold(field, "bases")
}

// hasNoObject reports whether no document of the file is an object with a name.
func (n namedFile) hasNoObject() bool {
	return !n.named
}

// isAbove reports whether the file is neither in the directory of the kustomization
// nor below it.
func (b *build) isAbove(n namedFile) bool {
	return b.directory != "." && !strings.HasPrefix(n.entry, b.directory+"/")
}

// findBuilds finds the kustomizations of the archive and resolves their references.
func (m *model) findBuilds() {
	m.builds = map[string]*build{}
	for _, e := range m.entries {
		if isKustomization(e.Path) {
			m.builds[e.Path] = &build{source: m.byPath[e.File.Path], entry: e.Path, directory: path.Dir(e.Path)}
		}
	}
	if len(m.builds) == 0 {
		return
	}
	entries := make(map[string]int, m.artifact.Plan.Len())
	for i, e := range m.entries {
		entries[e.Path] = i
	}
	for _, b := range m.builds {
		if m.ended() {
			return
		}
		for _, r := range m.references[b.source] {
			if path.IsAbs(r.Path) {
				continue // and refused
			}
			target := path.Join(b.directory, r.Path)
			if i, found := entries[target]; found {
				e := m.artifact.Plan.Entry(i) // its path takes no more memory
				s := m.byPath[e.File.Path]
				named := namedFile{s, r, e.Path}
				s.listed = s.listed || named.isResource()
				b.files = append(b.files, named)
			} else if other := m.buildIn(target); other != nil {
				b.others = append(b.others, other)
			}
		}
	}
}

// buildIn returns the kustomization of a directory, or nil.
func (m *model) buildIn(directory string) *build {
	for _, name := range kustomize.Names() {
		if b := m.builds[path.Join(directory, name)]; b != nil {
			return b
		}
	}
	return nil
}

// follow finds the files that an engine certainly reads because a kustomization
// lists them that it certainly builds.
func (m *model) follow(v *view) {
	done := map[*build]bool{}
	var enter func(b *build)
	enter = func(b *build) {
		if b == nil || done[b] || v.dropped[b.entry] || m.ended() {
			return
		}
		done[b] = true
		b.uses[v.index].role = certain
		for _, named := range b.files {
			if v.dropped[named.entry] {
				v.missing = append(v.missing, missing{b, named})
			} else if named.isResource() {
				named.uses[v.index].role = certain
			}
		}
		for _, other := range b.others {
			enter(other)
		}
	}
	for _, i := range v.items {
		if v.mode != directory && i.role == certain && isKustomization(i.path) {
			enter(m.builds[path.Join(v.root, i.path)])
		}
	}
}

// distinctBuilds returns the kustomizations in the order of entries, one of each
// file.
func (m *model) distinctBuilds() []*build {
	done := map[*source]bool{}
	var all []*build
	for _, e := range m.entries {
		if b := m.builds[e.Path]; b != nil && !done[b.source] {
			done[b.source] = true
			all = append(all, b)
		}
	}
	return all
}
