package preflight

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/kubeoci/oci/internal/kustomize"
	"github.com/kubeoci/oci/internal/objects"
)

// generates reports whether a kustomization or a component of it has generators.
func (m *model) generates(b *build) bool {
	has := func(b *build) bool {
		k := m.kustomizations[b.source]
		return k != nil && len(k.Generators) > 0
	}
	return has(b) || slices.ContainsFunc(b.others, func(e edge) bool { return e.isComponent() && has(e.to) })
}

// madeBy returns the objects of the generators of a kustomization.
func (d *doubles) madeBy(s *source, k *kustomize.Kustomization) []objects.Object {
	if all, known := d.from[s]; known {
		return all
	}
	all := make([]objects.Object, len(k.Generators))
	for i, by := range k.Generators {
		all[i] = objects.Names{APIVersion: "v1", Kind: by.Kind, Name: by.Name, Namespace: by.Namespace}.Object(by.Line, by.Column)
	}
	d.from[s] = all
	return all
}

// isKnown reports whether all objects of a kustomization are known that it passes on.
func (d *doubles) isKnown(b *build) bool {
	return d.passes(b) && !b.broken && !d.kustomizations[b.source].Generates
}

// hides reports whether kustomize may read other objects from a file than are compared: also
// those with items that are not Lists, and those with a number for a name.
func (s *source) hides() bool {
	hidden := s.isBroken() || s.isUnparsed() || slices.ContainsFunc(s.content.Objects, func(o objects.Object) bool { return o.Has(objects.Replaced) })
	each(s.content.Objects, func(o *objects.Object) { hidden = hidden || o.Has(objects.Numeric) })
	return hidden
}

// expect adds the targets for the generators of a kustomization and its components, unless
// they are those of another merge: generators run before objects get the namespace.
func (g *merge) expect(b *build) {
	if g.namespace != "" {
		return
	}
	k := g.kustomizations[b.source]
	g.open = k == nil || k.Component || k.Remote || b.broken // the objects before a component are not known
	g.targets = map[identity][]placed{}
	add := func(b *build) {
		if k := g.kustomizations[b.source]; k != nil {
			for i := range k.Generators {
				g.targets[targetOf(&g.madeBy(b.source, k)[i])] = nil
			}
		}
	}
	add(b)
	for _, e := range b.others {
		if e.isComponent() {
			add(e.to)
		}
	}
}

// targetOf returns the identity by which kustomize looks for the object of a generator.
func targetOf(o *objects.Object) identity {
	return identity{o.APIVersion(), o.Kind(), namespaceOf(o), o.Name()}
}

// match adds an object to the targets with an identity that it has or had.
func (g *merge) match(p placed) {
	if len(g.targets) == 0 || p.Kind() != "ConfigMap" && p.Kind() != "Secret" {
		return
	}
	id := targetOf(p.Object)
	note := func() {
		if found, wanted := g.targets[id]; wanted && len(found) < 2 && !slices.Contains(found, p) {
			g.targets[id] = append(found, p)
		}
	}
	note()
	for w := g.ways[p.way].up; w != direct; w = g.ways[w].up { // in the order of kustomize
		g.looked++
		own := g.ways[w].own
		id.namespace = cmp.Or(own.namespace, id.namespace)
		note()
		id.name = own.prefix + id.name
		note()
		id.name += own.suffix
		note()
	}
}

// assemble compares the objects of a kustomization and its components in the order of
// kustomize, up to a component that does more than to add objects.
func (g *merge) assemble(top step) {
	g.run([]step{top}, top.build)
	g.generate(top)
	for _, e := range top.others {
		if !e.isComponent() || !g.reach(top.to(e.to.entry, e.to.source, e.at), e.to.holds && !e.to.broken, false) {
			continue
		}
		s := step{e.to, top.changes, top.by, len(g.ways) - 1, false}
		g.run([]step{s}, s.build)
		g.generate(s)
		if g.open = g.open || !g.isKnown(e.to); !g.onlyAdds(e.to) {
			return
		}
	}
}

// generate compares the objects that the generators of a kustomization make with those
// before, and reports the generators that fail.
func (g *merge) generate(s step) {
	k := g.kustomizations[s.source]
	if k == nil || len(k.Generators) == 0 {
		return
	}
	g.ways = append(g.ways, s.to(s.entry, s.source, nil))
	for i, by := range k.Generators {
		g.looked++
		made := placed{located{s.source, &g.madeBy(s.source, k)[i]}, int32(len(g.ways) - 1)}
		switch {
		case by.Name == "": // a fault of the kustomization
		case !s.made && g.fails(by, made):
		case !by.Changes:
			g.compareObject(made)
		}
	}
}

// fails reports a generator that makes an object that exists, or that changes one although
// there is none, or more than one.
func (g *merge) fails(by kustomize.Generator, made placed) bool {
	found, wanted := g.targets[targetOf(made.Object)]
	n := len(found)
	switch unknown := g.open || g.looked > maxLooked; {
	case !wanted, by.Changes && (n == 1 || n == 0 && unknown), !by.Changes && n == 0:
		return false
	case g.objects[made.Object]:
		return true
	case !by.Changes && found[0].way == made.way: // a fault of the kustomization
		return true
	}
	g.objects[made.Object] = true
	f := Finding{File: made.file.Path, Line: by.Line, Column: by.Column}
	sentence := kustomizeSubject(g.building, "refuse") + " " + by.Field
	if up := g.ways[made.way].up; up != direct {
		sentence += fmt.Sprintf(" as part of %.255s", g.ways[up].from.file.Path)
	}
	object := fmt.Sprintf("%s %.80q", by.Kind, by.Name)
	switch {
	case n == 0:
		f.Code, f.Hint = CodeKustomization, "correct its name or namespace, remove its behavior, or list the object in resources"
		f.Message = fmt.Sprintf("%s, because there is no %s before it to merge or replace", sentence, object)
	case by.Changes:
		f.Code, f.Hint = CodeKustomization, "give the objects different names or namespaces where they are defined"
		f.Message = fmt.Sprintf("%s, because two objects before it are or were the %s: at %s and at %s", sentence, object, found[0].position(), found[1].position())
	case g.identityOf(found[0]) != targetOf(made.Object):
		f.Hint = hintMade
		f.Message = fmt.Sprintf("%s, because the %s exists under another name or namespace%s here and at %s", sentence, object, defined, found[0].position())
	default:
		f.Hint = hintMade
		f.Message = fmt.Sprintf("%s, because the %s exists%s here and at %s", sentence, object, defined, found[0].position())
	}
	g.refuseBuild(f, g.building)
	return true
}

const hintMade = "set behavior to merge or replace, or give one of them another name or namespace"
