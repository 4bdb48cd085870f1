package preflight

import (
	"slices"

	"github.com/kubeoci/oci/internal/kustomize"
	"github.com/kubeoci/oci/internal/objects"
)

// output describes what an engine certainly renders of a file or a
// kustomization.
type output int8

const (
	unset    output = iota
	none            // there are no objects
	local           // there are none, unless a kustomization changes annotations or items
	unnamed         // there are none, unless it changes those or names
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
		case v.isArgoCD() && o.Has(objects.NoItems):
			*known = max(*known, local)
		case isApplied(o) || v.isArgoCD() && !o.Has(objects.Local):
			*known = anything
		case o.Has(objects.Local):
			*known = max(*known, local)
		default:
			*known = max(*known, unnamed)
		}
	})
	return *known
}

// isUnparsed reports whether the content of the file is not known because of its name.
func (s *source) isUnparsed() bool { return s.facts == noFacts || limitOf(s.file.Path) < 0 }

// The states of a kustomization whose output is not to be found any more.
const (
	begun = iota + 1
	done
)

// settle finds the outputs of kustomizations from those of the ones that they refer to.
func (m *model) settle() {
	states := map[*build]int8{}
	for _, top := range m.builds {
		for next := []*build{top}; len(next) > 0 && !m.ended(); {
			b := next[len(next)-1]
			if states[b] == 0 {
				states[b] = begun
				for _, e := range b.others {
					if states[e.to] == 0 {
						next = append(next, e.to)
					}
				}
				continue
			}
			if states[b] == begun {
				m.combine(b, states)
				states[b] = done
			}
			next = next[:len(next)-1]
		}
	}
}

// combine finds the output of a kustomization from those of all that it refers to. One
// that is not done refers to itself.
func (m *model) combine(b *build, states map[*build]int8) {
	k := m.kustomizations[b.source]
	b.broken = b.broken || k == nil
	for _, e := range b.others {
		b.broken = b.broken || e.to.broken || states[e.to] != done
	}
	for _, v := range m.views {
		b.outputs[v.index] = m.combined(b, k, v)
	}
	if k == nil || b.rewrites {
		return // it may delete objects
	}
	b.holds = slices.ContainsFunc(k.Generators, func(g kustomize.Generator) bool { return !g.Changes })
	for _, named := range b.files {
		b.holds = b.holds || named.isResource() && named.named
	}
	for _, e := range b.others {
		b.holds = b.holds || e.isResource() && e.to.holds
	}
}

func (m *model) combined(b *build, k *kustomize.Kustomization, v *view) output {
	if k == nil || k.Remote || k.Generates || len(k.Generators) > 0 || b.broken || m.refuses(v, b.source) {
		return anything
	}
	all := none
	for _, named := range b.files {
		switch {
		case v.isArgoCD() && b.isAbove(named):
			return anything // and refused
		case !named.isListed():
		case named.kustomizes || v.drops(named.entry):
			return anything
		default:
			all = max(all, v.outputOf(named.source))
		}
	}
	for _, e := range b.others {
		if v.drops(e.to.entry) {
			return anything
		}
		all = max(all, e.to.outputs[v.index])
	}
	changes := b.rewrites || slices.ContainsFunc(b.others, edge.isComponent)
	if all > none && changes || all > local && k.Affixes {
		return anything
	}
	return all
}

// outputAt returns the output of the kustomization in a file below the path of an engine.
func (m *model) outputAt(v *view, i item) output {
	if b := m.buildAt(v, i); b != nil {
		return b.outputs[v.index]
	}
	return anything
}
