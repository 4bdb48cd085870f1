package preflight

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kubeoci/oci/internal/advice"
	"github.com/kubeoci/oci/internal/kinds"
	"github.com/kubeoci/oci/internal/objects"
	"github.com/kubeoci/oci/packager"
)

// ErrInvalidNamespace reports an [Options.TargetNamespace] that is not the name of a
// namespace.
var ErrInvalidNamespace = errors.New("invalid namespace")

// validateNamespace checks that the namespace is a DNS label, as Kubernetes requires.
func (o Options) validateNamespace() error {
	name := o.TargetNamespace
	letters := func(r rune) bool { return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' }
	rest := strings.TrimFunc(name, func(r rune) bool { return letters(r) || r == '-' })
	if rest == "" && len(name) <= 63 && !strings.HasPrefix(name, "-") && !strings.HasSuffix(name, "-") {
		return nil
	}
	return &advice.Error{
		Err:  fmt.Errorf("%w: %.80q", ErrInvalidNamespace, name),
		Text: "set Preflight.TargetNamespace to lower case letters, digits and hyphens, or leave it empty",
	}
}

// given is the namespace that kustomizations give to objects.
type given struct {
	namespace string
	by        *build // nil if it is the Kustomization of Flux, or nothing
	known     bool   // false if a kustomization may give some namespace
}

// eachBuilt calls f for each file and kustomization with objects that an engine certainly
// builds. It calls f twice if some ways to the file give a namespace and others do not.
func (m *model) eachBuilt(v *view, first given, f func(s *source, namespace given)) {
	type step struct {
		*build
		given
	}
	m.walks++
	reach := func(s *source, g given) bool {
		before := &s.reached
		if g.namespace != "" || !g.known {
			before = &s.reachedGiven
		}
		again := *before == m.walks
		if *before = m.walks; !again {
			f(s, g)
		}
		return !again
	}
	var next []step
	for _, i := range v.items {
		if b := m.buildAt(v, i); i.role == certain && b != nil {
			next = append(next, step{b, first})
		} else if i.role == certain && v.judges(i.source) {
			reach(i.source, first)
		}
	}
	slices.Reverse(next)
	for len(next) > 0 && !m.ended() {
		s := next[len(next)-1]
		next = next[:len(next)-1]
		s.given = m.give(s.build, s.given)
		if !reach(s.source, s.given) {
			continue
		}
		for _, named := range s.files {
			if named.isResource() {
				reach(named.source, s.given)
			}
		}
		for _, e := range slices.Backward(s.others) {
			if e.isResource() {
				next = append(next, step{e.to, s.given})
			}
		}
	}
}

// give returns the namespace that the objects of a kustomization get.
func (m *model) give(b *build, above given) given {
	if above.namespace != "" {
		return above
	}
	k := m.kustomizations[b.source]
	if k != nil && k.Namespace != "" {
		return given{k.Namespace, b, above.known}
	}
	above.known = above.known && !b.rewrites
	for _, e := range b.others {
		if e.isComponent() {
			k := m.kustomizations[e.to.source]
			above.known = above.known && k != nil && k.Namespace == "" && !e.to.rewrites
		}
	}
	return above
}

// isUnplaced reports whether Flux applies an object that needs a namespace and has none.
func isUnplaced(o *objects.Object) bool {
	return o.Namespace() == "" && flawOf(o) == "" && isApplied(o) && kinds.IsNamespaced(o.APIVersion(), o.Kind())
}

// checkNoNamespace reports objects for which Flux fails because they have no namespace,
// unless its Kustomization sets one.
func checkNoNamespace(m *model, r notes) {
	if m.opts.TargetNamespace != "" {
		return
	}
	const most = 3
	for _, v := range m.of(packager.GitOpsEngineFlux) {
		f, n := Finding{}, 0
		m.eachBuilt(v, given{known: true}, func(s *source, g given) {
			if k := m.kustomizations[s]; k != nil && g.known && g.namespace == "" {
				n += k.Unplaced()
			}
			if !s.unplaced || s.kustomizes || !g.known || g.namespace != "" {
				return
			}
			each(s.content.Objects, func(o *objects.Object) {
				if !isUnplaced(o) {
					return
				}
				if n++; f.File == "" {
					f.File, f.Line, f.Column = s.file.Path, int(o.Line), int(o.Column)
				}
				if n <= most {
					f.Message += fmt.Sprintf(", the %s %.80q in %.255s", kindOf(o), o.Name(), s.file.Path)
				}
			})
		})
		if n == 0 {
			continue
		}
		f.Message = fmt.Sprintf("Flux refuses objects without a namespace (%d), unless its Kustomization sets one", n) + strings.Replace(f.Message, ",", ":", 1)
		if v.named {
			f.Severity = Warning
		}
		r.add(f, v)
	}
}

// checkNamespaceRenamed reports Namespaces that kustomize renames, as it does if a
// kustomization gives its objects another namespace.
func checkNamespaceRenamed(m *model, r notes) {
	if len(m.builds) == 0 && m.opts.TargetNamespace == "" {
		return
	}
	done := map[*objects.Object]bool{}
	for _, v := range m.views {
		if v.mode == directory || v.mode == helm {
			continue
		}
		first := given{known: true}
		if v.isFlux() {
			first.namespace = m.opts.TargetNamespace
		}
		m.eachBuilt(v, first, func(s *source, g given) {
			if !s.namespace || g.namespace == "" || s.kustomizes {
				return
			}
			each(s.content.Objects, func(o *objects.Object) {
				if !isNamespace(o) || o.Name() == "" || o.Name() == g.namespace || done[o] {
					return
				}
				done[o] = true
				cause, severity, views := "targetNamespace", Warning, []*view{v}
				if g.by != nil { // the tree is written like that
					cause, severity = fmt.Sprintf("%.255s", g.by.file.Path), Info
					views = m.building(g.by.source)
				}
				r.add(Finding{
					Severity: severity, File: s.file.Path, Line: int(o.Line), Column: int(o.Column),
					Message: fmt.Sprintf("%s the Namespace %.80q to %.80q, because %s gives that namespace to all objects", kustomizeSubject(views, "rename"), o.Name(), g.namespace, cause),
				}, views...)
			})
		})
	}
}
