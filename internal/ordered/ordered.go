// Package ordered does work on several cores and hands on what came of it in
// order.
package ordered

import (
	"context"
	"sync"
)

// Each calls produce for 0 to n-1, in a goroutine for each slot, and consume for
// each of them in that order, in the goroutine of the caller. Item i is produced
// in slots[i%len(slots)], which is left alone until item i is consumed: with
// reusable memory in the slots, no more of it is needed for more items.
//
// The first error in the order of the items ends everything and is returned, or
// that of ctx. No goroutine is left behind.
func Each[S any](ctx context.Context, n int, slots []S, produce, consume func(slot S, i int) error) error {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()

	produced := make([]chan error, len(slots))
	consumed := make([]chan struct{}, len(slots))
	for s, slot := range slots {
		produced[s], consumed[s] = make(chan error, 1), make(chan struct{}, 1)
		running.Go(func() {
			for i := s; i < n && ctx.Err() == nil; i += len(slots) {
				produced[s] <- produce(slot, i)
				select {
				case <-consumed[s]:
				case <-ctx.Done():
				}
			}
		})
	}
	for i := range n {
		s := i % len(slots)
		select {
		case err := <-produced[s]:
			if err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := consume(slots[s], i); err != nil {
			return err
		}
		consumed[s] <- struct{}{}
	}
	return ctx.Err()
}
