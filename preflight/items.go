package preflight

import (
	"fmt"

	"github.com/kubeoci/oci/internal/objects"
)

// isReplaced reports whether an engine applies the items of an object in its place.
func isReplaced(o *objects.Object) bool { return o.Has(objects.Replaced) || o.Has(objects.NoItems) }

// checkItems reports objects that engines take for lists. The client library of Kubernetes
// takes any object with a list of items for one (unstructured.IsList), kustomize does not.
func checkItems(m *model, r *report) {
	for _, s := range m.suspects {
		if m.ended() {
			return
		}
		each(s.content.Objects, func(o *objects.Object) {
			if isReplaced(o) && !o.Has(objects.Local) {
				checkReplaced(m, s, o, r)
			}
		})
	}
}

func checkReplaced(m *model, s *source, o *objects.Object, r *report) {
	applying, judging := m.applying(s), m.judging(s)
	if !o.Has(objects.Replaced) {
		_, judging = split(judging)
	}
	f := Finding{File: s.file.Path, Line: int(o.Line), Column: int(o.Column)}
	object := fmt.Sprintf("the %s %.80q", kindOf(o), o.Name())
	odd := " to apply the items of " + object + ", because one of them is not an object with a kind"
	switch {
	case len(judging) == 0:
	case o.Has(objects.OddItems) && len(applying) > 0:
		f.Message = subject(applying, "fail") + odd
		r.refuse(f, applying)
	case o.Has(objects.OddItems):
		f.Message = subject(judging, "fail") + odd
		r.add(f, judging...)
	case o.Name() != "": // one without is meant as a list
		f.Message = subject(judging, "skip") + " " + object
		if !o.Has(objects.NoItems) {
			f.Message += " in favor of its items"
		}
		f.Message += ", because the field items makes it a list"
		r.add(f, judging...)
	}
}
