package calls_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/calls"
)

func TestCheck(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, calls.Check(t.Context()))
	require.ErrorIs(t, calls.Check(ended), context.Canceled)
	//lint:ignore SA1012 the test is about a nil context
	require.EqualError(t, calls.Check(nil), "the context is nil: pass context.Background() if there is no other")
}

var errSource = errors.New("source failed")

// panicOf returns the panic of f, or nil.
func panicOf(f func()) *calls.Panic {
	done := make(chan error, 1)
	go func() {
		_ = calls.Catch(func() error { f(); return nil }, func(err error) { done <- err })
	}()
	p, _ := errors.AsType[*calls.Panic](<-done)
	return p
}

func TestAwait(t *testing.T) {
	for _, tt := range []struct {
		name  string
		f     func(context.Context) (int, error)
		err   error
		value any // of the panic
	}{
		{"returns", func(context.Context) (int, error) { return 7, nil }, nil, nil},
		{"fails", func(context.Context) (int, error) { return 0, errSource }, errSource, nil},
		{"panics", func(context.Context) (int, error) { panic("boom") }, nil, "boom"},
		{"panics with an error", func(context.Context) (int, error) { panic(errSource) }, nil, errSource},
		{"ends its goroutine", func(context.Context) (int, error) { runtime.Goexit(); return 0, nil }, nil, nil},
		{"blocks and ignores the context", func(context.Context) (int, error) { time.Sleep(time.Hour); return 0, nil }, context.DeadlineExceeded, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				defer time.Sleep(2 * time.Hour) // until the one that blocks has ended
				var got int
				var err error
				recovered := panicOf(func() { got, err = calls.Await(ctx, tt.f) })
				if recovered != nil {
					assert.Equal(t, tt.value, recovered.Value)
					assert.NotEmpty(t, recovered.Error())
					if cause, ok := tt.value.(error); ok {
						require.ErrorIs(t, recovered, cause)
					}
					return
				}
				require.ErrorIs(t, err, tt.err)
				if tt.err == nil {
					assert.Equal(t, 7, got)
				}
			})
		})
	}
}

func TestEventsAreDeliveredInOrder(t *testing.T) {
	var got []int
	events := calls.Events[int]{Deliver: func(n int) { got = append(got, n) }}
	var want []int
	for n := range 1000 {
		events.Emit(n)
		want = append(want, n)
	}
	events.Flush(t.Context())
	assert.Equal(t, want, got)
	events.Emit(1000)
	events.Flush(t.Context())
	assert.Equal(t, append(want, 1000), got)
	new(calls.Events[int]).Emit(1)
}

// A callback that is slow gets the latest state only, and holds up nobody.
func TestEventsThatAreReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var got []int
		events := calls.Events[int]{
			Deliver:  func(n int) { <-release; got = append(got, n) },
			Replaces: func(newer, older int) bool { return newer%10 == older%10 },
		}
		events.Emit(0)
		synctest.Wait() // it is being delivered, and cannot be replaced any more
		for _, n := range []int{1, 2, 11, 12, 22, 21} {
			events.Emit(n)
		}
		close(release)
		events.Flush(t.Context())
		assert.Equal(t, []int{0, 22, 21}, got)
	})
}

func TestEventsOfACallbackThatFails(t *testing.T) {
	for _, tt := range []struct {
		name    string
		deliver func(int)
		value   any
	}{
		{"panics", func(int) { panic(errSource) }, errSource},
		{"ends its goroutine", func(int) { runtime.Goexit() }, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ended := make(chan struct{})
			events := calls.Events[int]{Deliver: tt.deliver, Fail: func() { close(ended) }}
			events.Emit(1)
			<-ended
			events.Emit(2)
			p := panicOf(func() { events.Flush(t.Context()) })
			require.NotNil(t, p)
			assert.Equal(t, tt.value, p.Value)
		})
	}
}

func TestEventsOfACallbackThatBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		release := make(chan struct{})
		delivered := 0
		events := calls.Events[int]{Deliver: func(int) { delivered++; <-release }}
		events.Emit(1)
		events.Emit(2)
		began := time.Now()
		events.Flush(ctx)
		assert.Equal(t, time.Minute+250*time.Millisecond, time.Since(began))
		events.Send(ctx, 3)
		assert.Equal(t, time.Minute+250*time.Millisecond, time.Since(began), "nothing waits after the first time")
		close(release)
		synctest.Wait()
		assert.Equal(t, 1, delivered)
	})
}

// Events are delivered also after the end of a context, unless the callback blocks.
func TestEventsAfterTheEndOfTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	delivered := 0
	events := calls.Events[int]{Deliver: func(int) { delivered++ }}
	events.Emit(1)
	events.Emit(2)
	events.Flush(ctx)
	assert.Equal(t, 2, delivered)
}
