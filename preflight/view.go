package preflight

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/kubeoci/oci/internal/kustomize"
	"github.com/kubeoci/oci/packager"
)

// isKustomization reports whether kustomize takes a file of this name, in any
// directory, for its configuration.
func isKustomization(name string) bool { return kustomize.IsName(path.Base(name)) }

// mode is how an engine renders the directory at its path.
type mode int

const (
	generated mode = iota // Flux, from all YAML below
	directory             // Argo CD, from the files of one directory
	built                 // either, from a kustomization
	helm                  // Argo CD, from a chart
)

// jsonnet is the extension of files that Argo CD evaluates in a plain directory.
const jsonnet = ".jsonnet"

// role is the use that an engine makes of a file.
type role int8

const (
	unread  role = iota
	perhaps      // it is read if a kustomization lists it
	certain      // it is read, whatever other files contain
)

// view is what one engine finds at its path.
type view struct {
	engine packager.GitOpsEngine
	index  int    // in source.uses
	named  bool   // by the caller
	path   string // as the engine is told
	root   string // the same, clean
	// recurse reports that Argo CD reads plain files in all subdirectories.
	recurse bool
	mode    mode
	items   []item // in the order of paths

	dropped map[string]match // by Flux, anywhere in the archive
	ignored []ignored        // the same, below its path
	missing []missing        // what a kustomization needs and Flux has dropped

	rendersNothing bool // at the path, which exists
	below          int  // how many files with objects Argo CD does not read because they are in subdirectories
	unique         bool // no object is read again, as far as is known
}

// item is a file below the path of an engine.
type item struct {
	*source
	path string // from the path of the engine
	role role
}

// isDeep reports whether the file is in a subdirectory of the path.
func (i *item) isDeep() bool { return strings.Contains(i.path, "/") }

// ignored is a file that Flux drops.
type ignored struct {
	*source
	by match
}

// drops reports whether the engine drops a file of the archive.
func (v *view) drops(entry string) bool { return v.dropped[entry].rule != nil }

// reads reports whether the engine certainly reads a file.
func (v *view) reads(s *source) bool { return s.uses[v.index].role == certain }

// builds reports whether the engine certainly builds a kustomization, or a file
// among its resources.
func (v *view) builds(s *source) bool { return v.reads(s) && v.mode != directory }

// readsPlain reports whether Argo CD certainly reads a file as one of a plain
// directory.
func (v *view) readsPlain(s *source) bool { return v.reads(s) && v.mode == directory }

// judges reports whether the engine certainly reads the objects of a file one by
// one. A chart and a kustomization have rules of their own, unless Argo CD reads
// their files as plain ones.
func (v *view) judges(s *source) bool {
	return v.reads(s) && (v.recurse || s.chart == "" && !s.kustomizes)
}

func (v *view) isFlux() bool { return v.engine == packager.GitOpsEngineFlux }

func (v *view) isArgoCD() bool { return v.engine == packager.GitOpsEngineArgoCD }

// paths returns the paths of the engines.
func (m *model) paths() packager.EnginePaths {
	paths, given := m.artifact.Plan.Paths(), m.artifact.Paths
	paths.Flux, paths.ArgoCD = cmp.Or(given.Flux, paths.Flux), cmp.Or(given.ArgoCD, paths.ArgoCD)
	return paths.Below(m.path)
}

// findViews finds out what each engine would see.
func (m *model) findViews() {
	paths := m.paths()
	for _, v := range []*view{
		{engine: packager.GitOpsEngineFlux, path: paths.Flux},
		{engine: packager.GitOpsEngineArgoCD, path: paths.ArgoCD, recurse: m.recurse},
	} {
		named, any := m.artifact.names(v.engine)
		if any && !named {
			continue
		}
		if m.engines++; v.isFlux() && m.unknown != nil {
			continue
		}
		v.index, v.named, v.root = len(m.views), named, path.Clean(v.path)
		v.items = make([]item, 0, len(m.sources))
		if m.find(v); m.ended() {
			return
		}
		v.mode = v.findMode()
		v.assignRoles()
		m.follow(v)
		m.views = append(m.views, v)
	}
	m.settle()
	for _, v := range m.views {
		v.below = v.countBelow()
		v.rendersNothing = !v.isMissing() && !slices.ContainsFunc(v.items, func(i item) bool { return m.renders(v, i) })
	}
}

// find lists the files of the archive that are below the path of an engine, and
// that it does not drop before.
func (m *model) find(v *view) {
	if v.isFlux() { // Argo CD drops no file
		v.dropped = m.files.dropped()
	}
	directories := make([]string, len(m.copies)) // in each copy; empty outside of the path
	for n, c := range m.copies {
		directories[n] = v.directoryIn(c)
	}
	for _, s := range m.sources {
		if m.ended() {
			return
		}
		for n, c := range m.copies {
			rel, below := v.pathIn(c, directories[n], s.file.Path)
			switch {
			case !below:
			case v.isFlux() && s.dropped&(1<<n) != 0:
				v.ignored = append(v.ignored, ignored{s, v.dropped[c+s.file.Path]})
			default:
				v.items = append(v.items, item{source: s, path: rel})
			}
		}
	}
	slices.SortFunc(v.items, func(a, b item) int { return strings.Compare(a.path, b.path) }) // copies follow their files
}

// findMode goes by the files directly at the path. If several files select a mode,
// Argo CD uses the last in name order; any name ending in Chart.yaml counts. An
// Application with settings for a directory is a directory whatever is in it
// (ApplicationSource.ExplicitType of Argo CD).
func (v *view) findMode() mode {
	found := generated
	if v.isArgoCD() {
		found = directory
	}
	if v.recurse {
		return found
	}
	for _, i := range v.items {
		switch {
		case i.isDeep():
		case i.kustomizes:
			found = built
		case v.isArgoCD() && strings.HasSuffix(i.path, chartFile):
			found = helm
		}
	}
	return found
}

func (v *view) assignRoles() {
	kustomized := map[string]bool{}
	for _, i := range v.items {
		if i.kustomizes {
			kustomized[path.Dir(i.path)] = true
		}
	}
	var above *byDirectory[string]
	if len(kustomized) > 0 {
		above = outermost(kustomized)
	}
	for n := range v.items {
		i := &v.items[n]
		i.role = v.roleOf(i, above)
		i.uses[v.index].role = max(i.uses[v.index].role, i.role)
	}
}

func (v *view) roleOf(i *item, kustomized *byDirectory[string]) role {
	switch v.mode {
	case helm:
		return unread
	case directory:
		// Argo CD reads hidden files, and hidden directories, too.
		if i.isDeep() && !v.recurse || i.skipped || i.lacks(".yaml", ".yml", ".json", jsonnet) {
			return unread
		}
		return certain
	}
	if kustomized != nil {
		dir := path.Dir(i.path)
		switch outermost := kustomized.at(dir); {
		case outermost != "" && outermost == dir && i.kustomizes:
			return certain
		case outermost != "":
			return perhaps
		}
	}
	if i.lacks(".yaml", ".yml") {
		return unread
	}
	return certain
}

// subject returns the engines and a verb: "Flux refuses", "Flux and Argo CD refuse".
func subject(views []*view, verb string) string {
	if len(views) == 1 {
		return views[0].String() + " " + verb + "s"
	}
	var names []string
	for _, v := range views {
		names = append(names, v.String())
	}
	return strings.Join(names, " and ") + " " + verb
}

func (v *view) String() string {
	if v.isArgoCD() {
		return "Argo CD"
	}
	return "Flux"
}
