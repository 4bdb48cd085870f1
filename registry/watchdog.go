package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// stalledError reports a connection on which nothing moved.
type stalledError struct{ limit time.Duration }

func (e *stalledError) Error() string { return fmt.Sprintf("nothing moved for %v", e.limit) }

// watchdog ends a request when for a while nothing was sent or received. It
// looks away while the other end of a body is at work: a slow disk is not the
// registry's fault.
type watchdog struct {
	limit  time.Duration
	timer  *time.Timer
	cancel context.CancelFunc
	barked atomic.Bool

	mu   sync.Mutex
	sent bool // net/http may read on when it has its answer
}

// watch returns the request to send in place of req, and the watchdog of it.
func watch(req *http.Request, limit time.Duration) (*http.Request, *watchdog) {
	ctx, cancel := context.WithCancel(req.Context())
	w := &watchdog{limit: limit, cancel: cancel}
	w.timer = time.AfterFunc(limit, func() {
		w.barked.Store(true)
		cancel()
	})
	req = req.WithContext(ctx)
	if req.Body == nil || req.Body == http.NoBody {
		return req, w
	}
	req.Body = &sentBody{ReadCloser: req.Body, dog: w}
	if again := req.GetBody; again != nil { // net/http sends some requests again by itself
		req.GetBody = func() (io.ReadCloser, error) {
			body, err := again()
			if err != nil {
				return nil, err
			}
			return &sentBody{ReadCloser: body, dog: w}, nil
		}
	}
	return req, w
}

func (w *watchdog) start() { w.timer.Reset(w.limit) }
func (w *watchdog) stop()  { w.timer.Stop() }

// whileSending calls start or stop, unless there is an answer.
func (w *watchdog) whileSending(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.sent {
		f()
	}
}

// answered lets the watchdog rest until the answer is read.
func (w *watchdog) answered() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sent = true
	w.stop()
}

// end releases what the watchdog holds.
func (w *watchdog) end() {
	w.stop()
	w.cancel()
}

// explain returns the error to show for err.
func (w *watchdog) explain(err error) error {
	if err != nil && !errors.Is(err, io.EOF) && w.barked.Load() {
		return &stalledError{w.limit}
	}
	return err
}

// sentBody is read by the transport, which sends what it read before it reads on.
type sentBody struct {
	io.ReadCloser
	dog *watchdog
}

func (b *sentBody) Read(p []byte) (int, error) {
	b.dog.whileSending(b.dog.stop)
	defer b.dog.whileSending(b.dog.start)
	return b.ReadCloser.Read(p)
}

// receivedBody is watched while it is read.
type receivedBody struct {
	io.ReadCloser
	dog *watchdog
}

func (b *receivedBody) Read(p []byte) (int, error) {
	b.dog.start()
	n, err := b.ReadCloser.Read(p)
	b.dog.stop()
	return n, b.dog.explain(err)
}

func (b *receivedBody) Close() error {
	b.dog.end()
	return b.ReadCloser.Close()
}
