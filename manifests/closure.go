package manifests

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/kubeoci/oci/internal/kustomize"
	"github.com/kubeoci/oci/internal/redact"
)

// closure completes a finished listing: it adds the files that kustomizations refer
// to and the extension filter skipped, and records the references that cannot be
// resolved. It goes by the paths in the Set, in which links are resolved: that is
// the tree that the consumer unpacks.
type closure struct {
	opts    Options
	trees   []tree
	reader  *Reader
	listing *listing

	index     index
	whole     wholes
	edges     map[string][]edge // by the directory of the kustomization
	read      []string          // kustomizations
	size      int               // references
	waiting   []reference       // behind links that are not followed yet
	problems  []Problem
	recorded  map[string]int // problems of each kustomization
	parsed    kustomize.Parsed
	advised   int             // references for which a similar name was looked for
	followed  map[string]bool // directories that were skipped links
	following map[string]bool // those to follow next
}

// Bounds of the memory that a file that is not a kustomization can fill. The first
// problems of each kustomization are kept in any case, because others in it are no
// worse.
const (
	maxProblems   = 10_000
	firstProblems = 2 // another kustomization beside it, and one of its own
	maxQuoted     = 1_000
)

func newClosure(opts Options, trees []tree, reader *Reader, l *listing) *closure {
	return &closure{
		opts: opts, trees: trees, reader: reader, listing: l,
		edges: map[string][]edge{}, recorded: map[string]int{}, followed: map[string]bool{}, following: map[string]bool{},
	}
}

// complete resolves the references of all kustomizations. It calls follow, which
// extends the listing, for each link to a directory behind which one of them refers
// to something. The error is that of a file which is added or read and breaks the
// rules for every file of a Set, or that of ctx.
func (c *closure) complete(ctx context.Context, follow func(context.Context, directoryLink) error) error {
	for done := false; !done; {
		if err := c.readNew(ctx); err != nil {
			return err
		}
		if err := c.includeWhole(ctx); err != nil {
			return err
		}
		links := c.takeLinks()
		for _, l := range links {
			if err := follow(ctx, l); err != nil {
				return err
			}
		}
		done = len(links) == 0
	}
	for _, e := range loops(c.read, c.edges) {
		c.record(e.at, e.at.Path, faultLoop)
	}
	slices.SortStableFunc(c.problems, func(a, b Problem) int {
		return cmp.Or(strings.Compare(a.File, b.File), a.Line-b.Line, a.Column-b.Column)
	})
	return nil
}

// takeLinks returns the links to follow next, which no longer count as skipped.
func (c *closure) takeLinks() []directoryLink {
	var links []directoryLink
	for _, name := range slices.Sorted(maps.Keys(c.following)) {
		for _, i := range c.index.links[name] {
			links = append(links, c.listing.links[i])
		}
		delete(c.index.links, name)
		delete(c.index.skipped, name+"/")
		c.followed[name+"/"] = true
	}
	clear(c.following)
	return links
}

// includes reports whether an entry that the walk skipped is in the Set.
func (c *closure) includes(o omission) bool {
	return c.followed[o.path] || c.index.has(o.path)
}

// readNew reads the kustomizations that were added to the listing since it was called
// last, and resolves their references.
func (c *closure) readNew(ctx context.Context) error {
	found, skipped := c.index.newKustomizations(c.listing)
	if len(found)+len(skipped)+len(c.followed) == 0 { // the usual case: nothing to index
		return nil
	}
	if err := c.index.update(ctx, c.listing); err != nil {
		return err
	}
	for _, name := range skipped {
		if err := c.include(ctx, name); err != nil {
			return err
		}
	}
	found = append(found, skipped...)
	slices.Sort(found)
	c.read = append(c.read, found...)
	for _, name := range found {
		if err := c.readKustomization(ctx, name); err != nil {
			return err
		}
	}
	waiting := c.waiting
	c.waiting = nil
	for _, r := range waiting {
		if err := c.resolve(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// readKustomization resolves all references of one kustomization.
func (c *closure) readKustomization(ctx context.Context, name string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	at := Problem{File: name}
	if other := c.index.kustomization(path.Dir(name)); other != name {
		c.record(at, other, faultDuplicate)
	}
	file := c.index.files[name]
	text := make([]byte, min(file.Size, kustomize.MaxSize+1))
	if file.Size <= kustomize.MaxSize { // a larger file is refused unread
		if err := c.reader.ReadFile(ctx, file, text); err != nil {
			return err
		}
	}
	k, err := kustomize.Parse(text)
	if invalid, ok := errors.AsType[*kustomize.Error](err); ok {
		at.Line, at.Column, at.Field = invalid.Line, invalid.Column, invalid.Field
		c.record(at, "", &fault{ProblemInvalid, "not a valid kustomization: " + invalid.Reason(), "correct the kustomization"})
	}
	c.parsed.Add(name, text, k)
	if k == nil {
		return nil
	}
	if err := c.hold(k.References); err != nil {
		return &PathError{Path: name, Err: err}
	}
	for _, r := range k.References {
		at.Line, at.Column, at.Field = r.Line, r.Column, r.Field
		if err := c.resolve(ctx, reference{r, at}); err != nil {
			return err
		}
	}
	return nil
}

// hold counts the references of a kustomization.
func (c *closure) hold(references []kustomize.Reference) error {
	if c.size += len(references); c.size > c.opts.MaxReferences {
		return &LimitError{"MaxReferences", int64(c.opts.MaxReferences)}
	}
	size := 0
	for _, r := range references {
		size += len(r.Path) + len(r.Field)
	}
	return c.listing.hold(size, c.opts)
}

func (c *closure) record(at Problem, path string, f *fault) {
	if c.recorded[at.File]++; len(c.problems) >= maxProblems && c.recorded[at.File] > firstProblems {
		c.parsed.OmitProblem()
		return
	}
	at.Path, at.Code, at.Message, at.Hint = path, f.code, redact.URLs(f.message), f.hint
	if f.code != ProblemDuplicate {
		at.Path = redact.URLs(path) // before a cut through the middle of one
	}
	if len(at.Path) > maxQuoted {
		at.Path = strings.ToValidUTF8(at.Path[:maxQuoted], "") + "…"
	}
	c.problems = append(c.problems, at)
}
