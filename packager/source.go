package packager

import (
	"errors"
	"hash/maphash"
	"io"
	"runtime"
	"sync"

	"github.com/kubeoci/oci/internal/archive"
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

// newSlots makes a slot for each worker, and one more so that none of them
// waits while a block is handed on.
func newSlots() []*slot {
	slots := make([]*slot, min(runtime.GOMAXPROCS(0), maxWorkers)+1)
	for i := range slots {
		slots[i] = new(slot)
	}
	return slots
}

// source fills the blocks of an archive from the files of a Set.
type source struct {
	set     *manifests.Set
	layout  Layout
	archive *archive.Archive

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

func newSource(set *manifests.Set, layout Layout, laidOut *archive.Archive) *source {
	return &source{
		set:     set,
		layout:  layout,
		archive: laidOut,
		large:   map[int]*largeFile{},
		seed:    maphash.MakeSeed(),
		sums:    map[piece]uint64{},
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
	b.raw, err = s.archive.Block(b.raw, n, func(entry int, p []byte, offset int64) error {
		return s.read(b.reader, entry, p, offset)
	})
	return err
}

// open returns a Reader that lives as long as the source.
func (s *source) open() (*manifests.Reader, error) {
	reader, err := s.set.Open()
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.readers = append(s.readers, reader)
	return reader, nil
}

func (s *source) read(reader *manifests.Reader, entry int, p []byte, offset int64) error {
	file := s.layout.Entries[entry].File
	content, release, err := s.content(reader, entry, len(p))
	if err != nil {
		return err
	}
	defer release()
	if _, err := content.ReadAt(p, offset); err != nil && !errors.Is(err, io.EOF) { // of an empty file
		return err
	}
	return s.compare(piece{file.Path, offset, len(p)}, p)
}

// content opens a file of which so many bytes are to be read. One that is read
// in pieces stays open until the last of them is released.
func (s *source) content(reader *manifests.Reader, entry, size int) (*manifests.Content, func(), error) {
	file := s.layout.Entries[entry].File
	if int64(size) == file.Size {
		content, err := reader.Open(file)
		return content, func() { _ = content.Close() }, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	shared := s.large[entry]
	if shared == nil {
		content, err := reader.Open(file)
		if err != nil {
			return nil, nil, err
		}
		shared = &largeFile{content: content, left: file.Size}
		s.large[entry] = shared
	}
	return shared.content, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if shared.left -= int64(size); shared.left == 0 {
			_ = shared.content.Close() // only read from
			delete(s.large, entry)
		}
	}, nil
}

// compare fails for a piece that was another one in the first copy of the tree.
// Size and modification time do not show every replacement.
func (s *source) compare(p piece, content []byte) error {
	if !s.layout.twice {
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
