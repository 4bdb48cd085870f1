package preflight

import (
	"path"
	"slices"
	"strings"

	"github.com/kubeoci/oci/internal/kustomize"
)

// build is a kustomization in the archive, and the files of the archive that it
// refers to.
type build struct {
	*source
	entry  string // in the archive
	files  []namedFile
	others []edge // to those in directories that it refers to

	broken   bool // a reference, here or in one that it refers to, leads to nothing
	referred bool // another kustomization has its objects
	// rewrites reports that the kustomization itself may rename objects, move them to
	// another namespace or delete them, by other means than an affix and a namespace.
	rewrites bool
	outputs  [2]output // by the index of a view
	holds    bool      // certainly an object with a name, be it local or not
}

// buildAt returns the kustomization that an item is, or nil.
func (m *model) buildAt(v *view, i item) *build {
	if len(m.builds) == 0 { // which saves joining the path
		return nil
	}
	return m.builds[path.Join(v.root, i.path)]
}

func (b *build) directory() string { return path.Dir(b.entry) }

// edge leads from a kustomization to another one.
type edge struct {
	to *build
	at *kustomize.Reference
}

func (e edge) isComponent() bool { return e.at.Kind == kustomize.Directory }

// isResource reports whether the objects of the other kustomization become those of this
// one.
func (e edge) isResource() bool { return e.isComponent() || isResources(e.at) }

// namedFile is a file that a kustomization refers to.
type namedFile struct {
	*source
	at    *kustomize.Reference
	entry string // in the archive
}

// missing is a file that Flux has dropped when a kustomization needs it.
type missing struct {
	*build
	named namedFile
}

// isResource reports whether kustomize reads objects from the file, whatever else
// it uses the file for.
func (n namedFile) isResource() bool { return n.isListed() && !n.kustomizes }

func (n namedFile) isListed() bool { return isResources(n.at) }

func isResources(at *kustomize.Reference) bool {
	field, _, _ := strings.Cut(at.Field, "[")
	return strings.EqualFold(field, "resources") || strings.EqualFold(field, "bases")
}

func (n namedFile) isPatch() bool {
	return len(n.at.Field) > len("patches") && strings.EqualFold(n.at.Field[:len("patches")], "patches")
}

// mayRewrite reports whether the file is a patch that may rename or delete objects.
func (n namedFile) mayRewrite() bool {
	return n.isPatch() && (n.rewrites || n.isUnparsed() || len(n.content.Problems) > 0 || n.content.Template)
}

// hasNoObject reports whether no document of the file is an object with a name.
func (n namedFile) hasNoObject() bool {
	return !n.named
}

// isAbove reports whether the file is neither in the directory of the kustomization
// nor below it.
func (b *build) isAbove(n namedFile) bool {
	dir := b.directory()
	return dir != "." && !strings.HasPrefix(n.entry, dir+"/")
}

// findBuilds finds the kustomizations of the archive and resolves their references.
func (m *model) findBuilds() {
	m.builds, m.distinct, m.patched = map[string]*build{}, nil, false
	copies := m.seenCopies()
	for _, s := range m.sources {
		if !s.kustomizes {
			continue
		}
		for n, c := range copies {
			b := &build{source: s, entry: c + s.file.Path}
			if m.builds[b.entry] = b; n == 0 {
				m.distinct = append(m.distinct, b)
			}
		}
	}
	if len(m.builds) == 0 {
		return
	}
	for _, b := range m.builds {
		if m.ended() {
			return
		}
		k := m.kustomizations[b.source]
		b.rewrites = k == nil || k.Rewrites || k.Remote
		m.patched = m.patched || b.rewrites || k.Patched
		references := m.references(b.source)
		for i := range references {
			r := &references[i]
			if path.IsAbs(r.Path) {
				b.broken = true
				continue // and refused
			}
			target := path.Join(b.directory(), r.Path)
			if s := m.sourceAt(target); s != nil {
				if target == s.file.Path {
					target = s.file.Path // takes no more memory
				}
				named := namedFile{s, r, target}
				s.listed = s.listed || named.isResource()
				b.rewrites = b.rewrites || named.mayRewrite()
				b.files = append(b.files, named)
			} else if other := m.buildIn(target); other != nil {
				e := edge{other, r}
				other.referred = other.referred || e.isResource()
				b.others = append(b.others, e)
			} else {
				b.broken = true
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
	var next []*build // the last one first
	for _, i := range slices.Backward(v.items) {
		if v.mode != directory && i.role == certain && i.kustomizes {
			next = append(next, m.buildAt(v, i))
		}
	}
	done := map[*build]bool{}
	for len(next) > 0 && !m.ended() {
		b := next[len(next)-1]
		next = next[:len(next)-1]
		if b == nil || done[b] || v.drops(b.entry) {
			continue
		}
		done[b] = true
		b.uses[v.index].role = certain
		for _, named := range b.files {
			named.uses[v.index].decoding |= decodingOf(named.at)
			if v.drops(named.entry) {
				v.missing = append(v.missing, missing{b, named})
			} else if named.isResource() {
				named.uses[v.index].role = certain
			}
		}
		for _, e := range slices.Backward(b.others) {
			next = append(next, e.to)
		}
	}
}
