package preflight

import (
	"cmp"
	"context"
	"hash/maphash"
	"slices"
	"strings"
	"sync"

	"github.com/kubeoci/oci/manifests"
)

// Observer passes files that the caller reads for another purpose to a later [Check]: it
// parses them as [Cache.Observe] does, and calls [Options.Checkers]. It serves one Check
// of one Set, and is safe for concurrent use until then.
type Observer struct {
	ctx   context.Context // of the Checkers
	cache *Cache
	opts  Options
	seed  maphash.Seed

	mu         sync.Mutex        // guards all below
	sums       map[string]uint64 // of the files that the Checkers have seen, by path
	namespaces bool              // Check found an object of kind Namespace
	failure    error
	findings   []result
	omitted    [ranks]int
}

// result is a finding of a Checker, and its place among those of the file.
type result struct {
	Finding
	place int
}

// NewObserver returns an Observer for a [Check] with the same options, which must be
// valid. A nil cache means none.
func NewObserver(ctx context.Context, cache *Cache, opts Options) *Observer {
	return &Observer{
		ctx: ctx, cache: cmp.Or(cache, new(Cache)), opts: opts,
		seed: maphash.MakeSeed(), sums: map[string]uint64{},
	}
}

// Observe parses and checks the content of a file unless the policy is [PolicyOff]. It is
// a function for packager.Plan.Pack: it keeps nothing of the content, and Check returns
// its error.
func (o *Observer) Observe(f manifests.File, content []byte) {
	if o.opts.policy() == PolicyOff {
		return
	}
	o.cache.Observe(f, content)
	_ = o.check(o.ctx, f, content)
}

// HasNamespaces reports whether [Check] found an object of kind Namespace in the artifact,
// which a Flux Kustomization with targetNamespace would rename, or a file that it did not read
// to the end, such as one that is too large. It is false before Check has returned, and if
// Check looked at nothing.
func (o *Observer) HasNamespaces() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.namespaces
}

func (o *Observer) noteNamespaces(found bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.namespaces = found
}

// hasNamespaces reports whether there is, or may be, an object of kind Namespace: Flux has no
// limit for the files that it reads, and kustomize takes resources of any name.
func hasNamespaces(sources []*source) bool {
	return slices.ContainsFunc(sources, func(s *source) bool {
		return s.namespace || s.isUnread() && !isSourceIgnore(s.file.Path) || s.listed && s.isUnparsed()
	})
}

// observer returns that of the artifact, or a new one if the artifact has none for the
// Checkers in the options.
func (a Artifact) observer(ctx context.Context, opts Options) *Observer {
	o := a.Observer
	switch {
	case o == nil:
		return NewObserver(ctx, a.Cache, opts)
	case len(o.opts.Checkers) != len(opts.Checkers), len(opts.Checkers) > 0 && &o.opts.Checkers[0] != &opts.Checkers[0]:
		return NewObserver(ctx, o.cache, opts)
	}
	return o
}

const defaultMaxCheckerFileSize = 16 << 20

// takes reports whether the Checkers see files of that size.
func (o Options) takes(f manifests.File) bool {
	return len(o.Checkers) > 0 && f.Size <= cmp.Or(o.MaxCheckerFileSize, defaultMaxCheckerFileSize)
}

// wants reports whether the Checkers have yet to see a file.
func (o *Observer) wants(f manifests.File) bool {
	if !o.opts.takes(f) {
		return false
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	_, seen := o.sums[f.Path]
	return !seen
}

// err returns the first error of a Checker, or [manifests.ErrFileChanged].
func (o *Observer) err() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.failure
}

// check calls the Checkers for a file that they have not seen, and keeps their findings.
func (o *Observer) check(ctx context.Context, f manifests.File, content []byte) error {
	if !o.opts.takes(f) {
		return nil
	}
	first, err := o.claim(f, content)
	if err != nil || !first {
		return err
	}
	file := File{f.Path, slices.Clip(content)} // what follows it may be another file
	var found []result
	var omitted [ranks]int
	var counts [Error + 1]int
	for _, c := range o.opts.Checkers {
		findings, err := callChecker(ctx, c, file)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return o.fail(err)
		}
		for i := range findings {
			own := &findings[i]
			if counts[own.Severity]++; counts[own.Severity] > cmp.Or(o.opts.MaxFileFindings, defaultMaxFileFindings) {
				omitted[rankOf[own.Severity]]++
				continue
			}
			found = append(found, result{own.ofChecker(f.Path), len(found)})
		}
	}
	o.keep(found, omitted)
	return nil
}

// claim reports whether the Checkers have yet to see a file, and notes that they have. It
// fails after an error of a Checker, and for a file that they have seen with other content.
func (o *Observer) claim(f manifests.File, content []byte) (first bool, err error) {
	sum := maphash.Bytes(o.seed, content)
	o.mu.Lock()
	defer o.mu.Unlock()
	before, seen := o.sums[f.Path]
	if o.failure == nil && seen && before != sum {
		o.failure = &manifests.PathError{Path: f.Path, Err: manifests.ErrFileChanged}
	}
	o.sums[f.Path] = sum
	return !seen, o.failure
}

func (o *Observer) fail(err error) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.failure == nil {
		o.failure = err
	}
	return o.failure
}

// keep adds findings, and drops those that are not listed in any case, so that a Checker
// cannot take all memory. Which are dropped does not depend on the order of the calls.
func (o *Observer) keep(found []result, omitted [ranks]int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for rank, n := range omitted {
		o.omitted[rank] += n
	}
	o.findings = append(o.findings, found...)
	if most := cmp.Or(o.opts.MaxFindings, defaultMaxFindings); len(o.findings) > 2*most {
		o.sort()
		for _, f := range o.findings[most:] {
			o.omitted[rankOf[f.Severity]]++
		}
		clear(o.findings[most:])
		o.findings = o.findings[:most]
	}
}

// sort orders the findings by severity, the worst first, and by file.
func (o *Observer) sort() {
	slices.SortFunc(o.findings, func(a, b result) int {
		return cmp.Or(cmp.Compare(b.Severity, a.Severity), strings.Compare(a.File, b.File), cmp.Compare(a.place, b.place))
	})
}

// report adds the findings of the Checkers to those of the rules.
func (o *Observer) report(r *report) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sort()
	for _, f := range o.findings {
		r.keep(found{Finding: f.Finding})
	}
	for rank, n := range o.omitted {
		r.omitted[rank] += n
	}
}

// checkUnseenFiles reports the files that are too large for the Checkers.
func checkUnseenFiles(m *model, r notes) {
	if len(m.opts.Checkers) == 0 {
		return
	}
	for _, s := range m.sources {
		if !m.opts.takes(s.file) {
			r.add(Finding{File: s.file.Path, Message: "the checkers of the caller do not check this file, because it is too large"})
		}
	}
}
