package guard

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
	"time"
)

// StalledError reports a connection on which nothing moved.
type StalledError struct{ Limit time.Duration }

func (e *StalledError) Error() string {
	return fmt.Sprintf("nothing moved for %v", e.Limit.Round(time.Millisecond))
}

// maxConnections bounds the new connections on which net/http sends one request. Over HTTP/2,
// it repeats a request without a pause or an end if the server refuses it, or ends the
// connection.
const maxConnections = 3

var errRefused = fmt.Errorf("the server refused the request on %d new connections", maxConnections)

// minProgress is how many bytes of a response have to arrive within the limit. A server that
// sends fewer sends one now and then, to hold up the client.
const minProgress = 128

// Watched is a RoundTripper that ends a request if nothing is sent, or next to nothing
// received, for Limit, or for the rest of the [Patience] in the context. The error, also
// that of reading the response, is then a [*StalledError]. It also ends a
// request that [http.Transport] repeats again and again. The time that the caller takes
// to provide or to read a body is not counted: a slow disk is not the server's fault.
type Watched struct {
	Next  http.RoundTripper
	Limit time.Duration
}

// RoundTrip implements [http.RoundTripper].
func (w Watched) RoundTrip(req *http.Request) (*http.Response, error) {
	patience := patienceIn(req.Context())
	limit := patience.limit(w.Limit)
	if limit <= 0 {
		if req.Body != nil {
			_ = req.Body.Close() // as a RoundTripper has to
		}
		return nil, &StalledError{w.Limit}
	}
	watched, dog := watch(req, limit, patience)
	resp, err := w.Next.RoundTrip(watched)
	if err != nil {
		dog.end()
		if !dog.barked.Load() && req.Context().Err() == nil {
			patience.spend(dog.silence())
		}
		return nil, dog.explain(err)
	}
	if resp.Body == nil { // net/http allows that
		resp.Body = http.NoBody
	}
	dog.responded()
	resp.Body = &receivedBody{ReadCloser: resp.Body, dog: dog, patience: patience, left: limit}
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
	conns  atomic.Int32 // that are new

	mu    sync.Mutex // guards the rest
	sent  bool       // net/http may read on after the response
	since time.Time  // when the server began to be waited for, or zero
}

// watch returns the request to send in place of req, and its watchdog.
func watch(req *http.Request, limit time.Duration, patience *Patience) (*http.Request, *watchdog) {
	ctx, cancel := context.WithCancel(req.Context())
	w := &watchdog{limit: limit, ctx: ctx, cancel: cancel, since: time.Now()}
	w.timer = time.AfterFunc(limit, func() {
		if !w.barked.Swap(true) {
			patience.spend(limit)
		}
		cancel()
	})
	req = req.WithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: w.connected}))
	if req.Body == nil || req.Body == http.NoBody {
		return req, w
	}
	req.Body = &sentBody{ReadCloser: req.Body, dog: w}
	if reopen := req.GetBody; reopen != nil { // net/http repeats some requests by itself
		req.GetBody = func() (io.ReadCloser, error) {
			if err := ctx.Err(); err != nil { // as in Read
				return nil, err
			}
			body, err := reopen()
			if err != nil {
				return nil, err
			}
			return &sentBody{ReadCloser: body, dog: w}, nil
		}
	}
	return req, w
}

// connected ends the request if it would be sent on too many new connections.
func (w *watchdog) connected(at httptrace.GotConnInfo) {
	if !at.Reused && w.conns.Add(1) > maxConnections {
		w.cancel()
	}
}

// start and stop are called by whileSending.
func (w *watchdog) start() { w.since = time.Now(); w.timer.Reset(w.limit) }
func (w *watchdog) stop()  { w.since = time.Time{}; w.timer.Stop() }

// whileSending calls start or stop, unless there is a response.
func (w *watchdog) whileSending(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.sent {
		f()
	}
}

// silence returns for how long the server has been waited for.
func (w *watchdog) silence() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.since.IsZero() {
		return 0
	}
	return time.Since(w.since)
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
	w.timer.Stop()
	w.cancel()
}

// explain returns the error to report for err.
func (w *watchdog) explain(err error) error {
	switch {
	case err == nil, errors.Is(err, io.EOF):
	case w.barked.Load():
		return &StalledError{w.limit}
	case w.conns.Load() > maxConnections:
		return errRefused
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
	dog      *watchdog
	patience *Patience
	left     time.Duration // until minProgress bytes have to be there
	got      int           // of them
}

func (b *receivedBody) Read(p []byte) (int, error) {
	began := time.Now()
	b.dog.timer.Reset(b.left)
	n, err := b.ReadCloser.Read(p)
	b.dog.timer.Stop()
	waited := time.Since(began)
	b.left -= waited
	if b.got += n; b.got >= minProgress {
		b.got, b.left = 0, b.dog.limit
	}
	if err == nil && b.dog.barked.Load() { // the body has not noticed
		err = context.Canceled
	}
	if err != nil && !errors.Is(err, io.EOF) && !b.dog.barked.Load() {
		b.patience.spend(waited)
	}
	return n, b.dog.explain(err)
}

func (b *receivedBody) Close() error {
	b.dog.end()
	return b.ReadCloser.Close()
}
