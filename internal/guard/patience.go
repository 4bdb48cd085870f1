package guard

import (
	"context"
	"errors"
	"math"
	"net"
	"sync"
	"time"
)

// Patience is the time that the requests of one step may wait for a server that is silent,
// all of them together. It is safe for concurrent use.
type Patience struct {
	mu   sync.Mutex
	left time.Duration
}

type patienceKey struct{}

// WithPatience returns a context for the requests of a step. They may wait for d, and no
// longer than is left of the patience in ctx, of which they take nothing.
func WithPatience(ctx context.Context, d time.Duration) (context.Context, *Patience) {
	p := &Patience{left: patienceIn(ctx).limit(d)}
	return context.WithValue(ctx, patienceKey{}, p), p
}

// Left returns the time that is left, which may be negative.
func (p *Patience) Left() time.Duration { return p.limit(math.MaxInt64) }

// SpendPatience takes time from the patience in a context, such as that of waiting for the
// request of another step.
func SpendPatience(ctx context.Context, d time.Duration) { patienceIn(ctx).spend(d) }

func patienceIn(ctx context.Context) *Patience {
	p, _ := ctx.Value(patienceKey{}).(*Patience)
	return p
}

// limit returns the time that is left, and at most limit. A nil Patience never ends.
func (p *Patience) limit(limit time.Duration) time.Duration {
	if p == nil {
		return limit
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return min(limit, p.left)
}

// spend takes the time of a request that failed after a silence.
func (p *Patience) spend(d time.Duration) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.left -= d
}

// isTimeout reports whether a request ended because the server was silent, such as in a
// TLS handshake.
func isTimeout(err error) bool {
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}
