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
	"reflect"
	"syscall"
	"time"

	"github.com/kubeoci/oci/internal/guard"
)

// maxAttempts is the largest value that RetryPolicy accepts.
const maxAttempts = 100

// maxDenials bounds how often a step sends a credential that the token service denies.
const maxDenials = 3

// RetryPolicy configures how often a step of a call is tried, and the waits in
// between. A step is one request, or everything that the upload of one blob takes.
//
// It is retried if the registry cannot be reached, the connection breaks or stalls, or
// the status of the response is 408, 425, 429, or 500 and above except 501, 505, 507
// and 511. So is a 403 with Retry-After, and a credential that the token service denies
// or answers with a redirect loop: that of GHCR does so to good ones at times. A denied
// credential is tried at most three times, because repeated failures may lock an
// account, and the waits in between are not random. The token service of GHCR is also asked
// again if it denies a request without a credential. Other failures are final: a
// certificate that is not trusted, TLS that is refused, an unknown name, a denial by the
// registry itself, and any other response.
//
// If the time that is left does not suffice for the wait before the next attempt, the call
// ends immediately with the latest failure, which need not match
// [context.DeadlineExceeded].
//
// A step waits 50 seconds for a registry that is silent, or sends next to nothing, all
// attempts together, and no more than 30 seconds for one response.
//
// A Retry-After of up to an hour is obeyed in full, also if it exceeds MaxWait. With the status 429 or 503
// it holds for all calls of the Client, unless a token service or storage on another host
// asks for it. [Client.Close] ends such a pause. A Retry-After of more than an hour is
// an error of the server: the response is final, concerns no other call, and its value is
// in [Error.RetryAfter].
type RetryPolicy struct {
	// MaxAttempts bounds how often a step is tried, and is at most 100. Zero means 6, and 1
	// disables retries. A negative number is an error.
	MaxAttempts int
	// MinWait bounds the first wait, which is random like all of them. The bound
	// doubles each time, up to MaxWait, or MinWait if that is longer. Zero means 300 ms and
	// 10 s, and neither may be negative or exceed 24 hours.
	MinWait, MaxWait time.Duration
}

func (r RetryPolicy) withDefaults() RetryPolicy {
	r.MaxAttempts = cmp.Or(r.MaxAttempts, 6)
	r.MinWait = cmp.Or(r.MinWait, 300*time.Millisecond)
	r.MaxWait = max(cmp.Or(r.MaxWait, 10*time.Second), r.MinWait)
	return r
}

// bound returns how long to wait at most after so many attempts.
func (r RetryPolicy) bound(attempts int) time.Duration {
	if shift := attempts - 1; r.MinWait <= r.MaxWait>>shift {
		return r.MinWait << shift
	}
	return r.MaxWait
}

// Retry describes a failure that is retried.
type Retry struct {
	// Attempt counts the failed attempts, from 1.
	Attempt int
	// Wait is the time until the next attempt.
	Wait time.Duration
	// Err is the failure. Its text holds no secret.
	Err error
}

// retry calls step until it succeeds, fails for good, or no time is left for another
// attempt. It returns the error of the last step, or that of ctx if this has ended.
func (c *Client) retry(ctx context.Context, report func(Retry), step func(ctx context.Context) error) error {
	denials := 0
	ctx, patience := guard.WithPatience(ctx, maxSilence)
	for attempt := 1; ; attempt++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := step(ctx)
		resp, responded := errors.AsType[*responseError](err)
		if responded && resp.isTokenDenial() {
			denials++
			resp.repeated = denials >= maxDenials || attempt >= c.retryPolicy.MaxAttempts
		}
		if err != nil && ctx.Err() != nil {
			return ctx.Err() // err may be a consequence of that, such as a response that was not read
		}
		if err == nil || !isRetryable(err) {
			return err
		}
		callIn(ctx).noteFailure(err)
		wait := rand.N(c.retryPolicy.bound(attempt) + 1)
		if responded && resp.isTokenDenial() {
			wait = c.retryPolicy.bound(attempt) // it is not asked often enough to be lucky
		}
		if responded {
			wait = max(wait, resp.retryAfter)
		}
		if responded && resp.throttles(c.server()) {
			c.gate.Pause(min(wait, maxRetryAfter), resp.comeBack)
		}
		deadline, limited := ctx.Deadline()
		if attempt >= c.retryPolicy.MaxAttempts || patience.Left() <= 0 || limited && wait >= time.Until(deadline) {
			return err
		}
		if report != nil {
			failed := new(Error)
			c.explain(failed, err)
			report(Retry{Attempt: attempt, Wait: wait, Err: failed})
		}
		if err := guard.Sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// isRetryable reports whether a failed step may succeed later. That is so for some
// responses, and for all failures of a connection except those that another connection
// would not change.
func isRetryable(err error) bool {
	if odd, ok := errors.AsType[*malformedError](err); ok && odd.transient {
		return true
	}
	if proxy, ok := errors.AsType[*proxyError](err); ok {
		return proxy.transient()
	}
	if isFinal(err) {
		return false
	}
	if resp, ok := errors.AsType[*responseError](err); ok {
		return resp.retryable()
	}
	if lookup, ok := errors.AsType[*net.DNSError](err); ok {
		return !lookup.IsNotFound
	}
	return is[*url.Error](err) || isBroken(err)
}

// isFinal recognizes errors that are not about a connection, and those that another
// connection would not change.
func isFinal(err error) bool {
	return is[*finalError](err) || is[*localError](err) || is[*malformedError](err) || is[*corruptError](err) ||
		is[*realmError](err) || errors.Is(err, http.ErrSchemeMismatch) ||
		is[*tls.CertificateVerificationError](err) || is[tls.RecordHeaderError](err) || isAlert(err)
}

// alertBadRecord is the alert for a record that was damaged on the way, as a network does at
// times (RFC 8446 section 6.2).
const alertBadRecord = 20

// isAlert reports whether one side refuses to speak TLS with the other. The strings
// are values that crypto/tls puts into a field for them. Its type for alerts is a number, and
// not exported.
func isAlert(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	if !ok || op.Op != "remote error" && op.Op != "local error" {
		return false
	}
	alert := reflect.ValueOf(op.Err)
	return !alert.CanUint() || alert.Uint() != alertBadRecord
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// isBroken reports whether err is about a connection that could not be made, or that
// ended early.
func isBroken(err error) bool {
	return is[syscall.Errno](err) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
}

// finalError marks an error after which no other attempt is wanted.
type finalError struct{ err error }

func (e *finalError) Error() string { return e.err.Error() }

func (e *finalError) Unwrap() error { return e.err }
