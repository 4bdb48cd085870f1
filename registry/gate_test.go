package registry_test

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/guard"
	"github.com/kubeoci/oci/registry"
)

// throttle answers the first request with Retry-After, and opens uploads otherwise. It
// reports when each request arrived.
func throttle(after string, came func(time.Duration)) http.RoundTripper {
	began := time.Now()
	var first atomic.Bool
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.Method == http.MethodPost {
			came(time.Since(began))
		}
		return inProcess{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if first.CompareAndSwap(false, true) {
				w.Header().Set("Retry-After", after)
				status(http.StatusTooManyRequests, "TOOMANYREQUESTS")(w, r)
				return
			}
			opened("/upload")(w, r)
		})}.RoundTrip(r)
	})
}

// A Retry-After for one call applies to all calls of the client.
func TestBackoffIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var came []time.Duration
		client := newClient(t, "localhost", registry.Options{Transport: throttle("10", func(at time.Duration) {
			mu.Lock()
			defer mu.Unlock()
			came = append(came, at)
		})})
		var calls sync.WaitGroup
		for range 3 {
			calls.Go(func() { assert.NoError(t, client.VerifyAccess(t.Context(), repository)) })
			time.Sleep(time.Second)
		}
		calls.Wait()
		assert.Equal(t, []time.Duration{0, 10 * time.Second, 10 * time.Second, 10 * time.Second}, came)
	})
}

// A call without enough time fails immediately, with the time to wait.
func TestBackoffBeyondTheDeadlineOfAnotherCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := newClient(t, "localhost", registry.Options{Transport: throttle("20", func(time.Duration) {})})
		var patient sync.WaitGroup
		patient.Go(func() { assert.NoError(t, client.VerifyAccess(t.Context(), repository)) })
		time.Sleep(5 * time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		began := time.Now()
		failed := requireKind(t, client.VerifyAccess(ctx, repository), registry.ErrRateLimited)
		assert.Zero(t, time.Since(began))
		assert.Equal(t, 15*time.Second, failed.RetryAfter)
		assert.Equal(t, "try again in 15s, as the registry asks", failed.Hint())
		patient.Wait()
	})
}

// The number of concurrent requests of a client is bounded, however many callers it has.
func TestConcurrentRequestsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var now, most atomic.Int32
		client := newClient(t, "localhost", registry.Options{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			most.Store(max(most.Load(), now.Add(1)))
			defer now.Add(-1)
			if err := guard.Sleep(r.Context(), time.Second); err != nil {
				return nil, err
			}
			return inProcess{opened("/upload")}.RoundTrip(r)
		})})
		var calls sync.WaitGroup
		for range 100 {
			calls.Go(func() { assert.NoError(t, client.VerifyAccess(t.Context(), repository)) })
		}
		calls.Wait()
		require.EqualValues(t, 16, most.Load())
	})
}

// A request that waits for a slot waits for a pause as well. So does one that arrives
// after all others have failed.
func TestPauseAppliesToWaitingRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int32
		client := newClient(t, "localhost", registry.Options{Retry: once, Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			asked.Add(1)
			time.Sleep(100 * time.Millisecond)
			return inProcess{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Retry-After", "20")
				status(http.StatusTooManyRequests, "")(w, r)
			})}.RoundTrip(r)
		})})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		var calls sync.WaitGroup
		for range 64 {
			calls.Go(func() { assert.ErrorIs(t, client.VerifyAccess(ctx, repository), registry.ErrRateLimited) })
		}
		calls.Wait()
		assert.EqualValues(t, 16, asked.Load())
		require.ErrorIs(t, client.VerifyAccess(ctx, repository), registry.ErrRateLimited)
		assert.EqualValues(t, 16, asked.Load())
	})
}
