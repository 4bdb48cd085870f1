package guard

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/kubeoci/oci/internal/calls"
)

// grace is how long a transport may take to notice the end of a context. One that keeps
// to it leaves nothing running.
const grace = 250 * time.Millisecond

var (
	errNoResponse = errors.New("the transport returned neither a response nor an error")
	errNoContent  = errors.New("the source returned neither content nor an error")
)

// Prompt is a RoundTripper for a Next that may ignore the context of a request. Shortly
// after the end of the context RoundTrip returns, and so does every Read of the response's
// body; a body that is still open is closed. Next then runs on in its goroutine until it
// returns by itself: nothing can end it. A panic of Next, or of the body of its response,
// is one of the caller of Prompt.
type Prompt struct{ Next http.RoundTripper }

// RoundTrip implements [http.RoundTripper].
func (p Prompt) RoundTrip(req *http.Request) (*http.Response, error) {
	late, cancel := calls.Linger(req.Context(), grace)
	resp, err := calls.Await(late, func(context.Context) (*http.Response, error) {
		resp, err := p.Next.RoundTrip(req)
		switch {
		case err != nil:
			return nil, err
		case resp == nil:
			return nil, errNoResponse
		case resp.Body == nil: // net/http allows that
			resp.Body = http.NoBody
		}
		resp.Body = newPromptBody(late, cancel, resp.Body)
		return resp, nil
	})
	if err == nil {
		return resp, nil
	}
	if late.Err() != nil {
		err = req.Context().Err()
		if req.Body != nil {
			_ = req.Body.Close() // Next may not do so
		}
	}
	cancel()
	return nil, err
}

// Open returns what open returns, for one that may ignore the context. Shortly after the
// end of ctx Open returns, and so does every method of the body, which is then closed. A
// panic of open or of the body is one of the caller.
func Open(ctx context.Context, open func() (io.ReadCloser, error)) (io.ReadCloser, error) {
	late, cancel := calls.Linger(ctx, grace)
	body, err := calls.Await(late, func(context.Context) (io.ReadCloser, error) {
		body, err := open()
		switch {
		case err != nil:
			return nil, err
		case body == nil:
			return nil, errNoContent
		}
		return newPromptBody(late, cancel, body), nil
	})
	if err == nil {
		return body, nil
	}
	if late.Err() != nil {
		err = ctx.Err()
	}
	cancel()
	return nil, err
}

// promptBody is a body whose methods may block or panic.
type promptBody struct {
	late   context.Context
	cancel context.CancelFunc
	body   io.ReadCloser
	buffer []byte // a Read that was given up may still write to it
	closed chan struct{}
	err    error // of Close
}

// newPromptBody returns a body that is closed at the end of the context, also if nobody
// has it any more.
func newPromptBody(late context.Context, cancel context.CancelFunc, body io.ReadCloser) *promptBody {
	b := &promptBody{late: late, cancel: cancel, body: body, closed: make(chan struct{})}
	context.AfterFunc(late, b.close)
	return b
}

// maxRead bounds the buffer, and with it the bytes that are copied at a time.
const maxRead = 32 << 10

func (b *promptBody) Read(p []byte) (int, error) {
	if err := b.late.Err(); err != nil {
		return 0, err
	}
	if size := min(len(p), maxRead); len(b.buffer) < size {
		b.buffer = make([]byte, size)
	}
	buffer := b.buffer[:min(len(p), len(b.buffer))]
	n, err := calls.Await(b.late, func(context.Context) (int, error) { return b.body.Read(buffer) })
	return copy(p, buffer[:n]), err
}

func (b *promptBody) Close() error {
	b.cancel() // closes the body
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-b.closed:
		calls.Rethrow(b.err)
		return b.err
	case <-timer.C:
		return nil
	}
}

// close closes the body, and keeps a panic for the caller of Close.
func (b *promptBody) close() {
	_ = calls.Catch(b.body.Close, func(err error) {
		b.err = err
		close(b.closed)
	})
}
