package preflight

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kubeoci/oci/internal/kinds"
	"github.com/kubeoci/oci/internal/objects"
	"github.com/kubeoci/oci/packager"
)

// identity distinguishes objects in a cluster.
type identity struct{ group, kind, namespace, name string }

func identityOf(l located) identity {
	group, _, found := strings.Cut(l.APIVersion(), "/")
	if !found {
		group = ""
	}
	return identity{group, l.Kind(), namespaceOf(l.Object), l.Name()}
}

// namespaceOf returns the namespace that distinguishes an object from others.
func namespaceOf(o *objects.Object) string {
	if kinds.IsClusterScoped(o.APIVersion(), o.Kind()) {
		return ""
	}
	return cmp.Or(o.Namespace(), "default")
}

// located is an object and the file it is in.
type located struct {
	*source
	*objects.Object
}

func (l located) position() string { return fmt.Sprintf("%.255s:%d", l.file.Path, l.Line) }

// checkDuplicates reports objects that an engine finds in more than one place.
func checkDuplicates(m *model, r *report) {
	d := m.doubles(r)
	plain := len(m.builds) == 0 && m.opts.TargetNamespace == "" // d compares nothing
	for _, v := range m.views {
		if plain && r.refusalsOnly && v.mode == directory {
			continue // a directory with duplicates is not refused
		}
		m.duplicates(v, func(first, again located) {
			if first.Object != again.Object { // not the other copy of the file
				d.objects[again.Object] = d.objects[again.Object] || v.mode == generated
				r.addDuplicate(v, first, again)
			}
		})
	}
	d.check()
	for _, v := range m.views {
		if len(r.refusing) > 0 && !r.refusing[v] {
			m.checkDoublesFor(v, r)
		}
	}
}

// checkDoublesFor reports the objects that an engine refuses, and that were reported for
// another engine only.
func (m *model) checkDoublesFor(v *view, r *report) {
	alone, again := *m, newReport(m.opts)
	alone.views = []*view{v}
	again.rule, again.refusalsOnly = r.rule, r.refusalsOnly
	alone.doubles(again).check()
	maps.Copy(r.refusing, again.refusing)
	for _, f := range slices.Concat(again.found[rankRefused], again.found[rankError]) {
		r.keep(f)
	}
}

// duplicates calls f for each object that the engine reads again.
func (m *model) duplicates(v *view, f func(first, again located)) {
	if v.unique {
		return
	}
	certainly := 0
	for n := range v.items {
		if v.items[n].role == certain {
			certainly++
		}
	}
	seen, unique := newDistinct(identityOf, certainly), true
	for _, i := range v.items {
		if m.ended() {
			return
		}
		if i.role != certain || !v.judges(i.source) {
			continue
		}
		each(i.content.Objects, func(o *objects.Object) {
			if flawOf(o) != "" || o.List {
				return
			}
			if first, again := seen.add(located{i.source, o}); again {
				unique = false
				f(first, located{i.source, o})
			}
		})
	}
	v.unique = unique
}

// defined joins an object that is refused and its positions.
const defined = ": it is defined"

// duplicateFinding describes an object that is in two places. If one of them is a
// symbolic link, there may be one file only, and the link is the cause.
//
// sentence begins the message, such as "Flux refuses", and link joins the object and
// its positions.
func duplicateFinding(sentence, link string, first, again located) Finding {
	f := Finding{
		File: again.file.Path, Line: int(again.Line), Column: int(again.Column),
		Message: fmt.Sprintf("%s the %s %.80q%s here and at %.255s:%d", sentence, kindOf(again.Object), again.Name(), link, first.file.Path, first.Line),
	}
	for _, l := range []located{first, again} {
		if l.file.Linked() {
			f.Message += fmt.Sprintf(", and %.255s is reached through a symbolic link", l.file.Path)
			f.Hint = "exclude the link with Collect.Ignore, or set Collect.Symlinks to files, which skips links to directories"
		}
	}
	return f
}

// addDuplicate distinguishes a duplicate for which an engine fails from one of
// which it applies the last: Argo CD warns and goes on, and to Flux another version
// is another object until it is applied.
func (r *report) addDuplicate(v *view, first, again located) {
	if v.mode == generated && first.APIVersion() == again.APIVersion() {
		r.refuse(duplicateFinding(v.String()+" refuses", defined, first, again), []*view{v})
	} else {
		r.add(duplicateFinding(v.String()+" finds", "", first, again), v)
	}
}

// checkTwoCopies reports an engine that finds both copies of the tree at its path.
func checkTwoCopies(m *model, r *report) {
	for _, v := range m.views {
		both := false
		if m.artifact.Plan.Layout() == packager.LayoutBoth && v.root == "." { // no other path is above both
			m.duplicates(v, func(first, again located) {
				both = both || first.Object == again.Object
			})
			both = both || v.mode == generated && m.buildsBothCopies(v)
		}
		var f Finding
		switch {
		case both && v.mode == generated:
			f.Message = fmt.Sprintf("Flux finds both copies of the tree at the path %q, and refuses the duplicate objects", v.path)
			r.refuse(f, []*view{v})
		case both:
			f.Message = fmt.Sprintf("Argo CD finds both copies of the tree at the path %q", v.path)
			r.add(f, v)
		}
	}
}
