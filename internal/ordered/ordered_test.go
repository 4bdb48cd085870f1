package ordered_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/calls"
	"github.com/kubeoci/oci/internal/ordered"
)

// slot holds a product until it is consumed.
type slot struct{ value int }

func slots(n int) []*slot {
	all := make([]*slot, n)
	for i := range all {
		all[i] = new(slot)
	}
	return all
}

func TestEach(t *testing.T) {
	for _, tt := range []struct {
		name     string
		n, slots int
	}{
		{"nothing", 0, 3},
		{"one slot", 100, 1},
		{"more slots than items", 2, 5},
		{"more items than slots", 1000, 4},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []int
			err := ordered.Each(t.Context(), tt.n, slots(tt.slots), func(_ context.Context, s *slot, i int) error {
				for range i % 7 {
					runtime.Gosched()
				}
				s.value = i * i
				return nil
			}, func(s *slot, i int) error {
				assert.Equal(t, i*i, s.value)
				got = append(got, i)
				return nil
			})
			require.NoError(t, err)
			assert.Len(t, got, tt.n)
			assert.IsIncreasing(t, append([]int{-1}, got...))
		})
	}
}

// TestEachFirstError checks that the first error in the order of items is returned,
// not the first in time.
func TestEachFirstError(t *testing.T) {
	errEarly, errLate := errors.New("early"), errors.New("late")
	waited, began, late := make(chan struct{}), make(chan struct{}), make(chan struct{})
	var consumed []int
	err := ordered.Each(t.Context(), 10, slots(4), func(_ context.Context, _ *slot, i int) error {
		switch i {
		case 2:
			close(began)
			<-late
			return errEarly
		case 3:
			<-waited
			<-began
			defer close(late)
			return errLate
		}
		return nil
	}, func(_ *slot, i int) error {
		if consumed = append(consumed, i); i == 1 {
			close(waited)
		}
		return nil
	})
	require.Same(t, errEarly, err)
	assert.Equal(t, []int{0, 1}, consumed)
}

// TestEachDoesNotWaitForOthers checks that any failed item stops the others.
func TestEachDoesNotWaitForOthers(t *testing.T) {
	errBroken := errors.New("broken")
	for failing := range 3 {
		err := ordered.Each(t.Context(), 3, slots(3), func(ctx context.Context, _ *slot, i int) error {
			if i == failing {
				return errBroken
			}
			<-ctx.Done()
			return fmt.Errorf("read: %w", ctx.Err())
		}, func(*slot, int) error { return nil })
		require.Same(t, errBroken, err)
	}
}

func TestEachConsumeFails(t *testing.T) {
	errBroken := errors.New("broken")
	var running atomic.Int32
	err := ordered.Each(t.Context(), 100, slots(3), func(context.Context, *slot, int) error {
		running.Add(1)
		defer running.Add(-1)
		return nil
	}, func(_ *slot, i int) error {
		if i == 5 {
			return errBroken
		}
		return nil
	})
	require.Same(t, errBroken, err)
	assert.Zero(t, running.Load(), "still at work after the return")
}

func TestEachCancelled(t *testing.T) {
	for name, at := range map[string]int{"before": -1, "while producing": 3} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if at < 0 {
				cancel()
			}
			err := ordered.Each(ctx, 1000, slots(2), func(_ context.Context, _ *slot, i int) error {
				if i == at {
					cancel()
				}
				return nil
			}, func(_ *slot, i int) error {
				assert.Less(t, i, at+4)
				return nil
			})
			require.Equal(t, context.Canceled, err)
		})
	}
}

// A panic in a worker reaches the caller and can be recovered there.
func TestEachPanics(t *testing.T) {
	for name, end := range map[string]func(){"panic": func() { panic("boom") }, "end of the goroutine": runtime.Goexit} {
		t.Run(name, func(t *testing.T) {
			done := make(chan error, 1)
			go func() {
				_ = calls.Catch(func() error {
					return ordered.Each(t.Context(), 100, make([]struct{}, 3), func(_ context.Context, _ struct{}, i int) error {
						if i == 42 {
							end()
						}
						return nil
					}, func(struct{}, int) error { return nil })
				}, func(err error) { done <- err })
			}()
			var p *calls.Panic
			require.ErrorAs(t, <-done, &p)
			assert.Equal(t, name == "panic", p.Value == "boom")
		})
	}
}

// A panic reaches the caller also if a later item has failed before it.
func TestEachPanicsAfterAFailure(t *testing.T) {
	boom, began := &calls.Panic{Value: "boom"}, make(chan struct{})
	assert.PanicsWithValue(t, boom, func() {
		_ = ordered.Each(t.Context(), 2, make([]struct{}, 2), func(ctx context.Context, _ struct{}, i int) error {
			if i == 0 {
				close(began)
				<-ctx.Done()
				panic(boom)
			}
			<-began
			return errors.New("broken")
		}, func(struct{}, int) error { return nil })
	})
}
