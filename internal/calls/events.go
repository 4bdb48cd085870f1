package calls

import (
	"context"
	"errors"
	"sync"
	"time"
)

// grace is how long functions of the caller may take to notice the end of a context.
const grace = 250 * time.Millisecond

// Events delivers events to a callback, one at a time and in order, in a goroutine of its
// own, which ends when there are no more. So a callback that blocks or panics does not take
// along whoever emits events. The zero value delivers nothing.
type Events[E any] struct {
	// Deliver is the callback, or nil.
	Deliver func(E)
	// Replaces reports whether an event makes an earlier one superfluous that was not
	// delivered yet, such as a newer state of the same transfer. It bounds what a
	// callback that is slow makes of memory. Nil means that none does.
	Replaces func(newer, older E) bool
	// Fail is called if Deliver panics, to end what emits the events. It may be nil.
	Fail func()

	mu      sync.Mutex
	queue   []E
	running chan struct{} // closed when the queue has been delivered; nil if nobody does
	failed  error
}

// Send queues an event and waits as [Events.Flush] does.
func (s *Events[E]) Send(ctx context.Context, e E) {
	s.Emit(e)
	s.Flush(ctx)
}

// Emit queues an event. It does not wait for its delivery: for whoever holds something
// that the callback may need.
func (s *Events[E]) Emit(e E) {
	if s.Deliver == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed != nil {
		return
	}
	if last := len(s.queue) - 1; s.Replaces != nil && last >= 0 {
		for i := last; i >= 0; i-- {
			if s.Replaces(e, s.queue[i]) {
				s.queue = append(s.queue[:i], s.queue[i+1:]...)
				break
			}
		}
	}
	s.queue = append(s.queue, e)
	if s.running == nil {
		s.running = make(chan struct{})
		go s.run(s.running)
	}
}

// Close drops later events: for one of a callback that was left alone.
func (s *Events[E]) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue = nil
	if s.failed == nil {
		s.failed = errClosed
	}
}

var errClosed = errors.New("no more events")

// run delivers the queue, and ends.
func (s *Events[E]) run(done chan struct{}) {
	defer close(done)
	_ = Catch(func() error {
		for {
			e, found := s.next()
			if !found {
				return nil
			}
			s.Deliver(e)
		}
	}, s.end)
}

// next takes an event from the queue. Without one it notes that nobody delivers any more.
func (s *Events[E]) next() (e E, found bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) == 0 {
		s.running = nil
		return e, false
	}
	e, s.queue = s.queue[0], s.queue[1:]
	return e, true
}

// end notes a failure of the callback, if there was one.
func (s *Events[E]) end(err error) {
	if err == nil {
		return
	}
	s.mu.Lock()
	s.failed, s.queue, s.running = err, nil, nil
	s.mu.Unlock()
	if s.Fail != nil {
		s.Fail()
	}
}

// Flush waits until all events are delivered. Shortly after the end of ctx it gives up on
// a callback that blocks, and drops the events behind it and all later ones, for which
// nothing waits. A panic of the callback is one of the caller of Flush.
func (s *Events[E]) Flush(ctx context.Context) {
	late, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() {
		timer := time.AfterFunc(grace, cancel)
		context.AfterFunc(late, func() { timer.Stop() })
	})()
	for {
		s.mu.Lock()
		running, failed := s.running, s.failed
		s.mu.Unlock()
		Rethrow(failed)
		if running == nil || failed != nil {
			return
		}
		select {
		case <-running:
		case <-late.Done():
			s.mu.Lock()
			if s.queue = nil; s.failed == nil {
				s.failed = ctx.Err()
			}
			s.mu.Unlock()
			return
		}
	}
}
