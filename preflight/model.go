package preflight

import (
	"cmp"
	"context"
	"path"
	"slices"
	"strings"

	"github.com/kubeoci/oci/internal/flux"
	"github.com/kubeoci/oci/internal/kustomize"
	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
)

const chartFile = "Chart.yaml"

// model is what the engines find in an artifact. It is complete before the first
// rule reads it.
type model struct {
	artifact Artifact
	opts     Options
	entries  []packager.Entry
	problems []manifests.Problem // of the Set

	sources []*source // in the order of paths
	byPath  map[string]*source
	views   []*view
	builds  map[string]*build // kustomizations, by their paths in the archive
	flaws   []flaw

	ignore      *flux.Ignore
	ignoreFiles map[string]*source // those with rules, by their paths in the archive
}

// source is a file of the Set, however often it is in the archive.
type source struct {
	file manifests.File
	*facts
	// references are those of a kustomization that can be read.
	references []kustomize.Reference
	// listed reports that a kustomization has it among its resources.
	listed bool
	// chart is the outermost directory with a Chart.yaml at or above the file, "."
	// included, and empty if there is none.
	chart string
}

func (s *source) name() string { return path.Base(s.file.Path) }

func (s *source) lacks(ext ...string) bool { return !slices.Contains(ext, path.Ext(s.file.Path)) }

// isSource reports whether a file of a chart is one that Helm renders. One that is
// a template is counted by the rule about charts, and no other rule looks into it.
func (s *source) isChartTemplate() bool {
	return s.chart != "" && (s.content.Template || strings.HasPrefix(s.file.Path, path.Join(s.chart, "templates")+"/"))
}

// newModel reads the files and finds out what each engine makes of them.
func newModel(ctx context.Context, a Artifact, opts Options) (*model, error) {
	set := a.Plan.Set()
	m := &model{artifact: a, opts: opts, entries: a.Plan.Entries(), problems: set.Problems()}
	m.collect()
	if err := m.read(ctx, set, cmp.Or(a.Cache, new(Cache))); err != nil {
		return nil, err
	}
	if err := m.readReferences(set); err != nil {
		return nil, err
	}
	m.findIgnoreRules()
	m.findBuilds()
	if err := m.findViews(ctx); err != nil {
		return nil, err
	}
	m.findFlaws()
	return m, nil
}

// collect lists the files of the artifact, each of them once.
func (m *model) collect() {
	m.byPath = make(map[string]*source, len(m.entries))
	charts := false
	for _, e := range m.entries {
		if m.byPath[e.File.Path] != nil {
			continue // the other copy
		}
		s := &source{file: e.File}
		m.byPath[e.File.Path] = s
		m.sources = append(m.sources, s)
		charts = charts || s.name() == chartFile
	}
	slices.SortFunc(m.sources, func(a, b *source) int { return strings.Compare(a.file.Path, b.file.Path) })
	if !charts {
		return
	}
	for _, s := range m.sources {
		s.chart = outermostDirectory(s.file.Path, func(dir string) bool { return m.byPath[path.Join(dir, chartFile)] != nil })
	}
}

// findIgnoreRules reads the rules of all ignore files in the archive.
func (m *model) findIgnoreRules() {
	var files []flux.File
	m.ignoreFiles = map[string]*source{}
	for _, e := range m.entries {
		if s := m.byPath[e.File.Path]; len(s.rules) > 0 {
			files = append(files, flux.File{Path: e.Path, Rules: s.rules})
			m.ignoreFiles[e.Path] = s
		}
	}
	m.ignore = flux.NewIgnore(files)
}

// outermostDirectory returns the outermost directory above a file for which of
// reports true, "." included, or "".
func outermostDirectory(name string, of func(dir string) bool) (outermost string) {
	for dir, last := path.Dir(name), name; dir != last; dir, last = path.Dir(dir), dir {
		if of(dir) {
			outermost = dir
		}
	}
	return outermost
}

// viewsWhere returns the views for which f reports true.
func (m *model) viewsWhere(f func(*view) bool) []*view {
	var some []*view
	for _, v := range m.views {
		if f(v) {
			some = append(some, v)
		}
	}
	return some
}

// of returns the views of one engine: at most one.
func (m *model) of(engine packager.GitOpsEngine) []*view {
	return m.viewsWhere(func(v *view) bool { return v.engine == engine })
}

// reading returns the views that certainly read the file.
func (m *model) reading(s *source) []*view {
	return m.viewsWhere(func(v *view) bool { return v.reads(s) })
}

// building returns the views that certainly build the kustomization.
func (m *model) building(s *source) []*view {
	return m.viewsWhere(func(v *view) bool { return v.builds(s) })
}
