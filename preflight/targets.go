package preflight

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/kubeoci/oci/internal/kinds"
	"github.com/kubeoci/oci/internal/kustomize"
	"github.com/kubeoci/oci/internal/objects"
)

// maxSought bounds the time for finding the targets of all patches: about a second.
const maxSought = 100_000_000

// checkTargets reports patches and numbers of replicas for objects that are certainly not
// among the resources of a kustomization.
func checkTargets(m *model, r *report) {
	looked, compared := 0, 0
	for _, b := range m.distinct {
		targets := m.targets(b)
		if len(targets) == 0 || m.ended() {
			continue
		}
		found := resourcesOf{top: b, done: map[*build]bool{}}
		if !found.collect(m, b, &looked) {
			continue
		}
		for _, n := range targets {
			if compared += len(found.objects); compared > maxSought || m.ended() {
				return
			}
			if !found.have(n.Target) {
				building := m.building(b.source)
				r.refuseBuild(Finding{
					File: b.file.Path, Line: n.Line, Column: n.Column,
					Message: fmt.Sprintf("%s %.100s: there is no %s among the resources%s", kustomizeSubject(building, "refuse"), n.Field, describe(n.Target), n.file),
				}, building)
			}
		}
	}
}

// target is what a kustomization needs for a text in it, or for a file.
type target struct {
	kustomize.Target
	file string
}

// targets returns what a kustomization needs. The objects to which a component is applied are
// not known.
func (m *model) targets(b *build) (all []target) {
	k := m.kustomizations[b.source]
	if k == nil || k.Component {
		return nil
	}
	for _, n := range k.Targets {
		all = append(all, target{n, ""})
	}
	for _, named := range b.files {
		if !named.isPatch() || named.at.Targeted || !named.isRead() || named.fault() != nil {
			continue
		}
		for _, names := range kustomize.Patched(named.content.Objects) {
			at := kustomize.Mark{Field: named.at.Field, Line: named.at.Line, Column: named.at.Column}
			all = append(all, target{kustomize.Target{Mark: at, Names: names}, ": " + quoteReference(*named.at)})
		}
	}
	return all
}

func describe(n kustomize.Target) string {
	if n.Kind == "" {
		return fmt.Sprintf("%s or %s %.80q", strings.Join(replicated[1:], ", "), replicated[0], n.Name)
	}
	text := fmt.Sprintf("%.80s %.80q of %.80q", n.Kind, n.Name, n.APIVersion)
	if n.Namespace != "" {
		text += fmt.Sprintf(" in the namespace %.80q", n.Namespace)
	}
	return text
}

// replicated are the kinds of which kustomize sets the number of replicas.
var replicated = []string{"Deployment", "ReplicaSet", "ReplicationController", "StatefulSet"}

// resourcesOf are the objects that a kustomization changes.
type resourcesOf struct {
	top       *build
	objects   []*objects.Object
	generates bool // there may be ConfigMaps and Secrets besides them
	moved     bool // they may be in other namespaces
	done      map[*build]bool
}

// collect adds the objects of a kustomization and of those that it refers to. It reports
// false if not all of them are known.
func (f *resourcesOf) collect(m *model, b *build, looked *int) bool {
	f.done[b] = true
	k := m.kustomizations[b.source]
	if len(f.done) > maxNested || k == nil || b.broken || b.rewrites || k.Configured || len(k.Charts) > 0 || len(k.Programs) > 0 {
		return false
	}
	f.generates = f.generates || k.Generates || len(k.Generators) > 0
	f.moved = f.moved || k.Namespace != "" && b != f.top
	for i := range k.References {
		if isPluginField(k.References[i].Field) {
			return false
		}
	}
	known := true
	for _, named := range b.files {
		if *looked += 1 + len(named.content.Objects); *looked > maxLooked {
			return false
		}
		if !named.isListed() {
			continue
		}
		known = known && !named.kustomizes && named.isRead()
		each(named.content.Objects, func(o *objects.Object) {
			known = known && !o.Has(objects.Numeric)
			f.objects = append(f.objects, o)
		})
	}
	for _, e := range b.others {
		if known && e.isResource() && !f.done[e.to] {
			known = f.collect(m, e.to, looked)
		}
	}
	return known
}

// have reports whether an object may be the one that is needed. Any text may come before and
// behind its name.
func (f *resourcesOf) have(n kustomize.Target) bool {
	if f.generates && (n.Kind == "ConfigMap" || n.Kind == "Secret") {
		return true
	}
	inAny := f.moved || n.Kind == "" || kinds.IsClusterScoped(n.APIVersion, n.Kind)
	return slices.ContainsFunc(f.objects, func(o *objects.Object) bool {
		same := o.Kind() == n.Kind && strings.TrimPrefix(o.APIVersion(), "/") == strings.TrimPrefix(n.APIVersion, "/")
		return (same || n.Kind == "" && slices.Contains(replicated, o.Kind())) && strings.Contains(n.Name, o.Name()) &&
			(inAny || cmp.Or(o.Namespace(), "default") == cmp.Or(n.Namespace, "default"))
	})
}
