package preflight

import (
	"cmp"
	"context"
	"path"
	"strings"

	"github.com/kubeoci/oci/internal/flux"
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

// role is what a file is to an engine.
type role int

const (
	unread  role = iota
	perhaps      // it is read if a kustomization lists it
	certain      // it is read, whatever other files contain
)

// view is what one engine finds at its path.
type view struct {
	engine packager.GitOpsEngine
	named  bool   // by the caller
	path   string // as the engine is told
	root   string // the same, clean
	// recurse reports that Argo CD reads plain files in all subdirectories.
	recurse bool
	mode    mode
	items   []item // in the order of paths
	roles   map[*source]role

	dropped map[*source]bool // by Flux, anywhere in the archive
	ignored []ignored        // the same, below its path
	missing []missing        // what a kustomization needs and Flux has dropped
}

// item is a file below the path of an engine.
type item struct {
	*source
	path string // from the path of the engine
	role role
}

// ignored is a file that Flux drops.
type ignored struct {
	*source
	rule *flux.Rule
	file string // the ignore file with the rule, in the archive; empty for a default
}

// reads reports whether the engine certainly reads a file.
func (v *view) reads(s *source) bool { return v.roles[s] == certain }

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
	return v.reads(s) && (v.recurse || s.chart == "" && !isKustomization(s.file.Path))
}

func (v *view) isFlux() bool { return v.engine == packager.GitOpsEngineFlux }

func (v *view) isArgoCD() bool { return v.engine == packager.GitOpsEngineArgoCD }

// findViews finds out what each engine would see. The error is that of ctx.
func (m *model) findViews(ctx context.Context) error {
	paths, given := m.artifact.Plan.Paths(), m.artifact.Paths
	paths.Flux, paths.ArgoCD = cmp.Or(given.Flux, paths.Flux), cmp.Or(given.ArgoCD, paths.ArgoCD)
	paths = paths.Below(m.opts.path())
	for _, v := range []*view{
		{engine: packager.GitOpsEngineFlux, path: paths.Flux},
		{engine: packager.GitOpsEngineArgoCD, path: paths.ArgoCD, recurse: m.opts.DirectoryRecurse},
	} {
		named, any := m.artifact.names(v.engine)
		if any && !named {
			continue
		}
		v.named, v.root = named, path.Clean(v.path)
		v.items = make([]item, 0, len(m.entries))
		v.roles, v.dropped = make(map[*source]role, len(m.sources)), map[*source]bool{}
		if err := m.find(ctx, v); err != nil {
			return err
		}
		v.mode = v.findMode()
		v.assignRoles()
		m.follow(v)
		m.views = append(m.views, v)
	}
	return nil
}

// find lists the files of the archive that are below the path of an engine, and
// that it does not drop before. Many rules take their time, so it checks ctx.
func (m *model) find(ctx context.Context, v *view) error {
	for _, e := range m.entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		s := m.byPath[e.File.Path]
		rule, file := m.dropRule(v, e.Path)
		if rule != nil {
			v.dropped[s] = true
		}
		rel := e.Path
		if v.root != "." {
			var below bool
			if rel, below = strings.CutPrefix(e.Path, v.root+"/"); !below {
				continue
			}
		}
		if rule != nil {
			v.ignored = append(v.ignored, ignored{s, rule, file})
			continue
		}
		v.items = append(v.items, item{source: s, path: rel})
	}
	return nil
}

// dropRule returns the rule for which an engine drops an entry of the archive, or
// nil, and the ignore file that has it, or "". Argo CD drops none.
func (m *model) dropRule(v *view, name string) (*flux.Rule, string) {
	if !v.isFlux() {
		return nil, ""
	}
	return m.ignore.Match(name)
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
		case path.Dir(i.path) != ".":
		case isKustomization(i.path):
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
		if isKustomization(i.path) {
			kustomized[path.Dir(i.path)] = true
		}
	}
	for n := range v.items {
		i := &v.items[n]
		i.role = v.roleOf(i, kustomized)
		v.roles[i.source] = max(v.roles[i.source], i.role)
	}
}

func (v *view) roleOf(i *item, kustomized map[string]bool) role {
	switch v.mode {
	case helm:
		return unread
	case directory:
		// Argo CD takes hidden files and directories too.
		if path.Dir(i.path) != "." && !v.recurse || i.lacks(".yaml", ".yml", ".json", jsonnet) {
			return unread
		}
		return certain
	}
	outermost := outermostDirectory(i.path, func(dir string) bool { return kustomized[dir] })
	switch {
	case outermost != "" && outermost == path.Dir(i.path) && isKustomization(i.path):
		return certain
	case outermost != "":
		return perhaps
	case i.lacks(".yaml", ".yml"):
		return unread
	}
	return certain
}

// subject is the engines and a verb: "Flux refuses", "Flux and Argo CD refuse".
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
