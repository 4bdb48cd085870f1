package packager

import (
	"hash/maphash"
	"runtime"
	"sync"

	"github.com/kubeoci/oci/manifests"
)

// maxWorkers bounds the memory that more cores would take. From about eight on
// the digest, which no two cores can share, is the slowest step.
const maxWorkers = 8

// slot is where a worker keeps a block, and what it needs to make one, from one
// block to the next.
type slot struct {
	reader     *manifests.Reader
	raw        []byte
	compressed []byte
	compressor
}

// spareSlots are what workers go on in while others wait for their turn to be
// handed on: compressing takes longer for some blocks than for others. More than
// one, or any where blocks are only read, costs more in memory that no cache holds
// than it gains.
const spareSlots = 1

// newSlots returns one for each worker, and spare ones.
func newSlots(spare int) []*slot {
	slots := make([]*slot, min(runtime.GOMAXPROCS(0), maxWorkers)+spare)
	for i := range slots {
		slots[i] = new(slot)
	}
	return slots
}

// source fills the blocks of an archive from the files of a Set.
type source struct {
	plan    *Plan
	observe func(manifests.File, []byte) // or nil

	mu      sync.Mutex // guards all below
	readers []*manifests.Reader
	large   map[int]*largeFile
	seed    maphash.Seed
	sums    map[piece]uint64
}

// largeFile is a file that is in several blocks. It stays open for all of them,
// so that they are of the same file.
type largeFile struct {
	content *manifests.Content
	left    int64
}

// piece is a part of a file, in one of the copies of the tree.
type piece struct {
	path   string
	offset int64
	size   int
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
		_ = reader.Close() // only read from
	}
	for _, file := range s.large {
		_ = file.content.Close() // only read from
	}
}

// fill reads block n of the archive.
func (s *source) fill(b *slot, n int) (err error) {
	if b.reader == nil {
		if b.reader, err = s.open(); err != nil {
			return err
		}
	}
	b.raw, err = s.plan.archive.Block(b.raw, n, func(entry int, p []byte, offset int64) error {
		return s.read(b.reader, entry, p, offset)
	})
	return err
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

func (s *source) read(reader *manifests.Reader, entry int, p []byte, offset int64) error {
	file := s.plan.entries[entry].File
	var err error
	if int64(len(p)) == file.Size {
		err = reader.ReadFile(file, p)
	} else {
		err = s.readPiece(reader, entry, p, offset)
	}
	if err != nil {
		return err
	}
	if err := s.compare(piece{file.Path, offset, len(p)}, p); err != nil {
		return err
	}
	if s.observe != nil && int64(len(p)) == file.Size {
		s.observe(file, p)
	}
	return nil
}

// readPiece reads a part of a file that is in several blocks. The file stays
// open until all of it was read.
func (s *source) readPiece(reader *manifests.Reader, entry int, p []byte, offset int64) error {
	content, err := s.share(reader, entry)
	if err != nil {
		return err
	}
	if _, err := content.ReadAt(p, offset); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	shared := s.large[entry]
	if shared.left -= int64(len(p)); shared.left == 0 {
		_ = shared.content.Close() // only read from
		delete(s.large, entry)
	}
	return nil
}

// share opens a file for all blocks that it is in.
func (s *source) share(reader *manifests.Reader, entry int) (*manifests.Content, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if shared := s.large[entry]; shared != nil {
		return shared.content, nil
	}
	file := s.plan.entries[entry].File
	content, err := reader.Open(file)
	if err != nil {
		return nil, err
	}
	s.large[entry] = &largeFile{content: content, left: file.Size}
	return content, nil
}

// compare fails for a piece that was another one in the first copy of the tree.
// Size and modification time do not show every replacement.
func (s *source) compare(p piece, content []byte) error {
	if s.plan.layout != LayoutBoth {
		return nil
	}
	sum := maphash.Bytes(s.seed, content)
	s.mu.Lock()
	defer s.mu.Unlock()
	if before, again := s.sums[p]; again && before != sum {
		return &manifests.PathError{Path: p.path, Err: manifests.ErrFileChanged}
	}
	s.sums[p] = sum
	return nil
}
