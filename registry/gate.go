package registry

import (
	"context"
	"sync"
	"time"
)

// maxRequests is how many requests a Client has under way at once. Registries
// throttle those who make more.
const maxRequests = 16

// gate lets through what a registry can be asked at once, and nothing while it
// has said that it was asked too much.
type gate struct {
	slots chan struct{}

	mu     sync.Mutex // guards the rest
	until  time.Time
	answer *answerError // what it said
}

func newGate() *gate { return &gate{slots: make(chan struct{}, maxRequests)} }

// enter waits for its turn. Who was let through calls leave, once.
func (g *gate) enter(ctx context.Context) error {
	for {
		if err := g.wait(ctx); err != nil {
			return err
		}
		select {
		case g.slots <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
		if !g.closed() { // as it may be by now
			return nil
		}
		g.leave()
	}
}

func (g *gate) leave() { <-g.slots }

// pause closes the gate for a while.
func (g *gate) pause(d time.Duration, answer *answerError) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if until := time.Now().Add(d); until.After(g.until) {
		g.until, g.answer = until, answer
	}
}

func (g *gate) closed() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return time.Until(g.until) > 0
}

// wait returns when the gate is open, or at once if there is no time for that.
func (g *gate) wait(ctx context.Context) error {
	for {
		g.mu.Lock()
		left, answer := time.Until(g.until), g.answer
		g.mu.Unlock()
		if left <= 0 {
			return ctx.Err()
		}
		if deadline, limited := ctx.Deadline(); limited && left >= time.Until(deadline) {
			closed := *answer
			closed.retryAfter = left
			return &closed
		}
		if err := sleep(ctx, left); err != nil {
			return err
		}
	}
}
