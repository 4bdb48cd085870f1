package preflight

import (
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

// model is what the engines find in an artifact at one path. It is complete before the
// first rule reads it.
type model struct {
	ctx      context.Context // of the call of Check that makes and uses the model
	artifact Artifact
	memory   memory
	opts     Options
	observer *Observer
	files    *model              // the same before anything depends on the path
	path     string              // the directory of the tree that the engines render
	recurse  bool                // Argo CD reads plain files in all subdirectories
	copies   []string            // of the tree, see copiesOf
	problems []manifests.Problem // of the Set
	names    names

	sources []*source // in the order of paths
	// suspects are the sources that a rule may report because of their content alone, if an
	// engine reads it.
	suspects []*source
	charts   map[string][]*source // by their directories
	// chartFiles has the directories with a Chart.yaml.
	chartFiles map[string]bool
	// kustomizations has those that can be read, and nil for those that kustomize cannot
	// read either.
	kustomizations map[*source]*kustomize.Kustomization
	plaintext      map[*source]bool // files of generated Secrets that anyone can read
	views          []*view
	engines        int               // that may read the artifact, those without a view included
	builds         map[string]*build // kustomizations, by their paths in the archive
	distinct       []*build          // one of each file, in the order of paths
	patched        bool              // kustomizations may change or delete parts of objects
	flaws          []flaw

	ignore      *flux.Ignore
	matches     map[string]match   // of the rules, by paths in the archive, once they are needed
	ignoreFiles map[string]*source // those with rules, by their paths in the archive
	unknown     *unknownRules      // nil if the rules are known
	looked      int                // how often resources were compared
	walks       uint8              // how often eachBuilt was called, a few times at most
	noMemory    *facts             // of all files for which there is none
}

// ended reports whether the context has ended. Loops over all files or objects call it,
// and may then stop anywhere, because Check returns the error of the context.
func (m *model) ended() bool { return m.ctx.Err() != nil }

// source is a file of the Set, however often it is in the archive.
type source struct {
	file manifests.File
	*facts
	kustomizes bool // kustomize takes it, by its name, for its configuration
	// dropped has a bit for each copy of the file that Flux drops, once that is known.
	dropped uint8
	atPath
}

// atPath is the part of a source that depends on the path.
type atPath struct {
	// chart is the outermost directory with a Chart.yaml at or above the file, "."
	// included, and empty if there is none. It is not above the path if the file is below.
	chart string
	uses  [2]use // by the index of a view
	// reached and reachedGiven are the last of the walks of the model that came to the file.
	reached, reachedGiven uint8
	// listed reports that a kustomization has it among its resources.
	listed bool
}

// use is what an engine does with a file.
type use struct {
	role     role
	output   output   // as a resource of a kustomization, once it is needed
	decoding decoding // for kustomizations that it certainly builds
}

func (s *source) name() string { return path.Base(s.file.Path) }

func (s *source) lacks(ext ...string) bool { return !slices.Contains(ext, path.Ext(s.file.Path)) }

// isChartTemplate reports whether Helm renders the file. The rule about charts counts
// such files, and no other rule inspects them.
func (s *source) isChartTemplate() bool {
	return s.chart != "" && (s.content.Template || strings.HasPrefix(s.file.Path, path.Join(s.chart, "templates")+"/"))
}

// newModel reads the files. What the engines make of them depends on the path.
func newModel(ctx context.Context, a Artifact, opts Options) (*model, error) {
	set := a.Plan.Set()
	m := &model{ctx: ctx, artifact: a, opts: opts, observer: a.observer(ctx, opts), copies: copiesOf(a.Plan), problems: set.Problems()}
	m.collect(set.Files())
	m.files = m
	m.memory = memoryOf(opts.MaxMemory, len(m.sources))
	if err := m.read(set, m.observer.cache); err != nil {
		return nil, err
	}
	m.findSuspects()
	if m.findIgnoreRules(); m.ended() {
		return nil, ctx.Err()
	}
	m.findNames()
	return m, nil
}

// at finds out what each engine makes of the files at a path. The model before serves
// no longer, because it has the same files.
func (m *model) at(path string, recurse bool) *model {
	return m.among(m.files.sources, m.files.suspects, path, recurse)
}

// below is at for a directory of which only the views are of interest. Without
// kustomizations, these depend on no file outside of it, so that it costs little to try
// many directories.
func (m *model) below(dir string) *model {
	if len(m.kustomizations) > 0 {
		return m.at(dir, m.recurse)
	}
	return m.among(filesBelow(m.files.sources, dir), filesBelow(m.files.suspects, dir), dir, m.recurse)
}

// file returns the file with a path in the Set, or nil.
func (m *model) file(path string) *source {
	n, found := positionOf(m.files.sources, path)
	if !found {
		return nil
	}
	return m.files.sources[n]
}

// positionOf returns where a path is, or would be, among files in the order of their paths.
func positionOf(files []*source, path string) (n int, found bool) {
	return slices.BinarySearchFunc(files, path, func(s *source, path string) int { return strings.Compare(s.file.Path, path) })
}

// filesBelow returns those of some files that are below a directory. They follow one another.
func filesBelow(files []*source, dir string) []*source {
	first, _ := positionOf(files, dir+"/")
	files = files[first:]
	if end := slices.IndexFunc(files, func(s *source) bool { return !isAt(s.file.Path, dir) }); end >= 0 {
		files = files[:end]
	}
	return files
}

// among is at for some of the files.
func (m *model) among(sources, suspects []*source, path string, recurse bool) *model {
	at := *m.files
	at.sources, at.suspects, at.path, at.recurse = sources, suspects, path, recurse
	for _, some := range [][]*source{m.sources, sources} { // also those that only the model before has
		for _, s := range some {
			s.atPath = atPath{}
		}
	}
	for _, find := range []func(){at.findCharts, at.findBuilds, at.findViews, at.findFlaws} {
		if find(); at.ended() {
			break
		}
	}
	return &at
}

// judge applies all rules.
func (m *model) judge() *report {
	r := newReport(m.opts)
	for _, r.rule = range rules() {
		if r.rule.apply(m, r); m.ended() {
			break
		}
	}
	return r
}

// refusals returns the views that refuse the path, and whether that is bad. It applies only
// rules because of which engines may refuse the path, and none after it is bad, because
// further views must not make it better.
func (m *model) refusals(isBad func(refusing map[*view]bool) bool) (refusing map[*view]bool, bad bool) {
	r := newReport(m.opts)
	r.refusalsOnly = true
	for _, r.rule = range rules() {
		if r.rule.check == nil {
			continue
		}
		r.rule.check(m, r)
		if bad = isBad(r.refusing); bad || m.ended() {
			break
		}
	}
	return r.refusing, bad
}

// collect lists the files.
func (m *model) collect(files []manifests.File) {
	m.sources = make([]*source, 0, len(files))
	m.chartFiles = map[string]bool{}
	all := make([]source, len(files)) // in one allocation
	for i, f := range files {
		s := &all[i]
		s.file, s.kustomizes = f, isKustomization(f.Path)
		m.sources = append(m.sources, s)
		if s.name() == chartFile {
			m.chartFiles[path.Dir(s.file.Path)] = true
		}
	}
}

// findSuspects lists the files that a rule may report because of their content.
func (m *model) findSuspects() {
	for _, s := range m.sources {
		c := &s.content
		if s.suspect || s.file.Size == 0 || c.Template || len(c.Problems) > 0 || len(c.Remarks) > 0 || c.Lost > 0 || c.JSON && len(c.Objects) != 1 || s.hasNoJSON() {
			m.suspects = append(m.suspects, s)
		}
	}
}

// findCharts finds the charts. No engine takes files at its path for those of a chart
// that begins above it.
func (m *model) findCharts() {
	if m.charts = nil; len(m.chartFiles) == 0 {
		return
	}
	m.charts = map[string][]*source{}
	within := map[string]bool{}
	for dir := range m.chartFiles {
		within[dir] = m.path == "." || dir != "." && !isAt(m.path, dir)
	}
	everywhere, below := outermost(m.chartFiles), outermost(within)
	for _, s := range m.sources {
		chart := everywhere
		if isAt(s.file.Path, m.path) {
			chart = below
		}
		if s.chart = chart.at(path.Dir(s.file.Path)); s.chart != "" {
			m.charts[s.chart] = append(m.charts[s.chart], s)
		}
	}
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
