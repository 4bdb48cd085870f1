package guard

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

// StalledError reports a connection on which nothing moved.
type StalledError struct{ Limit time.Duration }

func (e *StalledError) Error() string { return fmt.Sprintf("nothing moved for %v", e.Limit) }

// Watched is a RoundTripper that ends a request if nothing is sent or received for
// Limit. The error, also that of reading the response, is then a [*StalledError]. The
// time that the caller takes to provide or to read a body is not counted: a slow disk
// is not the server's fault.
type Watched struct {
	Next  http.RoundTripper
	Limit time.Duration
}

// RoundTrip implements [http.RoundTripper].
func (w Watched) RoundTrip(req *http.Request) (*http.Response, error) {
	watched, dog := watch(req, w.Limit)
	resp, err := w.Next.RoundTrip(watched)
	if err != nil {
		dog.end()
		return nil, dog.explain(err)
	}
	if resp.Body == nil { // net/http allows that
		resp.Body = http.NoBody
	}
	dog.responded()
	resp.Body = &receivedBody{ReadCloser: resp.Body, dog: dog}
	resp.Request = req
	return resp, nil
}

// watchdog cancels one request.
type watchdog struct {
	limit  time.Duration
	timer  *time.Timer
	ctx    context.Context
	cancel context.CancelFunc
	barked atomic.Bool

	mu   sync.Mutex
	sent bool // net/http may read on after the response
}

// watch returns the request to send in place of req, and its watchdog.
func watch(req *http.Request, limit time.Duration) (*http.Request, *watchdog) {
	ctx, cancel := context.WithCancel(req.Context())
	w := &watchdog{limit: limit, ctx: ctx, cancel: cancel}
	w.timer = time.AfterFunc(limit, func() {
		w.barked.Store(true)
		cancel()
	})
	req = req.WithContext(ctx)
	if req.Body == nil || req.Body == http.NoBody {
		return req, w
	}
	req.Body = &sentBody{ReadCloser: req.Body, dog: w}
	if reopen := req.GetBody; reopen != nil { // net/http repeats some requests by itself
		req.GetBody = func() (io.ReadCloser, error) {
			body, err := reopen()
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

// whileSending calls start or stop, unless there is a response.
func (w *watchdog) whileSending(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.sent {
		f()
	}
}

// responded stops the watchdog until the response is read.
func (w *watchdog) responded() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sent = true
	w.stop()
}

// end releases the resources of the watchdog.
func (w *watchdog) end() {
	w.stop()
	w.cancel()
}

// explain returns the error to report for err.
func (w *watchdog) explain(err error) error {
	if err != nil && !errors.Is(err, io.EOF) && w.barked.Load() {
		return &StalledError{w.limit}
	}
	return err
}

// sentBody is read by the transport, which sends the bytes of one Read before the next.
type sentBody struct {
	io.ReadCloser
	dog *watchdog
}

func (b *sentBody) Read(p []byte) (int, error) {
	if err := b.dog.ctx.Err(); err != nil { // the source may be gone
		return 0, err
	}
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
