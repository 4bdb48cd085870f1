package preflight

import (
	"context"
	"fmt"
	"runtime"
	"slices"

	"github.com/kubeoci/oci/internal/kustomize"
	"github.com/kubeoci/oci/internal/objects"
	"github.com/kubeoci/oci/internal/ordered"
	"github.com/kubeoci/oci/manifests"
)

// slot is the memory of a worker.
type slot struct {
	reader *manifests.Reader
	buf    []byte
}

// read parses the files that the cache does not have, on several cores.
func (m *model) read(ctx context.Context, set *manifests.Set, cache *Cache) error {
	var unknown []*source
	for _, s := range m.sources {
		if err := ctx.Err(); err != nil {
			return err
		}
		if s.facts = cache.find(s.file); s.facts == nil {
			unknown = append(unknown, s)
		}
	}
	slots := make([]*slot, 2*min(runtime.GOMAXPROCS(0), 8)) // memory is bounded; some wait for their turn
	for i := range slots {
		slots[i] = new(slot)
	}
	defer func() {
		for _, s := range slots {
			s.close()
		}
	}()
	defer cache.keep(m.byPath)
	return ordered.Each(ctx, len(unknown), slots, func(_ context.Context, w *slot, i int) error {
		return w.parse(set, unknown[i], cache)
	}, func(*slot, int) error { return nil })
}

// parse reads a file and parses its content. A file beyond the limit is not read.
func (w *slot) parse(set *manifests.Set, s *source, cache *Cache) error {
	limit := limitOf(s.file.Path)
	if s.file.Size > limit {
		s.facts = new(facts)
		if limit >= 0 {
			s.content.Problems = []objects.Problem{{Code: objects.CodeTooLarge, Text: fmt.Sprintf("the file has more than %d bytes and is not checked", limit)}}
		}
		return nil
	}
	content, err := w.read(set, s.file)
	if err != nil {
		return err
	}
	s.facts = cache.parse(s.file, content)
	return nil
}

// read returns the content of a file, which is valid until the next call.
func (w *slot) read(set *manifests.Set, f manifests.File) (_ []byte, err error) {
	if w.reader == nil {
		if w.reader, err = set.Open(); err != nil {
			return nil, err
		}
	}
	w.buf = slices.Grow(w.buf[:0], int(f.Size))[:f.Size]
	return w.buf, w.reader.ReadFile(f, w.buf)
}

func (w *slot) close() {
	if w.reader != nil {
		_ = w.reader.Close() // only read from
	}
}

// readReferences finds the references of the kustomizations. The Set has those that
// it parsed; the others, of a Set that did not follow references, are parsed here.
func (m *model) readReferences(set *manifests.Set) error {
	w := new(slot)
	defer w.close()
	for _, s := range m.sources {
		if !isKustomization(s.file.Path) {
			continue
		}
		var known bool
		if s.references, known = set.References(s.file.Path); known || s.file.Size > kustomize.MaxSize {
			continue
		}
		content, err := w.read(set, s.file)
		if err != nil {
			return err
		}
		s.references, _ = kustomize.Parse(content) // other rules report the error
	}
	return nil
}
