package packager

import (
	"errors"
	"io"
	"os"
	"sync"
)

// chunkSize is the size of the pieces in which a spool allocates memory. A single
// growing buffer would be copied repeatedly.
const chunkSize = 64 << 10

// spool holds the content written to it in memory, or in a file beyond limit.
type spool struct {
	limit int64
	dir   string
	kept  bool // by a Store, which discards it

	mu     sync.Mutex // guards the rest while there is a follower
	size   int64
	chunks chunks
	file   *os.File
	ended  error         // io.EOF when all is written, or why it is not
	grown  chan struct{} // closed at the next change; nil if nobody waits for it
}

func (s *spool) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.wake()
	if s.file == nil && s.size+int64(len(p)) > s.limit {
		if err := s.spill(); err != nil {
			return 0, err
		}
	}
	if s.file == nil {
		s.chunks.write(p)
		s.size += int64(len(p))
		return len(p), nil
	}
	n, err := s.file.Write(p)
	s.size += int64(n)
	return n, err
}

func (s *spool) spill() error {
	file, err := os.CreateTemp(s.dir, "oci-layer-*")
	if err != nil {
		return err
	}
	s.file = file
	// If the system allows it, the file loses its name here, so that even a killed
	// process does not leave it behind. Otherwise discard removes it.
	_ = os.Remove(file.Name())
	for _, chunk := range s.chunks {
		if _, err := file.Write(chunk); err != nil {
			return err
		}
	}
	s.chunks = nil
	return nil
}

// content returns the content as it is held now.
func (s *spool) content() io.ReaderAt {
	if s.file != nil && s.chunks == nil { // unless the disk is full
		return s.file
	}
	return s.chunks
}

// ReadAt reads what was written so far. It implements [io.ReaderAt].
func (s *spool) ReadAt(p []byte, offset int64) (int, error) { return s.content().ReadAt(p, offset) }

func (s *spool) open() io.ReadCloser {
	return struct {
		io.ReadSeeker
		io.Closer
	}{io.NewSectionReader(s.content(), 0, s.size), io.NopCloser(nil)}
}

func (s *spool) discardUnlessKept() {
	if !s.kept {
		_ = s.discard() // an error is reported where it is expected
	}
}

func (s *spool) discard() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = os.ErrClosed
	s.wake()
	s.chunks = nil
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	_ = os.Remove(s.file.Name()) // removed already if spill could
	s.file = nil
	return err
}

// chunks holds content in pieces of chunkSize, of which the last may be shorter.
type chunks [][]byte

func (c *chunks) write(p []byte) {
	for len(p) > 0 {
		last := len(*c) - 1
		if last < 0 || len((*c)[last]) == chunkSize {
			var chunk []byte
			if last >= 0 { // small content needs no full chunk
				chunk = make([]byte, 0, chunkSize)
			}
			*c = append(*c, chunk)
			last++
		}
		n := min(len(p), chunkSize-len((*c)[last]))
		(*c)[last] = append((*c)[last], p[:n]...)
		p = p[n:]
	}
}

// ReadAt implements [io.ReaderAt].
func (c chunks) ReadAt(p []byte, offset int64) (int, error) {
	if offset < 0 {
		return 0, errors.New("negative offset")
	}
	n := 0
	for i := offset / chunkSize; n < len(p) && i < int64(len(c)); i++ {
		from := (offset + int64(n)) % chunkSize
		n += copy(p[n:], c[i][min(from, int64(len(c[i]))):])
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
