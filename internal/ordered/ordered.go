// Package ordered produces items on several cores and consumes them in order.
package ordered

import (
	"context"
	"errors"
	"sync"

	"github.com/kubeoci/oci/internal/calls"
)

// Each calls produce for the items 0 to n-1, in a goroutine for each slot, and
// consume for each of them in order, in the goroutine of the caller. Item i is
// produced in slots[i%len(slots)], which is not used again until item i is consumed.
// So the memory in the slots can be reused, however many items there are.
//
// The first error stops all work and cancels the context of produce. Each returns
// that error, that of an earlier item that failed as well by then, or that of ctx.
// No goroutine outlives the call. A panic of produce is one of the caller of Each.
func Each[S any](ctx context.Context, n int, slots []S, produce func(ctx context.Context, slot S, i int) error, consume func(slot S, i int) error) error {
	working, stop := context.WithCancel(ctx)
	var running sync.WaitGroup
	var failure error // the first error; not the cause of the context, which net/http would return as its own
	var once sync.Once
	defer func() {
		stop()
		running.Wait()
		calls.Rethrow(failure)
	}()

	produced := make([]chan error, len(slots))
	consumed := make([]chan struct{}, len(slots))
	for s, slot := range slots {
		// There is room for two results that are no longer received: that of an
		// item, and the cancellation of the next one.
		produced[s], consumed[s] = make(chan error, 2), make(chan struct{}, 1)
		running.Go(func() {
			for i := s; i < n; i += len(slots) {
				if working.Err() != nil {
					produced[s] <- context.Canceled
					return
				}
				_ = calls.Catch(func() error { return produce(working, slot, i) }, func(err error) {
					if err != nil {
						once.Do(func() { failure = err; stop() })
					}
					produced[s] <- err
				})
				select {
				case <-consumed[s]:
				case <-working.Done():
				}
			}
		})
	}
	for i := range n {
		s := i % len(slots)
		err := <-produced[s]
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, context.Canceled):
			return failure
		case err != nil:
			calls.Rethrow(err) // it may not be the failure
			return err
		}
		if err := consume(slots[s], i); err != nil {
			return err
		}
		consumed[s] <- struct{}{}
	}
	return ctx.Err()
}
