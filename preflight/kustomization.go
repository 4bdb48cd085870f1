package preflight

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/kubeoci/oci/internal/kustomize"
	"github.com/kubeoci/oci/internal/objects"
	"github.com/kubeoci/oci/internal/redact"
	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
)

// kustomizationsOf calls f with the kustomizations of each directory that an engine
// certainly builds.
func (m *model) kustomizationsOf(f func(v *view, same []*source)) {
	for _, v := range m.views {
		if v.mode == directory || len(m.builds) == 0 {
			continue
		}
		byDirectory := map[string][]*source{}
		for _, i := range v.items {
			if i.role == certain && i.kustomizes {
				dir := path.Dir(i.path)
				byDirectory[dir] = append(byDirectory[dir], i.source)
			}
		}
		for _, dir := range slices.Sorted(maps.Keys(byDirectory)) {
			f(v, byDirectory[dir])
		}
	}
}

func checkTwoKustomizations(m *model, r *report) {
	m.kustomizationsOf(func(v *view, same []*source) {
		if len(same) > 1 {
			one := []*view{v}
			r.refuse(Finding{File: same[1].file.Path, Message: fmt.Sprintf("%s a directory with two kustomizations, this and %s", subject(one, "refuse"), same[0].name())}, one)
		}
	})
}

// checkEmptyKustomization reports kustomizations without fields. Flux adds one to that at
// its path, and renders nothing.
func checkEmptyKustomization(m *model, r *report) {
	for _, b := range m.distinct {
		refusing, passing := m.buildingFault(b.source, true)
		if m.isEmpty(b.source) && (len(refusing) > 0 || len(passing) == 0) {
			r.refuseBuild(Finding{File: b.file.Path, Message: kustomizeSubject(refusing, "refuse") + " an empty kustomization"}, refusing)
		}
	}
}

func (m *model) isEmpty(s *source) bool {
	k := m.kustomizations[s]
	return k != nil && k.Empty
}

// checkKustomizations reports everything for which the build of a kustomization
// fails and that has no rule of its own.
func checkKustomizations(m *model, r *report) {
	checkProblemsOfSet(m, r)
	checkDirectoryInPlace(m, r)
	checkTypes(m, r)
	checkComponents(m, r)
	checkListedKustomizations(m, r)
	checkPatches(m, r)
	checkListedComponents(m, r)
	checkTargets(m, r)
	checkMissing(m, r)
}

// checkProblemsOfSet reports the references that package manifests could not
// resolve.
func checkProblemsOfSet(m *model, r *report) {
	for _, p := range m.problems {
		if m.ended() {
			return
		}
		s := m.file(p.File)
		if s == nil || p.Code == manifests.ProblemDuplicate { // a rule of its own
			continue
		}
		if (s.isBroken() || m.isEmpty(s)) && p.Code == manifests.ProblemInvalid { // reported by another rule
			continue
		}
		if p.Code == manifests.ProblemInvalid && s.file.Size > kustomize.MaxSize { // which kustomize reads
			r.add(Finding{Severity: Warning, File: p.File, Message: fmt.Sprintf("the kustomization has more than %d bytes and is not checked", kustomize.MaxSize), Hint: "split it"})
			continue
		}
		f, building := Finding{File: p.File, Line: p.Line, Column: p.Column, Message: kustomizationFault(p), Hint: p.Hint}, m.building(s)
		if m.isInArchive(p) {
			f.Message, building = f.Message+", which is in the artifact only because of its layout", nil
		}
		r.refuseBuild(f, building)
	}
}

// checkDirectoryInPlace reports a directory in the place of the file that Flux writes if its
// path has no kustomization.
func checkDirectoryInPlace(m *model, r *report) {
	for _, v := range m.views {
		in := slices.IndexFunc(v.items, func(i item) bool { return strings.HasPrefix(i.path, kustomize.Names()[0]+"/") })
		if v.mode == generated && in >= 0 {
			one := []*view{v}
			r.refuse(Finding{
				File: v.items[in].file.Path, Hint: "rename the directory",
				Message: fmt.Sprintf("%s to write %s to its path, because there is a directory of that name", subject(one, "fail"), kustomize.Names()[0]),
			}, one)
		}
	}
}

// isBroken reports whether the file cannot be read as YAML.
func (s *source) isBroken() bool {
	return s.content.Template || slices.ContainsFunc(s.content.Problems, func(p objects.Problem) bool {
		return p.Code != objects.CodeDuplicate && p.Code != objects.CodeStart
	})
}

// checkOmitted counts the problems that package manifests does not list. None is worse
// than those of the same file that it does.
func checkOmitted(m *model, r notes) {
	r.omitWarnings(m.artifact.Plan.Set().OmittedProblems())
}

func kustomizationFault(p manifests.Problem) string {
	text := p.Message
	if p.Path != "" {
		text += fmt.Sprintf(": %.100q", p.Path) // without secrets
	}
	return strings.TrimSpace(p.Field + " " + text)
}

// checkComponents reports components that Flux would build by themselves, and one that it
// would give the apiVersion of a kustomization, because it has none.
func checkComponents(m *model, r *report) {
	m.kustomizationsOf(func(v *view, same []*source) {
		for _, s := range same {
			one := []*view{v}
			if k := m.kustomizations[s]; k != nil && k.Component && !k.Versioned && m.decodes(v, s) {
				r.refuse(Finding{File: s.file.Path, Message: subject(one, "refuse") + " a component without apiVersion at its path", Hint: "set apiVersion to kustomize.config.k8s.io/v1alpha1"}, one)
			}
			if v.mode == generated && isComponent(s) {
				r.refuse(Finding{File: s.file.Path, Message: subject(one, "refuse") + " a component where it expects a kustomization", Hint: "add a kustomization.yaml above it that lists the directories to build"}, one)
			}
		}
	})
}

// isComponent reports whether a kustomization is for use in others only.
func isComponent(s *source) bool {
	docs := s.content.Objects
	return len(docs) > 0 && docs[0].Kind() == "Component"
}

// checkListedKustomizations reports kustomization files among resources.
func checkListedKustomizations(m *model, r *report) {
	for _, b := range m.distinct {
		for _, named := range b.files {
			if named.isListed() && named.kustomizes && named.entry != b.entry && named.hasNoObject() {
				r.refuseBuild(Finding{
					File: b.file.Path, Line: named.at.Line, Column: named.at.Column,
					Message: fmt.Sprintf("%s refers to a kustomization file where its directory is needed: %s", named.at.Field, quoteReference(*named.at)),
				}, m.building(b.source))
			}
		}
	}
}

// checkListedComponents reports components among resources, and others among components.
func checkListedComponents(m *model, r *report) {
	for _, b := range m.distinct {
		for _, e := range b.others {
			k, what := m.kustomizations[e.to.source], ""
			switch {
			case k == nil || k.Component == e.isComponent() || !e.isResource():
				continue
			case k.Component:
				what = "a component, which only components can list"
			default:
				what = "a kustomization, which only resources can list"
			}
			building := m.building(b.source)
			r.refuseBuild(Finding{
				File: b.file.Path, Line: e.at.Line, Column: e.at.Column,
				Message: fmt.Sprintf("%s %s: %s: %s", kustomizeSubject(building, "refuse"), e.at.Field, what, quoteReference(*e.at)),
			}, building)
		}
	}
}

// checkMissing reports files that Flux has dropped when a kustomization needs them:
// one that is certainly built, or one that may be.
func checkMissing(m *model, r *report) {
	if len(m.kustomizations) == 0 {
		return
	}
	for _, v := range m.views {
		for _, n := range v.missing {
			r.refuse(missingFinding(v, n.build.source, *n.named.at), []*view{v})
		}
		for _, i := range v.items {
			if m.ended() {
				return
			}
			for _, ref := range m.references(i.source) {
				needed := m.file(path.Join(path.Dir(i.file.Path), ref.Path))
				if i.role != certain && needed != nil && v.isFlux() && needed.dropped != 0 {
					r.add(missingFinding(v, i.source, ref), v)
				}
			}
		}
	}
}

// quoteReference quotes the path of a reference without the credentials of a URL.
func quoteReference(at kustomize.Reference) string {
	return fmt.Sprintf("%.100q", redact.URLs(at.Path))
}

func missingFinding(v *view, s *source, ref kustomize.Reference) Finding {
	return Finding{
		File: s.file.Path, Line: ref.Line, Column: ref.Column, Hint: hintFluxIgnored,
		Message: fmt.Sprintf("%s refers to a file that %v ignores: %s", ref.Field, v, quoteReference(ref)),
	}
}

// checkLoadRestriction reports files above the directory of a kustomization.
// Kustomize reads them only if it is told to. Flux tells it to, and Argo CD does
// not.
func checkLoadRestriction(m *model, r *report) {
	restricted := m.of(packager.GitOpsEngineArgoCD)
	if len(restricted) == 0 {
		return
	}
	for _, b := range m.distinct {
		for _, named := range b.files {
			if !b.isAbove(named) || named.at.Kind == kustomize.Directory || named.at.Kind == kustomize.Tree {
				continue
			}
			f := Finding{
				File: b.file.Path, Line: named.at.Line, Column: named.at.Column,
				Message: fmt.Sprintf("%s refers to a file above the directory of its kustomization, which Argo CD refuses: %s", named.at.Field, quoteReference(*named.at)),
			}
			switch {
			case restricted[0].builds(b.source):
				r.refuse(f, restricted)
				continue
			case restricted[0].named:
				f.Severity = Warning
			}
			r.add(f, restricted...)
		}
	}
}

// refuseBuild reports a finding for which the build of a kustomization fails. If no
// engine is certain to build it, the finding is a Warning.
func (r *report) refuseBuild(f Finding, building []*view) {
	if len(building) > 0 {
		r.refuse(f, building)
		return
	}
	f.Severity = Warning
	r.add(f)
}

// kustomizeSubject is subject if there may be no engine that is certain to build a
// kustomization.
func kustomizeSubject(building []*view, verb string) string {
	if len(building) == 0 {
		return "kustomize " + verb + "s"
	}
	return subject(building, verb)
}
