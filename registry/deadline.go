package registry

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// limit bounds how long a call may take: the cause is a [*timeoutError]. The
// context remembers what failed before that.
func limit(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(context.WithValue(ctx, lastFailureKey{}, new(lastFailure)), d, &timeoutError{d})
}

// timeoutError is the cause of a context that this package has limited.
type timeoutError struct{ limit time.Duration }

func (e *timeoutError) Error() string { return fmt.Sprintf("not done within %v", e.limit) }

// Is reports whether target is the error of all deadlines.
func (e *timeoutError) Is(target error) bool { return target == context.DeadlineExceeded }

// lastFailure is what went wrong last in a call that went on.
type lastFailure struct {
	mu  sync.Mutex
	err error
}

type lastFailureKey struct{}

func lastFailureIn(ctx context.Context) *lastFailure {
	last, _ := ctx.Value(lastFailureKey{}).(*lastFailure)
	return last
}

// noteFailure remembers err in a context of limit.
func noteFailure(ctx context.Context, err error) {
	if last := lastFailureIn(ctx); last != nil {
		last.mu.Lock()
		defer last.mu.Unlock()
		last.err = err
	}
}

// failure is what was noted last, or nil.
func failure(ctx context.Context) error {
	last := lastFailureIn(ctx)
	if last == nil {
		return nil
	}
	last.mu.Lock()
	defer last.mu.Unlock()
	return last.err
}

// linger returns a context that ends a while after ctx does.
func linger(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	if d == 0 {
		return context.WithCancel(ctx)
	}
	late, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel()
		case <-late.Done():
		}
	})
	return late, func() { stop(); cancel() }
}
