package preflight

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/kubeoci/oci/internal/kinds"
	"github.com/kubeoci/oci/internal/kustomize"
	"github.com/kubeoci/oci/internal/objects"
	"github.com/kubeoci/oci/packager"
)

// maxLooked bounds the time for comparing the objects of kustomizations, because each of
// many may have the same large file. It is many times the objects that there is memory
// for.
const maxLooked = 2_000_000

// merge follows the objects that come to one kustomization.
type merge struct {
	*doubles
	view      *view   // with the path at which Flux generates it, or nil
	building  []*view // the engines that certainly build it
	namespace string  // that it gives to all objects, or ""

	ids    *distinct[placed]
	ways   []way
	first  map[reached]int // the first of the ways
	next   []step          // the last one first
	copies bool            // files of the Set come twice, as different files of the archive
	named  int             // ways on which names change

	// targets has the first two objects for each generator of the kustomization and its
	// components: those with its identity, now or before kustomizations changed their names
	// and namespaces.
	targets map[identity][]placed
	open    bool // there may be objects that are not known
}

// changes are the namespace that objects get, or "", and the text around their names.
type changes struct{ namespace, prefix, suffix string }

func (c changes) toNames() bool { return c.prefix+c.suffix != "" }

// reached is a file or kustomization whose objects are changed.
type reached struct {
	entry string
	changes
}

// way leads to a file or kustomization.
type way struct {
	reached
	file string // of the Set
	by   *build // that gives the namespace, or nil
	from *build // nil if Flux adds it by itself
	at   *kustomize.Reference
	own  changes // of the kustomization, for which it may be another one that gives the namespace
	up   int     // the way to the kustomization that refers to it, or direct
}

// direct stands for the way to the kustomization to which all objects come.
const direct = -1

// given describes what objects get on the way.
func (w way) given() string {
	var all []string
	if w.by != nil {
		all = append(all, fmt.Sprintf("the namespace %.80q of %.255s", w.namespace, w.by.file.Path))
	}
	if w.prefix != "" {
		all = append(all, fmt.Sprintf("the prefix %.80q", w.prefix))
	}
	if w.suffix != "" {
		all = append(all, fmt.Sprintf("the suffix %.80q", w.suffix))
	}
	if len(all) == 0 {
		return "as it is"
	}
	return "with " + strings.Join(all, " and ")
}

// String describes the file, or the directory with the kustomization.
func (w way) String() string {
	if isKustomization(w.file) {
		return fmt.Sprintf("the directory %.255q", path.Dir(w.file))
	}
	return fmt.Sprintf("the file %.255q", w.file)
}

// step is a kustomization whose objects are to be followed.
type step struct {
	*build
	changes
	by   *build
	way  int  // to it, or direct
	made bool // its references were followed, and its generators are next
}

// to returns the way to a file or kustomization of the archive that it refers to.
func (s step) to(entry string, to *source, at *kustomize.Reference) way {
	return way{reached: reached{entry, s.changes}, file: to.file.Path, by: s.by, from: s.build, at: at, up: s.way}
}

// placed is an object, and the way to its file.
type placed struct {
	located
	way int32
}

func (d *doubles) merge(v *view, building []*view, namespace string) *merge {
	g := &merge{doubles: d, view: v, building: building, namespace: namespace, first: map[reached]int{}}
	g.ids = newDistinct(g.identityOf, 0)
	return g
}

// identityOf distinguishes objects in a build.
func (g *merge) identityOf(p placed) identity {
	id := identity{p.APIVersion(), p.Kind(), namespaceOf(p.Object), p.Name()}
	w := &g.ways[p.way]
	switch {
	case w.namespace == "":
	case isNamespace(p.Object):
		id.name = w.namespace // kustomize renames it
	case id.namespace != "":
		id.namespace = w.namespace
	}
	if w.toNames() && !keepsName(p.Object) {
		id.name = w.prefix + id.name + w.suffix
	}
	return id
}

// keepsName reports whether kustomize adds no prefix and no suffix to the name of an object
// (prefixFieldSpecsToSkip there).
func keepsName(o *objects.Object) bool {
	switch o.Kind() {
	case "CustomResourceDefinition", "Namespace":
		return true
	case "APIService":
		return strings.HasPrefix(o.APIVersion(), "apiregistration.k8s.io/")
	}
	return false
}

func isNamespace(o *objects.Object) bool { return o.Kind() == "Namespace" && o.APIVersion() == "v1" }

// generated compares the objects of a kustomization that Flux generates.
func (g *merge) generated() {
	plain := len(g.ways) // the way to files that no kustomization lists
	g.ways = append(g.ways, way{reached: reached{changes: g.given()}, up: direct})
	copies := g.artifact.Plan.Layout() == packager.LayoutBoth
	var added []step
	for _, i := range g.view.items {
		if i.role != certain {
			continue
		}
		entry := path.Join(g.view.root, i.path)
		w := way{reached: reached{entry, g.given()}, file: i.file.Path, up: direct}
		switch b := g.builds[entry]; {
		case b != nil && b == g.buildIn(b.directory()):
			added = g.follow(added, edge{to: b}, w)
		case b != nil || !g.view.judges(i.source):
		case i.listed || copies:
			g.read(namedFile{source: i.source, entry: entry}, w)
		default:
			g.compare(i.source, plain)
		}
	}
	g.run(added, nil)
}

// build compares the objects of a kustomization.
func (g *merge) build(b *build) {
	g.first[reached{b.entry, g.given()}] = loop
	if k := g.kustomizations[b.source]; k != nil && g.namespace == "" {
		g.first[reached{b.entry, changes{namespace: k.Namespace}}] = loop
	}
	g.expect(b)
	g.assemble(step{build: b, changes: g.given(), way: direct})
}

// given returns what all objects get.
func (g *merge) given() changes { return changes{namespace: g.namespace} }

// loop stands for the way to a kustomization that refers to itself.
const loop = -1

// run follows the references of kustomizations, in their order, and for all but the one at
// the top also their generators and components.
func (g *merge) run(added []step, top *build) {
	slices.Reverse(added)
	for g.next = added; len(g.next) > 0 && !g.ended(); {
		s := g.next[len(g.next)-1]
		g.next = g.next[:len(g.next)-1]
		switch {
		case s.made:
			g.generate(s)
			continue
		case s.toNames() && g.named > maxNamed:
			g.open = true
			continue
		}
		g.merged[s.build] = g.merged[s.build] || s.namespace == ""
		for _, named := range s.files {
			if named.isResource() {
				g.read(named, s.to(named.entry, named.source, named.at))
			}
		}
		var further []step
		for _, e := range s.others {
			if e.isResource() && (!e.isComponent() || s.build != top && g.adds(s.build)) {
				further = g.follow(further, e, s.to(e.to.entry, e.to.source, e.at))
			}
		}
		if s.build != top {
			further = append(further, step{s.build, s.changes, s.by, s.way, true})
		}
		slices.Reverse(further)
		g.next = append(g.next, further...)
		if g.looked > maxLooked {
			g.addUnchecked(cmp.Or(top, s.build))
			return
		}
	}
}

func (g *merge) addUnchecked(b *build) {
	g.add(Finding{
		File: b.file.Path, Hint: "list a file in one kustomization, and refer to that in others",
		Message: fmt.Sprintf("the resources of this kustomization are not checked for duplicates, because kustomizations list more than %d objects", maxLooked),
	})
}

// Bounds of the ways on which names change, of which there may be many to one file. No name
// in Kubernetes is longer.
const (
	maxNamed = 10_000
	maxName  = 253
)

// follow appends a kustomization to those whose references are followed, unless it was
// reached before, or its changes to the objects are not known.
func (g *merge) follow(further []step, e edge, w way) []step {
	g.looked++
	g.open = g.open || !g.isKnown(e.to)
	if k := g.kustomizations[e.to.source]; k != nil {
		w.own = changes{k.Namespace, k.Prefix, k.Suffix}
		if w.namespace == "" && k.Namespace != "" {
			w.namespace, w.by = k.Namespace, e.to
		}
		if w.prefix, w.suffix = w.prefix+k.Prefix, k.Suffix+w.suffix; len(w.prefix)+len(w.suffix) > maxName {
			g.open = true
			return further
		}
	}
	certainly := e.to.holds && !e.to.broken
	perhaps := !certainly && !e.to.broken && !isComponent(e.to.source) && !g.isEmpty(e.to)
	if !g.reach(w, certainly, perhaps) || !g.passes(e.to) {
		return further
	}
	return append(further, step{e.to, w.changes, w.by, len(g.ways) - 1, false})
}

// isEmpty reports whether no engine renders an object of a kustomization.
func (g *merge) isEmpty(b *build) bool {
	for _, v := range g.views {
		if b.outputs[v.index] != none {
			return false
		}
	}
	return true
}

// reach reports whether a file or kustomization is reached for the first time. If not,
// its objects certainly come twice, perhaps, or not.
func (g *merge) reach(w way, certainly, perhaps bool) bool {
	before, again := g.first[w.reached]
	if !again {
		if w.toNames() {
			g.named++
		}
		g.first[w.reached] = len(g.ways)
		g.ways = append(g.ways, w)
		return true
	}
	if before != loop && (certainly || perhaps) && !g.entries[w.entry] {
		g.entries[w.entry] = true
		g.addTwice(g.ways[before], w, certainly)
	}
	return false
}

// addTwice reports a file or directory whose objects come twice.
func (g *merge) addTwice(first, again way, certainly bool) {
	f := Finding{File: again.from.file.Path, Line: again.at.Line, Column: again.at.Column}
	switch {
	case first.from == again.from && isKustomization(again.entry):
		f.Message = fmt.Sprintf("%s refers to the same directory again: %s", again.at.Field, quoteReference(*again.at))
	case first.from == again.from:
		f.Message = fmt.Sprintf("%s lists the same file again: %s", again.at.Field, quoteReference(*again.at))
	case first.from == nil:
		f.Hint = hintBuild
		f.Message = fmt.Sprintf("%s the objects of %v, which come twice: Flux adds them by itself, and %s refers to them", kustomizeSubject(g.building, "refuse"), again, again.at.Field)
	default:
		f.Hint = "refer to it in one place, or set namePrefix, nameSuffix or namespace in one of the kustomizations"
		if g.view != nil {
			f.Hint = hintBuild
		}
		f.Message = fmt.Sprintf("%s the objects of %v, which come twice: because of %s, and because of %s in %.255s:%d", kustomizeSubject(g.building, "refuse"), again, again.at.Field, first.at.Field, first.from.file.Path, first.at.Line)
	}
	if certainly {
		g.refuseBuild(f, g.building)
		return
	}
	f.Severity = Warning
	g.add(f, g.building...)
}

// read compares the objects of a file, unless it was reached before.
func (g *merge) read(named namedFile, w way) {
	if g.reach(w, named.named, false) {
		g.compare(named.source, len(g.ways)-1)
	}
}

// compare compares the objects of a file with those before, unless there are too many.
func (g *merge) compare(s *source, way int) {
	if g.looked += 1 + len(s.content.Objects); g.looked > maxLooked {
		return
	}
	g.open = g.open || len(g.targets) > 0 && s.hides()
	each(s.content.Objects, func(o *objects.Object) {
		if flawOf(o) != "" || o.Name() == "" || !s.isBuilt(o) {
			return
		}
		g.compareObject(placed{located{s, o}, int32(way)})
	})
}

func (g *merge) compareObject(again placed) {
	g.match(again)
	if first, found := g.ids.add(again); found {
		g.addDuplicate(first, again)
	}
}

// addDuplicate reports an object with the identity of another one, unless Flux adds both
// and another rule reports them.
func (g *merge) addDuplicate(first, again placed) {
	one, two := g.ways[first.way], g.ways[again.way]
	same := first.Object == again.Object
	refused, reported := g.objects[again.Object]
	switch {
	case same && one.entry != two.entry:
		g.copies = true
		return
	case refused, reported && len(g.building) == 0, same && g.entries[two.entry]:
		return
	case one.from == nil && two.from == nil && g.namespace == "" && one.changes == two.changes:
		return
	}
	g.objects[again.Object] = true
	subject := kustomizeSubject(g.building, "refuse")
	if same {
		g.entries[two.entry] = true
		g.refuseBuild(Finding{
			File: again.file.Path, Line: int(again.Line), Column: int(again.Column), Hint: "build the object once, in a kustomization of its own",
			Message: fmt.Sprintf("%s the %s %.80q, because it comes twice: %s, and %s, which makes no difference", subject, kindOf(again.Object), again.Name(), one.given(), two.given()),
		}, g.building)
		return
	}
	link := defined
	if first.Name() != again.Name() && (one.toNames() || two.toNames()) {
		link = ", because prefixes and suffixes make one name of two" + defined
	} else if two.namespace != "" && (isNamespace(again.Object) && first.Name() != again.Name() || first.Namespace() != again.Namespace() && !kinds.IsClusterScoped(again.APIVersion(), again.Kind())) {
		link = fmt.Sprintf(", because with the namespace %.80q it is defined", two.namespace)
	}
	g.refuseBuild(duplicateFinding(subject, link, first.located, again.located), g.building)
}
