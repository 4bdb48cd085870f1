package guard

import (
	"context"
	"sync"
	"time"
)

// Gate bounds how many requests are under way concurrently, and lets none through
// while the server has asked for a pause.
type Gate struct {
	slots chan struct{}

	mu     sync.Mutex // guards the rest
	until  time.Time
	refuse func(left time.Duration) error
}

// NewGate returns a Gate for n concurrent requests.
func NewGate(n int) *Gate { return &Gate{slots: make(chan struct{}, n)} }

// Enter waits for a slot, which the caller has to give back by Leave, once. If ctx
// ends before a pause does, it returns the error of that pause without waiting.
func (g *Gate) Enter(ctx context.Context) error {
	for {
		if err := g.wait(ctx); err != nil {
			return err
		}
		select {
		case g.slots <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
		if left, _ := g.paused(); left <= 0 { // it may have been paused meanwhile
			return nil
		}
		g.Leave()
	}
}

// Leave gives a slot back.
func (g *Gate) Leave() { <-g.slots }

// Pause closes the gate for a while. Callers that cannot wait for the time that is
// left get the error that refuse returns. A shorter pause than the current one is
// ignored.
func (g *Gate) Pause(d time.Duration, refuse func(left time.Duration) error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if until := time.Now().Add(d); until.After(g.until) {
		g.until, g.refuse = until, refuse
	}
}

// Resume ends a pause, except for those who wait for the end of it already.
func (g *Gate) Resume() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.until = time.Time{}
}

// paused returns for how long the gate is closed.
func (g *Gate) paused() (left time.Duration, refuse func(left time.Duration) error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return time.Until(g.until), g.refuse
}

// wait returns when the gate is open.
func (g *Gate) wait(ctx context.Context) error {
	for {
		left, refuse := g.paused()
		if left <= 0 {
			return ctx.Err()
		}
		if deadline, limited := ctx.Deadline(); limited && left >= time.Until(deadline) {
			return refuse(left)
		}
		if err := Sleep(ctx, left); err != nil {
			return err
		}
	}
}

// Sleep waits for d, or until ctx ends and then returns its error.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
