package packager

import (
	"context"
	"errors"
	"iter"

	"github.com/opencontainers/go-digest"

	"github.com/kubeoci/oci/internal/advice"
	"github.com/kubeoci/oci/internal/archive"
	"github.com/kubeoci/oci/internal/calls"
	"github.com/kubeoci/oci/manifests"
)

// MaxArchiveSize is the largest size of an archive in bytes, before compression.
// Argo CD stops unpacking there (ARGOCD_REPO_SERVER_OCI_MANIFEST_MAX_EXTRACTED_SIZE,
// default 1G), and may silently drop the rest.
const MaxArchiveSize = 1_000_000_000

// ErrArchiveTooLarge reports an archive of more than [MaxArchiveSize] bytes.
var ErrArchiveTooLarge = archive.ErrTooLarge

// Plan describes the artifact that a Set becomes, before a byte is read. It is
// immutable and safe for concurrent use.
type Plan struct {
	set      *manifests.Set
	layout   Layout
	prefix   string // "" for LayoutRoot
	settings settings
	files    []manifests.File
	archive  *archive.Archive
}

// Entry is a file of the Set and its path in the archive.
type Entry struct {
	Path string         `json:"path"`
	File manifests.File `json:"file"`
}

// NewPlan decides where each file goes in the archive. An empty layout means [LayoutRoot].
//
// The errors are those of [Options.Validate], and match [ErrInvalidPrefix] if the
// name of the Set cannot be the prefix or, for a Set with [manifests.Set.PortableNames], the
// prefix is not portable, [manifests.ErrCollision] or [ErrArchiveTooLarge].
func NewPlan(set *manifests.Set, layout Layout, opts Options) (*Plan, error) {
	if set == nil {
		return nil, errNoSet
	}
	settings, err := opts.resolve(layout)
	if err != nil {
		return nil, err
	}
	p := &Plan{set: set, layout: settings.layout, prefix: settings.prefix, settings: settings}
	if p.layout != LayoutRoot && p.prefix == "" {
		p.prefix = set.Name()
		if err := checkPrefix(p.prefix); err != nil {
			return nil, err
		}
	}
	if set.PortableNames() {
		if err := checkPortablePrefix(p.prefix); err != nil {
			return nil, err
		}
	}
	if err := p.layOut(set.Files()); err != nil {
		return nil, err
	}
	return p, nil
}

var (
	errNoSet    = errors.New("the Set is nil: collect the manifests first")
	errNoPlan   = errors.New("the Plan was not made by NewPlan")
	errNoPusher = errors.New("the store is nil: pass one, such as a Store")
)

// check returns an error if the Plan, the context or the store cannot be used.
func (p *Plan) check(ctx context.Context, store Pusher) error {
	if store == nil {
		return errNoPusher
	}
	return p.checkMade(ctx)
}

func (p *Plan) checkMade(ctx context.Context) error {
	if p == nil || p.archive == nil {
		return errNoPlan
	}
	return calls.Check(ctx)
}

// layOut lists the files of the archive.
func (p *Plan) layOut(files []manifests.File) (err error) {
	p.files = files
	if p.layout == LayoutBoth { // one copy is free of collisions, as the Set is
		if err := checkCopies(files, p.prefix, p.set.PortableNames()); err != nil {
			return err
		}
	}
	p.archive, err = archive.New(p.Len(), p.record, MaxArchiveSize)
	if errors.Is(err, ErrArchiveTooLarge) {
		return &advice.Error{Err: err, Text: p.smaller()}
	}
	return err
}

// smaller returns the advice for an archive that is too large.
func (p *Plan) smaller() string {
	text := "exclude files with Collect.Ignore, or push several artifacts"
	if p.layout == LayoutBoth {
		text = "set Layout to root or prefix, which holds each file once, " + text
	}
	return text
}

// record describes an entry for the archive.
func (p *Plan) record(i int) archive.Entry {
	n, copied := p.file(i)
	e := archive.Entry{Path: p.Entry(i).Path, Size: p.files[n].Size}
	if n > 0 { // the entries of a directory follow one another, or alternate with their copies
		e.Listed = archive.Shared(p.files[n].Path, p.files[n-1].Path) + len(e.Path) - len(p.files[n].Path)
	}
	switch {
	case p.layout != LayoutBoth:
	case copied:
		e.Role = archive.Copy
	default:
		e.Role = archive.First
	}
	return e
}

// Set returns the Set that the plan was made for.
func (p *Plan) Set() *manifests.Set { return p.set }

// Layout returns the layout of the archive.
func (p *Plan) Layout() Layout { return p.layout }

// Prefix returns the directory of the archive that holds the tree, or "" for
// [LayoutRoot].
func (p *Plan) Prefix() string { return p.prefix }

// Entries lists the files of the archive in its order: that of their paths' bytes or, for
// [LayoutBoth], each file and then its copy below the prefix, in the order of the files.
func (p *Plan) Entries() []Entry {
	entries := make([]Entry, p.Len())
	for i, e := range p.All() {
		entries[i] = e
	}
	return entries
}

// All iterates over the entries and their indices. A path below the prefix takes memory
// only for as long as the caller holds it.
func (p *Plan) All() iter.Seq2[int, Entry] {
	return func(yield func(int, Entry) bool) {
		for i := range p.Len() {
			if !yield(i, p.Entry(i)) {
				return
			}
		}
	}
}

// Len returns the number of entries.
func (p *Plan) Len() int {
	if p.layout == LayoutBoth {
		return 2 * len(p.files)
	}
	return len(p.files)
}

// Entry returns the entry with an index below [Plan.Len].
func (p *Plan) Entry(i int) Entry {
	n, copied := p.file(i)
	f := p.files[n]
	if copied {
		return Entry{p.prefix + "/" + f.Path, f} // both are clean
	}
	return Entry{f.Path, f}
}

// file returns the index of the file of an entry, and whether the entry is below the
// prefix.
func (p *Plan) file(i int) (file int, copied bool) {
	if p.layout == LayoutBoth {
		return i / 2, i%2 == 1
	}
	return i, p.layout == LayoutPrefix
}

// Paths returns the paths at which the engines find the tree. For [LayoutBoth]
// they are those of the copy under the prefix: at the root, an engine that
// searches directories finds a duplicate of every object.
func (p *Plan) Paths() EnginePaths {
	return EnginePaths{Flux: "./", ArgoCD: "."}.Below(p.prefix)
}

// ArchiveSize returns the size of the uncompressed archive in bytes.
func (p *Plan) ArchiveSize() int64 {
	if p.archive == nil {
		return 0
	}
	return p.archive.Size()
}

// Digest returns the content digest that [Plan.Pack] would give. It reads the
// files, and compresses and writes nothing.
//
// Errors match those of [manifests.Reader.Open], or are that of ctx.
func (p *Plan) Digest(ctx context.Context) (digest.Digest, error) {
	if err := p.checkMade(ctx); err != nil {
		return "", err
	}
	content := digest.Canonical.Digester()
	err := p.read(ctx, newSource(p), 0, func(*slot) error { return nil }, func(s *slot) error {
		for _, b := range s.blocks {
			_, _ = content.Hash().Write(b.raw) // never fails
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	return content.Digest(), nil
}
