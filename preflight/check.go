package preflight

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"runtime"
	"slices"
	"strings"

	"github.com/kubeoci/oci/internal/objects"
	"github.com/kubeoci/oci/internal/ordered"
	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
)

// Default limits of [Options], which are those of an Argo CD that is installed
// as it comes.
const (
	DefaultMaxArchiveSize  = 1_000_000_000
	DefaultMaxManifestSize = 10_000_000
)

// Options are what a caller may change about a check. The zero value is the
// default.
type Options struct {
	// Engines are those that the artifact has to serve. One named here, or by a
	// layout for one engine, is a named one: what it would refuse is an [Error].
	// Empty, or GitOpsEngineNone alone, means what the layout is for: one engine,
	// or both, where there are two copies of the tree.
	Engines []packager.GitOpsEngine
	// Tags are those that the artifact will get. Empty means that tags are not
	// checked.
	Tags []string

	// Limits of Argo CD, in bytes. Zero is the default; a negative number is
	// refused.

	MaxArchiveSize  int64 // of the uncompressed tar stream; DefaultMaxArchiveSize
	MaxManifestSize int64 // of the files of a plain directory; DefaultMaxManifestSize

	// Paths are those at which the engines look. Zero means those of the plan.
	Paths packager.EnginePaths
	// Cache has what was read of the files already. Nil means none.
	Cache *Cache
}

// Validate reports whether [Check] takes the options. The error matches
// packager.ErrUnknownEngine or manifests.ErrInvalidLimit.
func (o Options) Validate() error {
	for _, engine := range o.Engines {
		if _, err := packager.ParseGitOpsEngine(string(engine)); err != nil {
			return err
		}
	}
	if o.MaxArchiveSize < 0 || o.MaxManifestSize < 0 {
		return manifests.ErrInvalidLimit
	}
	return nil
}

// Check replays the rules of Flux and Argo CD on a Set that is laid out in an
// archive, and says what they would make of it.
//
// Findings depend on files, layout and options alone, and come in the order of
// file, line and code. None is nil.
//
// The error is that of [Options.Validate], one of package manifests for a file
// that cannot be read or is not what it was, or that of ctx. All else is a
// finding. Check is safe for concurrent use. Its memory grows with the number of
// files and objects, not with their size.
func Check(ctx context.Context, plan *packager.Plan, opts Options) (Findings, error) {
	if err := opts.Validate(); err != nil {
		return nil, err
	}
	opts.MaxArchiveSize = cmp.Or(opts.MaxArchiveSize, DefaultMaxArchiveSize)
	opts.MaxManifestSize = cmp.Or(opts.MaxManifestSize, DefaultMaxManifestSize)

	opts.Cache = cmp.Or(opts.Cache, new(Cache))
	opts.Paths = cmp.Or(opts.Paths, plan.Paths())

	set := plan.Set()
	c := &checker{plan: plan, entries: plan.Entries(), opts: opts}
	c.collect()
	if err := c.read(ctx, set); err != nil {
		return nil, err
	}
	c.findFluxRules()
	c.findBuilds()
	if err := c.look(ctx); err != nil {
		return nil, err
	}
	c.checkArtifact()
	c.checkNames()
	c.checkViews()
	for _, s := range c.sources {
		c.checkSource(s)
	}
	c.checkKustomizations(set.Problems())
	c.checkBuilds()
	c.checkNeeded()
	c.checkDuplicates()
	c.findings.sort()
	return c.findings, nil
}

// checker is one run of Check.
type checker struct {
	plan     *packager.Plan
	entries  []packager.Entry
	opts     Options
	sources  []*source
	byPath   map[string]*source
	flux     fluxRules
	builds   map[string]*build // by their paths in the archive
	views    []*view
	findings Findings
}

// source is a file, however often it is in the archive.
type source struct {
	file manifests.File
	*facts
	// listed says that a kustomization has it among its resources.
	listed bool
	// chart is the outermost folder with a Chart.yaml at or above the file, "."
	// included, and empty where there is none.
	chart string
}

func (s *source) name() string { return path.Base(s.file.Path) }

func (s *source) lacks(ext ...string) bool { return !slices.Contains(ext, path.Ext(s.file.Path)) }

// collect lists the files of the layout, each of them once.
func (c *checker) collect() {
	c.byPath = make(map[string]*source, len(c.entries))
	charts := false
	for _, e := range c.entries {
		if c.byPath[e.File.Path] != nil {
			continue
		}
		s := &source{file: e.File}
		c.byPath[e.File.Path] = s
		c.sources = append(c.sources, s)
		charts = charts || s.name() == chartFile
	}
	slices.SortFunc(c.sources, func(a, b *source) int { return strings.Compare(a.file.Path, b.file.Path) })
	if !charts {
		return
	}
	for _, s := range c.sources {
		s.chart = outermostFolder(s.file.Path, func(dir string) bool { return c.byPath[path.Join(dir, chartFile)] != nil })
	}
}

// slot is where a worker keeps what it needs from one file to the next.
type slot struct {
	reader *manifests.Reader
	buf    []byte
}

// read finds out what is in the files, on several cores where they are to be read.
func (c *checker) read(ctx context.Context, set *manifests.Set) error {
	var unknown []*source
	for _, s := range c.sources {
		if err := ctx.Err(); err != nil {
			return err
		}
		if s.facts = c.opts.Cache.find(s.file); s.facts == nil {
			unknown = append(unknown, s)
		}
	}
	slots := make([]*slot, 2*min(runtime.GOMAXPROCS(0), 8)) // memory is bounded; some wait for their turn
	for i := range slots {
		slots[i] = new(slot)
	}
	defer func() {
		for _, s := range slots {
			if s.reader != nil {
				_ = s.reader.Close() // only read from
			}
		}
	}()
	defer c.opts.Cache.keep(c.byPath)
	return ordered.Each(ctx, len(unknown), slots, func(_ context.Context, w *slot, i int) error {
		return w.scan(set, unknown[i], c.opts.Cache)
	}, func(*slot, int) error { return nil })
}

// scan finds out what is in a file.
func (w *slot) scan(set *manifests.Set, s *source, cache *Cache) (err error) {
	limit := limitOf(s.file.Path)
	if s.file.Size > limit {
		s.facts = new(facts)
		if limit >= 0 {
			s.content.Problems = []objects.Problem{{Code: objects.CodeTooLarge, Text: fmt.Sprintf("the file has more than %d bytes, and is not looked into", limit)}}
		}
		return nil
	}
	if w.reader == nil {
		if w.reader, err = set.Open(); err != nil {
			return err
		}
	}
	w.buf = slices.Grow(w.buf[:0], int(s.file.Size))[:s.file.Size]
	if err := w.reader.ReadFile(s.file, w.buf); err != nil {
		return err
	}
	s.facts = cache.look(s.file, w.buf)
	return nil
}
