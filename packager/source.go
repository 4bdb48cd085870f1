package packager

import (
	"context"
	"hash/maphash"
	"runtime"
	"sync"

	"github.com/kubeoci/oci/internal/archive"
	"github.com/kubeoci/oci/manifests"
)

// maxWorkers limits the memory that more cores would take. From about eight on,
// the slowest step is the digest, which cannot be computed on several cores.
const maxWorkers = 8

func workers() int { return min(runtime.GOMAXPROCS(0), maxWorkers) }

// slot holds a group of blocks, and the state and memory that a worker needs to produce
// the next one.
type slot struct {
	reader *manifests.Reader
	memory []byte // of the blocks
	blocks []block
	out    output // compressed blocks
}

// block is one of the archive.
type block struct {
	raw        []byte
	twin       int    // index of an earlier block with the same content, or -1
	compressed []byte // nil if there is a twin
}

// spareSlots lets workers go on while finished groups wait for their turn, because
// some groups take longer to compress than others. More slots than that, or any if
// blocks are only read, cost more than they gain, because the blocks no longer fit
// into the CPU's caches.
const spareSlots = 2

// newSlots returns a slot for each worker, and some spare ones, unless there are fewer
// groups than that.
func newSlots(groups, spare int) []*slot {
	slots := make([]*slot, min(workers()+spare, groups))
	for i := range slots {
		slots[i] = new(slot)
	}
	return slots
}

// source fills the blocks of an archive from the files of a Set.
type source struct {
	plan    *Plan
	memory  int64                        // bytes for a slot that takes several groups
	observe func(manifests.File, []byte) // or nil
	digests *fileSums                    // or nil

	mu      sync.Mutex // guards the fields below
	readers []*manifests.Reader
	large   map[int]*largeFile
	seed    maphash.Seed
	sums    map[piece]uint64
}

// largeFile is a file that spans several blocks. It stays open until the last of
// them, so that all of them come from the same file.
type largeFile struct {
	opened  chan struct{} // closed when content and err are set
	content *manifests.Content
	err     error
	left    int64
}

// piece identifies a part of a file, whatever the copy of the tree.
type piece struct {
	file   int32 // index in the Plan
	size   int32
	offset int64
}

func newSource(p *Plan) *source {
	return &source{
		plan:  p,
		large: map[int]*largeFile{},
		seed:  maphash.MakeSeed(),
		sums:  map[piece]uint64{},
	}
}

func (s *source) close() {
	for _, reader := range s.readers {
		_ = reader.Close() // read-only
	}
	for _, file := range s.large {
		if file.content != nil {
			_ = file.content.Close() // read-only
		}
	}
}

// fill reads group n of the archive. A block whose twin is in the group is not read again.
func (s *source) fill(ctx context.Context, group *slot, n int) (err error) {
	if group.reader == nil {
		if group.reader, err = s.open(); err != nil {
			return err
		}
	}
	first, end, size := s.plan.archive.Group(n)
	if int64(len(group.memory)) < size {
		group.memory = make([]byte, max(size, s.memory))
	}
	memory := group.memory
	group.blocks = group.blocks[:0]
	for n := first; n < end; n++ {
		b := block{twin: -1}
		if twin, found := s.plan.archive.Twin(n); found {
			b.twin = twin
		}
		if b.twin >= first {
			b.raw = memory[:copy(memory, group.blocks[b.twin-first].raw)]
		} else {
			b.raw, err = s.plan.archive.Block(memory, n, func(entry int, p []byte, offset int64) error {
				return s.read(ctx, group.reader, entry, p, offset)
			})
			if err != nil {
				return err
			}
		}
		group.blocks = append(group.blocks, b)
		memory = memory[len(b.raw):]
	}
	return nil
}

// open returns a Reader that lives as long as the source.
func (s *source) open() (*manifests.Reader, error) {
	reader, err := s.plan.set.Open()
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.readers = append(s.readers, reader)
	return reader, nil
}

func (s *source) read(ctx context.Context, reader *manifests.Reader, entry int, p []byte, offset int64) error {
	n, copied := s.plan.file(entry)
	file := s.plan.files[n]
	var err error
	if int64(len(p)) == file.Size {
		err = reader.ReadFile(ctx, file, p)
	} else {
		err = s.readPiece(ctx, reader, entry, p, offset)
	}
	if err != nil {
		return err
	}
	this := piece{int32(n), int32(len(p)), offset}
	if err := s.compare(this, p); err != nil {
		return err
	}
	if copied && s.plan.layout == LayoutBoth {
		return nil
	}
	s.digests.add(this, p)
	if s.observe != nil && int64(len(p)) == file.Size {
		s.observe(file, p)
	}
	return nil
}

// readPiece reads a part of a file that spans several blocks. The file stays open
// until all of it was read.
func (s *source) readPiece(ctx context.Context, reader *manifests.Reader, entry int, p []byte, offset int64) error {
	content, err := s.share(ctx, reader, entry)
	if err != nil {
		return err
	}
	if _, err := content.ReadAt(p, offset); err != nil {
		return err
	}
	if s.finish(entry, len(p)) {
		_ = content.Close() // read-only
	}
	return nil
}

// share opens a file for all the blocks that it spans.
func (s *source) share(ctx context.Context, reader *manifests.Reader, entry int) (*manifests.Content, error) {
	n, _ := s.plan.file(entry)
	file := s.plan.files[n]
	s.mu.Lock()
	shared, found := s.large[entry]
	if !found {
		shared = &largeFile{opened: make(chan struct{}), left: file.Size}
		s.large[entry] = shared
	}
	s.mu.Unlock()
	if !found {
		shared.content, shared.err = reader.Open(ctx, file) // a panic ends ctx
		close(shared.opened)
	}
	select {
	case <-shared.opened:
		return shared.content, shared.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// finish counts bytes of a large file that were read, and reports whether they were the
// last ones.
func (s *source) finish(entry, size int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	shared := s.large[entry]
	if shared.left -= int64(size); shared.left > 0 {
		return false
	}
	delete(s.large, entry)
	return true
}

// compare returns an error if a piece of a file that is read for each of its copies
// differs between them. Size and modification time do not reveal every replacement.
func (s *source) compare(p piece, content []byte) error {
	if s.plan.layout != LayoutBoth || s.plan.files[p.file].Size <= archive.AloneSize {
		return nil
	}
	sum := maphash.Bytes(s.seed, content)
	s.mu.Lock()
	defer s.mu.Unlock()
	if first, found := s.sums[p]; found && first != sum {
		return &manifests.PathError{Path: s.plan.files[p.file].Path, Err: manifests.ErrFileChanged}
	}
	s.sums[p] = sum
	return nil
}
