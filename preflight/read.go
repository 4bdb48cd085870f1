package preflight

import (
	"context"
	"fmt"
	"runtime"
	"slices"

	"github.com/kubeoci/oci/internal/objects"
	"github.com/kubeoci/oci/internal/ordered"
	"github.com/kubeoci/oci/manifests"
)

// slot is where a worker keeps what it needs from one file to the next.
type slot struct {
	reader *manifests.Reader
	buf    []byte
}

// read finds out what is in the files, on several cores where they are to be read.
func (m *model) read(ctx context.Context, set *manifests.Set) error {
	var unknown []*source
	for _, s := range m.sources {
		if err := ctx.Err(); err != nil {
			return err
		}
		if s.facts = m.opts.Cache.find(s.file); s.facts == nil {
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
	defer m.opts.Cache.keep(m.byPath)
	return ordered.Each(ctx, len(unknown), slots, func(_ context.Context, w *slot, i int) error {
		return w.scan(set, unknown[i], m.opts.Cache)
	}, func(*slot, int) error { return nil })
}

// scan finds out what is in a file.
func (w *slot) scan(set *manifests.Set, s *source, cache *Cache) (err error) {
	limit := limitOf(s.file.Path)
	if s.file.Size > limit {
		s.facts = new(facts)
		if limit >= 0 {
			s.content.Problems = []objects.Problem{{Code: objects.CodeTooLarge, Text: fmt.Sprintf("the file has more than %d bytes and is not checked", limit)}}
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
