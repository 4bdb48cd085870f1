package registry

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// limit bounds how long a call may take: the cause is a [*timeoutError]. The
// context carries the call.
func limit(ctx context.Context, d time.Duration, c *call) (context.Context, context.CancelFunc) {
	return limitRest(ctx, d, d, c)
}

// limitRest is limit for a call that has the time rest left of d.
func limitRest(ctx context.Context, d, rest time.Duration, c *call) (context.Context, context.CancelFunc) {
	c.noteFailure(nil)
	return context.WithTimeoutCause(context.WithValue(ctx, callKey{}, c), rest, &timeoutError{d})
}

// timeoutError is the cause of a context that this package has limited.
type timeoutError struct{ limit time.Duration }

func (e *timeoutError) Error() string { return fmt.Sprintf("not done within %v", e.limit) }

// Is reports whether target is the error of all deadlines.
func (e *timeoutError) Is(target error) bool { return target == context.DeadlineExceeded }

// call is the state that the requests of one call share.
type call struct {
	mu        sync.Mutex // guards the rest
	failure   error      // of the last step that was retried
	responded bool       // the host has responded as a registry
	pending   string     // the request that was sent last, if it has no response
	seeking   bool       // the time ended while the credential was looked for
}

type callKey struct{}

// callIn returns the call of a context of limit, from which all others are derived.
func callIn(ctx context.Context) *call {
	return ctx.Value(callKey{}).(*call)
}

// noteFailure remembers the failure of a step that is retried.
func (c *call) noteFailure(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failure = err
}

// lastFailure returns the failure that was noted last, or nil.
func (c *call) lastFailure() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.failure
}

// noteRequest remembers the request that was sent last, in words, until the function that
// it returns is called with its response.
func (c *call) noteRequest(request string) (responded func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pending = request
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.pending == request {
			c.pending = ""
		}
	}
}

// pendingRequest returns the request that has no response, or "".
func (c *call) pendingRequest() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pending
}

// noteCredential remembers that the time of ctx ended while the credential was looked for.
func (c *call) noteCredential(ctx context.Context) {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.seeking = true
	}
}

// lacksCredential reports whether the time ended while the credential was looked for.
func (c *call) lacksCredential() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seeking
}

// noteResponse remembers that the host has responded as a registry.
func (c *call) noteResponse() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.responded = true
}

// hasResponded reports whether the host has responded as a registry.
func (c *call) hasResponded() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.responded
}
