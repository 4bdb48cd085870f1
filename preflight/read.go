package preflight

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"

	"github.com/kubeoci/oci/internal/kustomize"
	"github.com/kubeoci/oci/internal/ordered"
	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
)

// slot is the memory of a worker.
type slot struct {
	reader   *manifests.Reader
	contents *packager.Contents // that files must have, or nil
	buf      []byte             // for files that are not large
	large    buffers
}

// buffers are those for large files, which few workers read concurrently.
type buffers chan []byte

const (
	largeFile    = 256 << 10
	largeBuffers = 2
)

// read parses the files that the cache does not have, on several cores, and keeps what
// there is memory for.
func (m *model) read(set *manifests.Set, cache *Cache) error {
	if err := m.observer.err(); err != nil {
		return err
	}
	found := cache.findOnly(m.sources, m.memory.limits)
	var unknown []int
	for i, s := range m.sources {
		if m.ended() {
			return m.ctx.Err()
		}
		if found[i] == nil || m.observer.wants(s.file) {
			unknown = append(unknown, i)
		}
	}
	if err := m.parse(set, cache, found, unknown, m.memory.kept); err != nil {
		return err
	}
	if err := m.readKustomizations(set, found); err != nil {
		return err
	}
	// The files that are kept must not depend on the order in which they were parsed.
	kept := int64(0)
	var again []int
	for i, s := range m.sources {
		size := found[i].size + perReference*int64(len(m.references(s)))
		if kept+size > m.memory.kept {
			s.facts = m.unkept(s)
			delete(m.kustomizations, s)
			cache.drop(s.file.Path)
			continue
		}
		kept += size
		if s.facts = found[i].facts; s.facts == nil {
			again = append(again, i)
		}
	}
	if err := m.parse(set, cache, found, again, math.MaxInt64); err != nil {
		return err
	}
	for _, i := range again {
		m.sources[i].facts = found[i].facts
	}
	return nil
}

// noFacts are those of a file that no rule needs.
var noFacts = new(facts)

// factsBeyond returns the facts of a file above the limit for its name.
func factsBeyond(limit int64) *facts {
	if limit < 0 {
		return noFacts
	}
	return uncheckedFor(limit)
}

// unkept returns the facts of a file for which there is no memory.
func (m *model) unkept(s *source) *facts {
	if limitOf(s.file.Path) < 0 {
		return noFacts
	}
	if m.noMemory == nil {
		m.noMemory = unchecked(fmt.Sprintf("the file is not checked, because it and the files before it take more than %d MiB of memory", m.memory.kept>>20), true)
	}
	return m.noMemory
}

// parse parses some of the sources.
func (m *model) parse(set *manifests.Set, cache *Cache, found []*seen, indexes []int, keep int64) error {
	if len(indexes) == 0 {
		return nil
	}
	large := make(buffers, largeBuffers)
	for range largeBuffers {
		large <- nil
	}
	slots := make([]*slot, 2*min(runtime.GOMAXPROCS(0), 8)) // some wait for their turn
	for i := range slots {
		slots[i] = &slot{large: large, contents: m.artifact.Contents}
	}
	defer func() {
		for _, s := range slots {
			s.close()
		}
	}()
	return ordered.Each(m.ctx, len(indexes), slots, func(ctx context.Context, w *slot, i int) (err error) {
		i = indexes[i]
		f := m.sources[i].file
		known := found[i] != nil && found[i].facts != nil
		if limit := limitOf(f.Path); !known && f.Size > limit {
			found[i], known = &seen{facts: factsBeyond(limit)}, true
		}
		if known && !m.observer.wants(f) {
			return nil
		}
		return w.with(ctx, set, f, func(content []byte) (err error) {
			if !known {
				if found[i], err = cache.parse(ctx, f, content, m.memory, keep, cache.parsing.take); err != nil {
					return err
				}
			}
			return m.observer.check(ctx, f, content)
		})
	}, func(*slot, int) error { return nil })
}

// with calls use with the content of a file.
func (w *slot) with(ctx context.Context, set *manifests.Set, f manifests.File, use func(content []byte) error) (err error) {
	if f.Size < 0 { // a Set of an odd file system
		return &manifests.PathError{Path: f.Path, Err: manifests.ErrFileChanged}
	}
	if w.reader == nil {
		if w.reader, err = set.Open(); err != nil {
			return err
		}
	}
	buf := &w.buf
	if f.Size > largeFile {
		buf = new([]byte)
		select {
		case *buf = <-w.large:
		case <-ctx.Done():
			return ctx.Err()
		}
		defer func() { w.large <- *buf }()
	}
	*buf = slices.Grow((*buf)[:0], int(f.Size))[:f.Size]
	if err := w.reader.ReadFile(ctx, f, *buf); err != nil {
		return err
	}
	if w.contents != nil && !w.contents.Has(f, *buf) { // the verdict would be about others
		return &manifests.PathError{Path: f.Path, Err: manifests.ErrFileChanged}
	}
	return use(*buf)
}

func (w *slot) close() {
	if w.reader != nil {
		_ = w.reader.Close() // only read from
	}
}

// perReference is what a reference takes in memory besides the one in the Set.
const perReference = 128

// references returns the references of a kustomization.
func (m *model) references(s *source) []kustomize.Reference {
	if k := m.kustomizations[s]; k != nil {
		return k.References
	}
	return nil
}

// readKustomizations parses the kustomizations. The Set has those that it parsed; the
// others, of a Set that did not follow references, are parsed here.
func (m *model) readKustomizations(set *manifests.Set, found []*seen) error {
	large := make(buffers, 1)
	large <- nil
	w := &slot{large: large, contents: m.artifact.Contents}
	defer w.close()
	m.kustomizations = map[*source]*kustomize.Kustomization{}
	left := m.memory.kept / 2
	for i, s := range m.sources {
		if m.ended() {
			return m.ctx.Err()
		}
		if !s.kustomizes {
			continue
		}
		k, known := set.Kustomization(s.file.Path)
		if known {
			m.kustomizations[s] = k
			continue
		}
		if s.file.Size > kustomize.MaxSize {
			if s.file.Size <= limitOf(s.file.Path) {
				found[i] = &seen{facts: uncheckedFor(kustomize.MaxSize)}
			}
			continue
		}
		err := w.with(m.ctx, set, s.file, func(content []byte) error {
			k, _ = kustomize.Parse(content) // other rules report the error
			return nil
		})
		if err != nil {
			return err
		}
		if size := k.Size(); size <= left {
			left -= size
			m.kustomizations[s] = k
		} else {
			found[i] = &seen{facts: m.unkept(s)}
		}
	}
	return m.readSecrets(w, set)
}
