package preflight

import (
	"fmt"
	"path"
	"slices"

	"github.com/kubeoci/oci/internal/objects"
)

// doubles finds objects that come to one kustomization twice. Kustomize fails for them
// before it changes names, namespaces or anything else of the objects. The kustomization
// may be one that Flux generates.
type doubles struct {
	*model
	*report
	objects map[*objects.Object]bool     // reported; true unless an engine applies the last one
	entries map[string]bool              // of files and kustomizations that are reported
	merged  map[*build]bool              // their objects were compared, with the namespaces that they have
	bases   map[*build]*build            // the results of onlyBase, or of a part of the way
	from    map[*source][]objects.Object // the objects of generators, by their kustomizations
}

func (m *model) doubles(r *report) *doubles {
	return &doubles{m, r, map[*objects.Object]bool{}, map[string]bool{}, map[*build]bool{}, map[*build]*build{}, map[*source][]objects.Object{}}
}

// check compares the objects of each kustomization that are not, unchanged, objects of
// another one. It starts with those that engines certainly build.
func (d *doubles) check() {
	for _, v := range d.views {
		if v.mode == generated && d.addsKustomizations(v) {
			d.merge(v, []*view{v}, "").generated()
			if target := d.opts.TargetNamespace; target != "" {
				d.merge(v, []*view{v}, target).generated()
			}
			d.checkChanged(v)
		} else if v.isFlux() && d.opts.TargetNamespace != "" {
			d.checkTarget(v)
		}
	}
	all := d.distinct
	for _, certainly := range []bool{true, false} {
		for _, b := range all {
			if building := d.building(b.source); len(building) > 0 == certainly {
				d.checkBuild(b, building)
			}
		}
	}
}

// addsKustomizations reports whether there are directories with kustomizations among the
// resources that Flux generates.
func (m *model) addsKustomizations(v *view) bool {
	if len(m.builds) == 0 {
		return false
	}
	for _, i := range v.items {
		if i.role == certain && i.kustomizes {
			return true
		}
	}
	return false
}

// checkTarget compares the objects to which Flux gives one namespace.
func (d *doubles) checkTarget(v *view) {
	g := d.merge(v, []*view{v}, d.opts.TargetNamespace)
	if v.mode == generated {
		g.generated()
	} else if b := d.buildIn(v.root); b != nil && !b.rewrites && d.adds(b) {
		g.build(b)
	}
}

// checkBuild compares the objects of a kustomization, and those to which it gives one
// namespace.
func (d *doubles) checkBuild(b *build, building []*view) {
	k := d.kustomizations[b.source]
	if k == nil {
		return
	}
	atPath := slices.ContainsFunc(building, func(v *view) bool { return v.mode == built && v.root == b.directory() })
	if atPath || !b.referred || d.changes(b) || d.generates(b) {
		if top := d.onlyBase(b); !d.merged[top] || top == b && d.generates(b) {
			d.merge(nil, building, "").build(top)
		}
	}
	if k.Namespace != "" && !b.rewrites && d.adds(b) {
		if len(building) > 0 && building[0].isFlux() && building[0].root == b.directory() && d.opts.TargetNamespace != "" {
			building = building[1:] // it sets another one
		}
		d.merge(nil, building, k.Namespace).build(b)
	}
}

// onlyBase returns the kustomization that all objects of another one come from, or that
// one. It stops at one whose objects are compared in any case.
func (d *doubles) onlyBase(b *build) *build {
	first := b
	for len(b.others) == 1 && b.others[0].isResource() && !d.generates(b) && !slices.ContainsFunc(b.files, namedFile.isResource) {
		base := b.others[0].to
		if known := d.bases[base]; known != nil {
			b = known
			break
		}
		d.bases[b] = base // also ends a loop
		if b = base; d.changes(b) {
			break
		}
	}
	d.bases[first] = b
	return b
}

// changes reports whether a kustomization gives its objects other names or namespaces, or
// may drop some.
func (d *doubles) changes(b *build) bool {
	k := d.kustomizations[b.source]
	return !d.passes(b) || k.Affixes || k.Namespace != ""
}

// passes reports whether a kustomization passes all its objects on, with its prefix and
// suffix and in one namespace at most.
func (d *doubles) passes(b *build) bool {
	k := d.kustomizations[b.source]
	return k != nil && !(k.Affixes && k.Configured) && !b.rewrites && d.adds(b)
}

// adds reports whether all components of a kustomization only add objects.
func (d *doubles) adds(b *build) bool {
	return !slices.ContainsFunc(b.others, func(e edge) bool { return e.isComponent() && !d.onlyAdds(e.to) })
}

// onlyAdds reports whether a component only adds objects, and has no components itself.
func (d *doubles) onlyAdds(b *build) bool {
	k := d.kustomizations[b.source]
	return k != nil && !k.Affixes && k.Namespace == "" && !b.rewrites && !slices.ContainsFunc(b.others, edge.isComponent)
}

// buildsBothCopies reports whether Flux builds kustomizations of both copies of the tree.
func (m *model) buildsBothCopies(v *view) bool {
	if !m.addsKustomizations(v) {
		return false
	}
	g := m.doubles(newReport(m.opts)).merge(v, nil, "")
	g.generated()
	return g.copies
}

// checkChanged reports what Flux builds twice because it adds a directory or file that
// another kustomization changes.
func (d *doubles) checkChanged(v *view) {
	added := map[string]bool{}
	for _, i := range v.items {
		if i.role == certain {
			added[path.Join(v.root, i.path)] = true
		}
	}
	for _, b := range d.distinct {
		if d.ended() {
			return
		}
		if !v.builds(b.source) {
			continue
		}
		for _, e := range b.others {
			if e.isResource() && !e.isComponent() && added[e.to.entry] && !e.to.broken && e.to.outputs[v.index] != none && !d.reportedIn(e.to) {
				d.addChanged(v, way{reached: reached{entry: e.to.entry}, file: e.to.file.Path, from: b, at: e.at})
			}
		}
		for _, named := range b.files {
			if named.isResource() && added[named.entry] && v.outputOf(named.source) != none {
				d.addChanged(v, way{reached: reached{entry: named.entry}, file: named.file.Path, from: b, at: named.at})
			}
		}
	}
}

// reportedIn reports whether there is a finding for a resource of a kustomization.
func (d *doubles) reportedIn(b *build) bool {
	return slices.ContainsFunc(b.files, func(named namedFile) bool { return d.entries[named.entry] })
}

func (d *doubles) addChanged(v *view, again way) {
	if d.entries[again.entry] {
		return
	}
	d.entries[again.entry] = true
	d.add(Finding{
		Severity: Warning, File: again.from.file.Path, Line: again.at.Line, Column: again.at.Column, Hint: hintBuild,
		Message: fmt.Sprintf("Flux applies the objects of %s twice, under other names or in other namespaces: it adds them by itself, and %s refers to them", again, again.at.Field),
	}, v)
}

// hintBuild is the advice for what Flux adds by itself and a kustomization refers to.
const hintBuild = "set Preflight.Path to the directory that Flux is to build, or add a kustomization.yaml at the path that lists the directories to build"
