package preflight

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// budget is memory that goroutines share, first come, first served. The zero value is
// ready to use.
type budget struct {
	mu      sync.Mutex
	used    int64
	waiting []*claim
}

// claim is memory that a goroutine waits for.
type claim struct {
	size, total int64
	granted     chan struct{}
}

func (b *budget) fits(size, total int64) bool { return b.used == 0 || b.used+size <= total }

// take waits until so much of the total is free. A claim for more than the total has it
// alone. The error is that of ctx.
func (b *budget) take(ctx context.Context, size, total int64) error {
	b.mu.Lock()
	if len(b.waiting) == 0 && b.fits(size, total) {
		b.used += size
		b.mu.Unlock()
		return nil
	}
	c := &claim{size, total, make(chan struct{})}
	b.waiting = append(b.waiting, c)
	b.mu.Unlock()
	select {
	case <-c.granted:
		return nil
	case <-ctx.Done():
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if i := slices.Index(b.waiting, c); i >= 0 {
		b.waiting = slices.Delete(b.waiting, i, i+1)
	} else {
		b.used -= size
	}
	b.grant() // what the claim held up
	return ctx.Err()
}

var errBusy = errors.New("the memory is in use")

// tryTake is take, and fails instead of waiting.
func (b *budget) tryTake(_ context.Context, size, total int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.waiting) > 0 || !b.fits(size, total) {
		return errBusy
	}
	b.used += size
	return nil
}

func (b *budget) give(size int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used -= size
	b.grant()
}

// grant serves the claims in their order.
func (b *budget) grant() {
	for len(b.waiting) > 0 && b.fits(b.waiting[0].size, b.waiting[0].total) {
		b.used += b.waiting[0].size
		close(b.waiting[0].granted)
		b.waiting = b.waiting[1:]
	}
}
