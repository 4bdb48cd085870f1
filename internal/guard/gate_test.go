package guard_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/guard"
)

func TestGateBoundsWhatEnters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := guard.NewGate(3)
		var inside, most atomic.Int32
		var callers sync.WaitGroup
		for range 20 {
			callers.Go(func() {
				if !assert.NoError(t, gate.Enter(t.Context())) {
					return
				}
				defer gate.Leave()
				most.Store(max(most.Load(), inside.Add(1)))
				time.Sleep(time.Second)
				inside.Add(-1)
			})
		}
		callers.Wait()
		assert.EqualValues(t, 3, most.Load())
	})
}

func TestGatePauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate, began := guard.NewGate(1), time.Now()
		errPaused := errors.New("paused")
		var left time.Duration
		gate.Pause(10*time.Second, func(d time.Duration) error { left = d; return errPaused })
		gate.Pause(time.Second, nil) // ends earlier, and changes nothing

		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		require.ErrorIs(t, gate.Enter(ctx), errPaused)
		assert.Equal(t, 10*time.Second, left)
		assert.Zero(t, time.Since(began), "it does not wait for nothing")

		require.NoError(t, gate.Enter(t.Context()))
		assert.Equal(t, 10*time.Second, time.Since(began))

		require.ErrorIs(t, gate.Enter(ctx), context.DeadlineExceeded)
		gate.Leave()
	})
}
