package preflight

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

func checkNoFiles(m *model, r notes) {
	if len(m.sources) == 0 {
		r.add(Finding{Severity: Error, Message: "the artifact has no files"})
	}
}

// isMissing reports whether there is nothing at the path of the engine.
func (v *view) isMissing() bool { return len(v.items) == 0 && v.root != "." }

// isAbsent reports whether it is missing in the archive, too.
func (v *view) isAbsent() bool { return v.isMissing() && len(v.ignored) == 0 }

// renders reports whether an engine renders an object of a file, or fails for it. What
// it renders of a chart, of Jsonnet and of some kustomizations is not known.
func (m *model) renders(v *view, i item) bool {
	switch {
	case v.mode == helm:
		return true
	case i.role != certain:
		return false
	case v.mode != directory && i.kustomizes:
		return m.outputAt(v, i) == anything
	case v.mode == built:
		return false // unless a kustomization lists it
	case path.Ext(i.path) == jsonnet:
		return true
	case v.mode == directory && !i.content.JSON:
		refusable := i.kindless || i.content.Template || len(i.content.Problems) > 0
		return i.kind || i.likeObject && refusable || i.isUnread()
	}
	return len(i.content.Problems) > 0 || i.content.Template || i.applied || v.isArgoCD() && i.something
}

// countBelow counts the files with objects that Argo CD does not read because they are in
// subdirectories.
func (v *view) countBelow() (n int) {
	if v.mode != directory || v.recurse {
		return 0
	}
	for _, i := range v.items {
		if i.object && i.chart == "" && i.isDeep() {
			n++
		}
	}
	return n
}

func checkPathMissing(m *model, r *report) {
	if missing := m.viewsWhere((*view).isAbsent); len(missing) > 0 && len(m.sources) > 0 {
		r.refuse(Finding{Message: subject(missing, "find") + " no directory " + quotePaths(missing)}, missing)
	}
	for _, v := range m.views {
		if v.isMissing() && !v.isAbsent() {
			one := []*view{v}
			r.refuse(Finding{Message: fmt.Sprintf("Flux finds no directory %s, because it ignores all files there", quotePaths(one)), Hint: hintFluxIgnored}, one)
		}
	}
}

func checkNothingRendered(m *model, r *report) {
	nothing := m.viewsWhere(func(v *view) bool { return v.rendersNothing && v.below == 0 })
	if len(nothing) == 0 || len(m.sources) == 0 {
		return
	}
	f := Finding{Message: subject(nothing, "render") + " nothing at the path " + quotePaths(nothing) + ", without an error"}
	_, _, kustomization := nothing[0].renderers()
	if !slices.ContainsFunc(nothing, func(v *view) bool { return v.mode != built }) {
		f.File, f.Hint = kustomization.file.Path, "list the manifests under resources, or set Preflight.Path to the directory that holds them: an engine that prunes deletes everything it applied before"
		f.Message += ", because this kustomization has no objects, and neither have those that it refers to"
	}
	r.refuse(f, nothing)
}

// quotePaths lists the paths of engines.
func quotePaths(views []*view) string {
	var paths []string
	for _, v := range views {
		paths = append(paths, fmt.Sprintf("%q", v.path))
	}
	return strings.Join(slices.Compact(paths), " and ")
}

func checkSubfoldersOnly(m *model, r *report) {
	for _, v := range m.views {
		if v.rendersNothing && v.below > 0 {
			r.refuse(Finding{Message: fmt.Sprintf("all manifests at the path %q are in subdirectories, which Argo CD does not read by default, so that it renders nothing", v.path)}, []*view{v})
		}
	}
}

func checkSubfolders(m *model, r notes) {
	for _, v := range m.views {
		if v.below > 0 && !v.rendersNothing {
			r.add(Finding{Message: fmt.Sprintf("Argo CD does not read the subdirectories of its path %q by default (files with objects in them: %d)", v.path, v.below)}, v)
		}
	}
}

// checkRenderedBy reports the files that make Argo CD render a directory as more
// than plain files.
func checkRenderedBy(m *model, r *report) {
	for _, v := range m.views {
		checkSettings(v, r)
		if v.recurse {
			checkNotRendered(v, r)
		}
		if !v.isArgoCD() || v.mode != helm && v.mode != built {
			continue
		}
		chart, likeChart, kustomization := v.renderers()
		f := Finding{}
		switch {
		case v.mode == helm && chart == nil:
			f.File, f.Message, f.Hint = likeChart.file.Path, "Argo CD takes this file for a Helm chart because its name ends in Chart.yaml, and refuses it", "rename it"
			r.refuse(f, []*view{v})
			continue
		case v.mode == helm:
			f.File, f.Message = chart.file.Path, "Argo CD renders this Helm chart"
			if kustomization != nil {
				f.Message += ", not the kustomization beside it"
			}
		default:
			f.File, f.Message = kustomization.file.Path, "Argo CD renders this kustomization"
			if chart != nil {
				f.Message += ", not the Helm chart beside it"
			}
		}
		if chart != nil && kustomization != nil {
			f.Severity, f.Hint = Warning, "keep them in separate directories"
		}
		r.add(f, v)
	}
}

// settingsFile holds settings that Argo CD merges into the Application.
const settingsFile = ".argocd-source.yaml"

// checkSettings reports settings that Argo CD cannot merge, because they are not a mapping.
func checkSettings(v *view, r *report) {
	for _, i := range v.items {
		if !v.isArgoCD() || i.path != settingsFile || i.isUnread() || i.content.Template {
			continue
		}
		if docs := i.content.Objects; len(docs) == 0 || !docs[0].Mapping {
			r.refuse(Finding{File: i.file.Path, Message: "Argo CD refuses this file, because its settings are not a mapping", Hint: "correct it, or remove it"}, []*view{v})
		}
	}
}

const hintNotRendered = "unset directory.recurse in the Application, and Preflight.DirectoryRecurse here"

// checkNotRendered reports kustomizations and charts of which Argo CD reads the
// files, because it recurses into directories.
func checkNotRendered(v *view, r *report) {
	for _, i := range v.items {
		what := ""
		switch {
		case i.kustomizes:
			what = "kustomization"
		case i.name() == chartFile && path.Dir(i.file.Path) == i.chart:
			what = "Helm chart"
		default:
			continue
		}
		r.add(Finding{
			Severity: Warning, File: i.file.Path,
			Message: fmt.Sprintf("Argo CD does not render this %s, because it reads all files below its path as plain manifests", what),
			Hint:    hintNotRendered,
		}, v)
	}
}

// renderers returns the files directly at the path that select how Argo CD renders:
// a chart, a file named almost like one, and the first kustomization.
func (v *view) renderers() (chart, likeChart, kustomization *source) {
	for _, i := range v.items {
		switch {
		case i.isDeep():
		case i.path == chartFile:
			chart = i.source
		case strings.HasSuffix(i.path, chartFile):
			likeChart = i.source
		case i.kustomizes && kustomization == nil:
			kustomization = i.source
		}
	}
	return chart, likeChart, kustomization
}
