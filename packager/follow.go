package packager

import (
	"errors"
	"io"
	"os"
	"sync"
)

// follower reads a spool while it is written.
type follower struct {
	spool  *spool
	offset int64
	once   sync.Once
	closed chan struct{}
}

func (s *spool) follow() *follower { return &follower{spool: s, closed: make(chan struct{})} }

// Read waits for content, the end of it, or Close.
func (f *follower) Read(p []byte) (int, error) {
	for {
		n, grown, err := f.spool.readAt(p, f.offset)
		f.offset += int64(n)
		if n > 0 || err != nil || len(p) == 0 {
			return n, err
		}
		select {
		case <-grown:
		case <-f.closed:
			return 0, os.ErrClosed
		}
	}
}

// Close ends a Read that waits. It may be called more than once.
func (f *follower) Close() error {
	f.once.Do(func() { close(f.closed) })
	return nil
}

// readAt returns content that has been written. Where there is none yet, it returns a
// channel to wait for it, or the error with which writing ended.
func (s *spool) readAt(p []byte, offset int64) (n int, grown <-chan struct{}, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if offset < s.size && !errors.Is(s.ended, os.ErrClosed) {
		n, err = s.content().ReadAt(p[:min(int64(len(p)), s.size-offset)], offset)
		if n > 0 {
			err = nil
		}
		return n, nil, err
	}
	if s.ended == nil && s.grown == nil {
		s.grown = make(chan struct{})
	}
	return 0, s.grown, s.ended
}

// wake lets followers read on. The caller holds the lock.
func (s *spool) wake() {
	if s.grown != nil {
		close(s.grown)
		s.grown = nil
	}
}

// end notes that everything is written.
func (s *spool) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended == nil {
		s.ended = io.EOF
	}
	s.wake()
}
