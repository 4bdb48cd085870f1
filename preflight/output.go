package preflight

import (
	"path"
	"slices"

	"github.com/kubeoci/oci/internal/objects"
)

// output is what is certain about the objects that an engine renders of a file or a
// kustomization.
type output int8

const (
	unset    output = iota
	none            // there are no objects
	dropped         // there are none, unless a kustomization changes names or annotations
	anything        // there may be objects, or a failure that other rules report
)

// outputOf returns the output of a file among the resources of a kustomization.
func (v *view) outputOf(s *source) output {
	known := &s.uses[v.index].output
	if *known != unset {
		return *known
	}
	*known = none
	if len(s.content.Problems) > 0 || s.content.Template || s.isUnparsed() {
		*known = anything
	}
	each(s.content.Objects, func(o *objects.Object) {
		switch {
		case o.Blank || o.List || !s.isBuilt(o):
		case isApplied(o) || v.isArgoCD() && !o.Has(objects.Local):
			*known = anything
		default:
			*known = max(*known, dropped)
		}
	})
	return *known
}

// isUnparsed reports whether the content of the file is not known because of its name.
func (s *source) isUnparsed() bool { return s.facts == noFacts || limitOf(s.file.Path) < 0 }

// findOutputs finds the outputs of kustomizations from those of the ones that they refer
// to.
func (m *model) findOutputs(v *view) {
	const begun = -1 // the output of a kustomization that refers to itself is not known
	for _, top := range m.builds {
		for next := []*build{top}; len(next) > 0 && !m.ended(); {
			b := next[len(next)-1]
			known := &b.outputs[v.index]
			switch *known {
			case unset:
				*known = begun
				for _, e := range b.others {
					if e.to.outputs[v.index] == unset {
						next = append(next, e.to)
					}
				}
				continue
			case begun:
				*known = m.combine(b, v)
			}
			next = next[:len(next)-1]
		}
	}
}

// combine returns the output of a kustomization from those of all that it refers to.
func (m *model) combine(b *build, v *view) output {
	k := m.kustomizations[b.source]
	if k == nil || k.Remote || k.Generates || b.unresolved || b.isBroken() || m.refuses(v, b.source) {
		return anything
	}
	all := none
	for _, named := range b.files {
		switch {
		case v.isArgoCD() && b.isAbove(named):
			return anything // and refused
		case !named.isListed():
		case isKustomization(named.entry) || v.dropped[named.entry]:
			return anything
		default:
			all = max(all, v.outputOf(named.source))
		}
	}
	for _, e := range b.others {
		if known := e.to.outputs[v.index]; known < none || v.dropped[e.to.entry] {
			return anything
		} else {
			all = max(all, known)
		}
	}
	if all == dropped && (k.Affixes || b.rewrites || slices.ContainsFunc(b.others, edge.isComponent)) {
		return anything
	}
	return all
}

// outputAt returns the output of the kustomization in a file below the path of an engine.
func (m *model) outputAt(v *view, i item) output {
	if b := m.builds[path.Join(v.root, i.path)]; b != nil {
		return b.outputs[v.index]
	}
	return anything
}
