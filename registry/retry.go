package registry

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"time"

	"github.com/kubeoci/oci/internal/guard"
)

// Defaults of [RetryPolicy].
const (
	DefaultMaxAttempts = 6
	DefaultMinWait     = 300 * time.Millisecond
	DefaultMaxWait     = 10 * time.Second
)

// maxAttempts is the most that can be asked for.
const maxAttempts = 100

// RetryPolicy says how often a step of a call is tried, and how long is waited in
// between. A step is one request, or what it takes to upload one blob.
//
// It is tried again where the registry cannot be reached, the connection breaks,
// nothing moves for a while, or the answer is 408, 425, 429, 500 or above except
// 501, 505, 507 and 511. It is not where trying again is no use: for a
// certificate that is not trusted, TLS that is refused, a name that is unknown, and
// any other answer.
type RetryPolicy struct {
	// MaxAttempts is how often a step is tried. Zero means DefaultMaxAttempts,
	// and 1 once.
	MaxAttempts int
	// MinWait bounds the first wait, which is random, as all of them are. It
	// doubles each time, up to MaxWait. Zero means DefaultMinWait and
	// DefaultMaxWait. What a registry says in Retry-After is waited for in full.
	MinWait, MaxWait time.Duration
}

func (r RetryPolicy) withDefaults() RetryPolicy {
	r.MaxAttempts = cmp.Or(r.MaxAttempts, DefaultMaxAttempts)
	r.MinWait = cmp.Or(r.MinWait, DefaultMinWait)
	r.MaxWait = max(cmp.Or(r.MaxWait, DefaultMaxWait), r.MinWait)
	return r
}

// wait is how long to wait after so many attempts.
func (r RetryPolicy) wait(attempts int) time.Duration {
	bound := r.MaxWait
	if shift := attempts - 1; shift < 32 && r.MinWait<<shift < bound {
		bound = r.MinWait << shift
	}
	return rand.N(bound + 1)
}

// Retry says why a step is tried again.
type Retry struct {
	// Attempt counts those that failed, from 1.
	Attempt int
	// Wait is how long is waited before the next one.
	Wait time.Duration
	// Err is what went wrong. Its text holds no secret.
	Err error
}

// retry calls step until it succeeds, or fails for good, or there is no time for
// another attempt. Its error is that of the last step, or of ctx.
func (c *Client) retry(ctx context.Context, told func(Retry), step func(ctx context.Context) error) error {
	for attempt := 1; ; attempt++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := step(ctx)
		if err == nil || ctx.Err() != nil || !mayPass(err) {
			return err
		}
		callIn(ctx).noteFailure(err)
		wait := c.patience.wait(attempt)
		answer, answered := errors.AsType[*answerError](err)
		if answered {
			wait = max(wait, answer.retryAfter)
		}
		if answered && answer.throttled() {
			c.gate.Pause(wait, answer.comeBack)
		}
		deadline, limited := ctx.Deadline()
		if attempt >= c.patience.MaxAttempts || limited && wait >= time.Until(deadline) {
			return err
		}
		if told != nil {
			failed := new(Error)
			c.explain(failed, err)
			told(Retry{Attempt: attempt, Wait: wait, Err: failed})
		}
		if err := guard.Sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// mayPass reports whether what failed may succeed when it is tried again: an
// answer that says so, and all that befalls a connection except what is wrong
// with its other end.
func mayPass(err error) bool {
	if isFinal(err) {
		return false
	}
	if answer, ok := errors.AsType[*answerError](err); ok {
		return answer.mayPass()
	}
	if lookup, ok := errors.AsType[*net.DNSError](err); ok {
		return !lookup.IsNotFound
	}
	return is[*url.Error](err) || isBroken(err)
}

// isFinal recognizes what is not about a connection, and what another connection
// would not change.
func isFinal(err error) bool {
	return is[*finalError](err) || is[*localError](err) || is[*malformedError](err) || is[*corruptError](err) ||
		is[*realmError](err) || errors.Is(err, http.ErrSchemeMismatch) ||
		is[*tls.CertificateVerificationError](err) || is[tls.RecordHeaderError](err) || isAlert(err)
}

// isAlert reports whether one side refuses to speak TLS with the other. The words
// are those that crypto/tls puts in a field for them.
func isAlert(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && (op.Op == "remote error" || op.Op == "local error")
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// isBroken reports whether err is of a connection that could not be made, or
// ended before its time.
func isBroken(err error) bool {
	return is[syscall.Errno](err) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
}

// finalError marks an error after which no other attempt is wanted.
type finalError struct{ err error }

func (e *finalError) Error() string { return e.err.Error() }

func (e *finalError) Unwrap() error { return e.err }
