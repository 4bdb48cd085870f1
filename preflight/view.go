package preflight

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/kubeoci/oci/internal/kustomize"
	"github.com/kubeoci/oci/packager"
)

const chartFile = "Chart.yaml"

// isKustomization reports whether kustomize takes a file of this name, in any
// folder, for its configuration.
func isKustomization(name string) bool { return kustomize.IsName(path.Base(name)) }

// isComponent reports whether a kustomization is for use in others alone.
func isComponent(s *source) bool {
	docs := s.content.Objects
	return len(docs) > 0 && docs[0].Kind == "Component"
}

// mode is how an engine renders what is at its path.
type mode int

const (
	generated mode = iota // Flux, from all YAML below
	directory             // Argo CD, from the files of one folder
	built                 // either, from a kustomization
	helm                  // Argo CD, from a chart
)

// role is what a file is to an engine.
type role int

const (
	unread  role = iota
	perhaps      // where a kustomization says so
	certain      // it is read, whatever other files say
)

// view is what one engine finds at its path.
type view struct {
	engine packager.GitOpsEngine
	named  bool
	path   string // as the engine is told
	root   string // the same, clean
	mode   mode
	items  []item // in the order of paths
	roles  map[*source]role

	dropped map[*source]bool // before it looks at its path
}

// item is a file below the path of an engine.
type item struct {
	*source
	path string // from the path of the engine
	role role
}

// look finds out what each engine would see. The error is that of ctx.
func (c *checker) look(ctx context.Context) error {
	for _, v := range []*view{
		{engine: packager.GitOpsEngineFlux, path: c.opts.Paths.Flux},
		{engine: packager.GitOpsEngineArgoCD, path: c.opts.Paths.ArgoCD},
	} {
		var wanted bool
		if wanted, v.named = c.wants(v.engine); !wanted {
			continue
		}
		v.root = path.Clean(v.path)
		v.items = make([]item, 0, len(c.entries))
		v.roles, v.dropped = make(map[*source]role, len(c.sources)), map[*source]bool{}
		if err := c.find(ctx, v); err != nil {
			return err
		}
		v.mode = v.findMode()
		v.assignRoles()
		c.follow(v)
		c.views = append(c.views, v)
	}
	return nil
}

// wants reports whether the artifact has to serve an engine, and whether that is
// because it was named.
func (c *checker) wants(engine packager.GitOpsEngine) (wanted, named bool) {
	var any bool
	for _, name := range c.opts.Engines {
		e, _ := packager.ParseGitOpsEngine(string(name)) // it is validated
		any = any || e != packager.GitOpsEngineNone
		named = named || e == engine
	}
	if any {
		return named, named
	}
	only := packager.GitOpsEngineArgoCD
	switch c.plan.Layout() {
	case packager.LayoutBoth:
		return true, false
	case packager.LayoutRoot:
		only = packager.GitOpsEngineFlux
	}
	return engine == only, engine == only
}

// find lists what of the archive is below the path of an engine, and is not
// dropped by it before. Many rules take their time.
func (c *checker) find(ctx context.Context, v *view) error {
	for _, e := range c.entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		rule := c.dropping(v, e.Path)
		if rule != nil {
			v.dropped[c.byPath[e.File.Path]] = true
		}
		rel := e.Path
		if v.root != "." {
			var below bool
			if rel, below = strings.CutPrefix(e.Path, v.root+"/"); !below {
				continue
			}
		}
		if rule != nil {
			c.addIgnored(v, c.byPath[e.File.Path], rule)
			continue
		}
		v.items = append(v.items, item{source: c.byPath[e.File.Path], path: rel})
	}
	return nil
}

// findMode goes by the files directly at the path. Of those that would have their
// way, the last in the order of names has it with Argo CD, which takes any name
// with this end for that of a chart.
func (v *view) findMode() mode {
	found := generated
	if v.engine == packager.GitOpsEngineArgoCD {
		found = directory
	}
	for _, i := range v.items {
		switch {
		case path.Dir(i.path) != ".":
		case isKustomization(i.path):
			found = built
		case v.engine == packager.GitOpsEngineArgoCD && strings.HasSuffix(i.path, chartFile):
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
		if path.Dir(i.path) != "." || i.lacks(".yaml", ".yml", ".json") {
			return unread
		}
		return certain
	}
	outermost := outermostFolder(i.path, func(dir string) bool { return kustomized[dir] })
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

// outermostFolder is the last folder above a file that is one of those, "."
// included, and empty where there is none.
func outermostFolder(name string, of func(dir string) bool) (outermost string) {
	for dir, last := path.Dir(name), name; dir != last; dir, last = path.Dir(dir), dir {
		if of(dir) {
			outermost = dir
		}
	}
	return outermost
}

// reading lists the engines that certainly read the file.
func (c *checker) reading(s *source) []*view {
	return c.viewsWhere(func(v *view) bool { return v.roles[s] == certain })
}

func (c *checker) viewsWhere(f func(*view) bool) []*view {
	var some []*view
	for _, v := range c.views {
		if f(v) {
			some = append(some, v)
		}
	}
	return some
}

// add reports a finding that concerns some engines. Its hint is that of the
// code, where it has none of its own.
func (c *checker) add(f Finding, concerned []*view) {
	if f.Hint == "" {
		f.Hint = hints[f.Code]
	}
	if len(concerned) == 1 {
		f.Engine = concerned[0].engine
	}
	c.findings = append(c.findings, f)
}

// addRefused is add, for what makes the engines fail or render nothing.
func (c *checker) addRefused(f Finding, refusing []*view) {
	f.Severity = Warning
	if len(refusing) == len(c.views) || slices.ContainsFunc(refusing, func(v *view) bool { return v.named }) {
		f.Severity = Error
	}
	c.add(f, refusing)
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
	if v.engine == packager.GitOpsEngineArgoCD {
		return "Argo CD"
	}
	return "Flux"
}
