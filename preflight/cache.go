package preflight

import (
	"bytes"
	"context"
	"encoding/json"
	"hash/maphash"
	"sync"

	"github.com/kubeoci/oci/internal/filename"
	"github.com/kubeoci/oci/internal/flux"
	"github.com/kubeoci/oci/internal/ignore"
	"github.com/kubeoci/oci/internal/kustomize"
	"github.com/kubeoci/oci/internal/objects"
	"github.com/kubeoci/oci/manifests"
)

// Cache remembers the parsed content of the files of a tree. A caller that reads
// the files before [Check] does, such as packager.Plan.Pack, can pass their content
// to [Cache.Observe]; Check then reads only the rest. A Cache that is used again
// parses only changed files and, with [Artifact.Contents], none if nothing has changed.
// The findings are the same with and without one.
//
// The zero value is ready to use, and safe for concurrent use. It serves one tree:
// another replaces it. Its memory grows with the number of files and objects, not
// with their size, and is limited by [Options.MaxMemory]; up to 4 MiB of findings come in
// addition.
type Cache struct {
	// Dir is a directory in which other processes find the findings of [Check] and
	// [Secrets] for an artifact with [Artifact.Contents], so that they neither read nor
	// parse its files. It is as packager.Cache.Dir, and can be the same directory: its
	// records decide whether an artifact is refused. Findings of another version of the
	// rules are not used, and those of [Options.Checkers] or of more than 4 MiB are not
	// kept. It holds at most 1,000 files, one for each content of each tree, and 64 MiB: the
	// oldest are removed. Empty means none.
	Dir string

	parsing budget // memory of the files that are being parsed

	mu       sync.Mutex // guards all below
	seed     maphash.Seed
	files    map[string]*seen // by path
	kept     int64            // bytes of facts in files
	scanners []*objects.Scanner
	verdicts map[string][]byte // encoded, by their keys
}

// seen is a file that was parsed. It is immutable.
type seen struct {
	file manifests.File // of the last Set in which its content was this
	sum  uint64
	need
	*facts // nil if there was no memory to keep them
}

// need is the memory for a file.
type need struct {
	size    int64 // of the facts
	parsing int64
	beyond  bool // the file needs more than there was
}

// isWithin reports whether the facts are certainly the same within other limits.
func (n need) isWithin(limits objects.Limits) bool {
	return !n.beyond && n.parsing <= limits.Parsing && n.size <= limits.Objects
}

// Observe parses the content of a file, and keeps nothing of the content. It is a
// function for packager.Plan.Pack. It does not parse a file for which there is no memory
// at the moment; Check reads that file again. It does nothing for a file of the same Set
// that it has parsed, unless that had other content: Check then reads it again.
func (c *Cache) Observe(f manifests.File, content []byte) {
	if f.Size <= limitOf(f.Path) && !c.has(f, content) {
		mem := memoryOf(0, 0)
		_, _ = c.parse(context.Background(), f, content, mem, mem.kept/2, c.parsing.tryTake)
	}
}

// limitOf returns how large a file may be to be parsed. It is negative for a file
// that no rule needs, such as one that kustomizations generate from.
func limitOf(path string) int64 {
	switch {
	case isSourceIgnore(path):
		return ignore.MaxSize
	case filename.IsManifest(path) || isKustomization(path):
		return objects.MaxBytes
	}
	return -1
}

// takeFunc is budget.take or tryTake.
type takeFunc func(ctx context.Context, size, total int64) error

// parse returns a file with its facts, from memory if its content is unchanged. It keeps
// them if all that are kept do not take more than a number of bytes. The error is that of
// take or ctx.
func (c *Cache) parse(ctx context.Context, f manifests.File, content []byte, mem memory, keep int64, take takeFunc) (*seen, error) {
	seed, before := c.before(f.Path)
	sum := maphash.Bytes(seed, content)
	now := &seen{file: f, sum: sum}
	if before != nil && before.facts != nil && before.sum == sum && before.file.Size == f.Size && before.isWithin(mem.limits) {
		now.need, now.facts = before.need, before.facts
	} else {
		var err error
		if now.facts, err = c.scan(ctx, f.Path, content, mem, take); err != nil {
			return nil, err
		}
		now.need = now.facts.need()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forget(f.Path)
	if c.kept+now.size > keep {
		now.facts = nil
	} else {
		c.kept += now.size
	}
	c.files[f.Path] = now
	return now, nil
}

func (c *Cache) before(path string) (maphash.Seed, *seen) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.files == nil {
		c.seed, c.files = maphash.MakeSeed(), map[string]*seen{}
	}
	return c.seed, c.files[path]
}

// has reports whether a file of this very Set was parsed. It forgets one with other content.
func (c *Cache) has(f manifests.File, content []byte) bool {
	seed, s := c.before(f.Path)
	if s == nil || s.file != f {
		return false
	}
	if s.sum != maphash.Bytes(seed, content) {
		c.drop(f.Path)
	}
	return true
}

// findOnly returns the files of this very Set, with nil for those that were not parsed. It
// forgets all others.
func (c *Cache) findOnly(files []*source, limits objects.Limits) []*seen {
	c.mu.Lock()
	defer c.mu.Unlock()
	all, known := make([]*seen, len(files)), 0
	for i, f := range files {
		s := c.files[f.file.Path]
		if s != nil {
			known++
		}
		if s != nil && s.file == f.file && s.isWithin(limits) {
			all[i] = s
		}
	}
	if known < len(c.files) {
		c.keepOnly(files)
	}
	return all
}

// keepOnly forgets all other files, for callers that hold the lock.
func (c *Cache) keepOnly(files []*source) {
	keep := make(map[string]bool, len(files))
	for _, f := range files {
		keep[f.file.Path] = true
	}
	for path := range c.files {
		if !keep[path] {
			c.forget(path)
		}
	}
}

// drop forgets a file.
func (c *Cache) drop(path string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forget(path)
}

// forget is drop for callers that hold the lock.
func (c *Cache) forget(path string) {
	s := c.files[path]
	if s == nil {
		return
	}
	if s.facts != nil {
		c.kept -= s.size
	}
	delete(c.files, path)
}

// scan parses a file. It asks for little memory at first, and for the most that is
// allowed if that was not enough.
func (c *Cache) scan(ctx context.Context, path string, content []byte, mem memory, take takeFunc) (*facts, error) {
	if isSourceIgnore(path) {
		rules := flux.ParseRules(content)
		return &facts{rules: &rules}, nil
	}
	file, done, err := c.scanPlain(ctx, path, content, mem, take)
	if err != nil {
		return nil, err
	}
	for limits := mem.first(content); !done; limits = mem.limits {
		err := c.within(ctx, mem.forParsing(limits), mem, take, func() (err error) {
			file, err = objects.Parse(ctx, path, content, limits)
			return err
		})
		if err != nil {
			return nil, err
		}
		done = file.Need <= limits.Parsing || limits == mem.limits
	}
	f := &facts{
		content: file, likeObject: looksLikeObject(content),
		skipped: bytes.Contains(content, []byte(skipMark)), rewrites: isRewrite(&file, content),
	}
	f.summarize(path)
	if f.broken = isUnparsed(&file) && !json.Valid(content); !f.broken {
		return f, nil
	}
	err = c.within(ctx, mem.forParsing(mem.limits), mem, take, func() (err error) {
		file, err = objects.Parse(ctx, path, kustomize.FirstDocument(content), mem.limits)
		return err
	})
	f.broken = isUnparsed(&file)
	return f, err
}

// scanPlain parses a file that needs no parser: with memory for the few objects that most
// files have, and if those were too many or it is not such a file, with all that is allowed.
func (c *Cache) scanPlain(ctx context.Context, path string, content []byte, mem memory, take takeFunc) (file objects.File, done bool, err error) {
	for _, limits := range []objects.Limits{mem.few(), mem.limits} {
		err = c.within(ctx, growth*limits.Objects, mem, take, func() error {
			scanner := c.takeScanner()
			file, done = scanner.Plain(path, content, limits)
			c.giveScanner(scanner)
			return nil
		})
		if err != nil || done && !isBeyond(&file) {
			break
		}
	}
	return file, done, err
}

// within calls f while it has some memory.
func (c *Cache) within(ctx context.Context, size int64, mem memory, take takeFunc, f func() error) error {
	if err := take(ctx, size, mem.parsing); err != nil {
		return err
	}
	defer c.parsing.give(size)
	return f()
}

// takeScanner returns a Scanner that no other goroutine uses.
func (c *Cache) takeScanner() *objects.Scanner {
	c.mu.Lock()
	defer c.mu.Unlock()
	last := len(c.scanners) - 1
	if last < 0 {
		return new(objects.Scanner)
	}
	scanner := c.scanners[last]
	c.scanners = c.scanners[:last]
	return scanner
}

func (c *Cache) giveScanner(scanner *objects.Scanner) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.scanners = append(c.scanners, scanner)
}
