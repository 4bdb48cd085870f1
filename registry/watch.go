package registry

import (
	"errors"
	"io"
	"sync"
)

// watchedReader remembers how reading went wrong. Who reads from it, such as
// net/http or a content store, says it as if its own side had failed.
type watchedReader struct {
	io.Reader

	mu  sync.Mutex // net/http may go on reading when it has its answer
	err error
}

func (w *watchedReader) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.err = err
	}
	return n, err
}

// failed returns the error with which reading ended, if any.
func (w *watchedReader) failed() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}
