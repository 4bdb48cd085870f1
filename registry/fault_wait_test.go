package registry_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/internal/testing/faults"
	"github.com/kubeoci/oci/registry"
)

// moment is longer than the random part of a wait in tests, see newClient, and than the
// error of a date in whole seconds.
const moment = 2 * time.Second

func TestRetryAfterIsObeyed(t *testing.T) {
	const wait = 40 * time.Second
	for _, answer := range []faults.Fault{
		faults.Status(429, "", "Retry-After", "40"),
		faults.Status(503, "", "Retry-After", "40"),
		faults.Status(403, "TOOMANYREQUESTS", "Retry-After", "40"),
		faults.RetryAfterDate(429, wait),
		faults.RetryAfterDate(503, wait),
	} {
		for _, kind := range steps {
			t.Run(fmt.Sprint(kind, " ", answer.Name), func(t *testing.T) {
				inFaults(t, private, 0, []faults.Rule{{On: on(kind), First: 2, Do: answer}}, func(t *testing.T, f *faulty) {
					var told []registry.Retry
					opts := registry.PushOptions{OnEvent: func(e registry.Event) {
						if e.Retry != nil {
							told = append(told, *e.Retry)
						}
					}}
					a := newSmallArtifact(t)
					_, err := a.push(t, f.client(t, registry.Options{}), opts, "v1")
					require.NoError(t, err)
					times := f.times(kind)
					for i := range 2 {
						gap := times[i+1].Sub(times[i])
						assert.GreaterOrEqual(t, gap, wait)
						assert.Less(t, gap, wait+moment)
					}
					for i, again := range told { // events of the lookup name no blob
						assert.Equal(t, i+1, again.Attempt)
						assert.GreaterOrEqual(t, again.Wait, wait)
						requirePresentable(t, again.Err.Error())
					}
					assert.True(t, requireTag(t, f.past, a, "v1"))
				})
			})
		}
	}
}

// If Retry-After exceeds the deadline, the call fails immediately and reports it.
func TestRetryAfterTheDeadline(t *testing.T) {
	const wait = 90 * time.Second
	for _, answer := range []faults.Fault{
		faults.Status(429, "", "Retry-After", "90"),
		faults.Status(503, "", "Retry-After", "90"),
		faults.RetryAfterDate(503, wait),
	} {
		for _, kind := range steps {
			for _, whose := range []string{"caller", "client"} {
				t.Run(fmt.Sprint(kind, " ", answer.Name, " ", whose), func(t *testing.T) {
					inFaults(t, private, 0, []faults.Rule{{On: on(kind), Do: answer}}, func(t *testing.T, f *faulty) {
						ctx, opts := t.Context(), registry.Options{Timeout: time.Minute}
						if whose == "caller" {
							limited, cancel := context.WithTimeout(ctx, time.Minute)
							defer cancel()
							ctx, opts = limited, registry.Options{}
						}
						a, began := newSmallArtifact(t), time.Now()
						_, err := f.client(t, opts).Push(ctx, a.store, a.Manifest, repository, []string{"v1"}, registry.PushOptions{})
						assert.Less(t, time.Since(began), time.Second)
						failed := requireError(t, err)
						assert.InDelta(t, wait, failed.RetryAfter, float64(moment))
						assert.Contains(t, []error{registry.ErrRateLimited, registry.ErrServer}, failed.Kind)
						assert.Equal(t, 1, f.count(kind))
						assert.False(t, requireTag(t, f.past, a, "v1"))
					})
				})
			}
		}
	}
}

// A rate limit met by one call pauses all calls of the client.
func TestRetryAfterIsForAll(t *testing.T) {
	rules := []faults.Rule{{On: on(uploadPut), Nth: 1, Do: faults.Status(429, "", "Retry-After", "60")}}
	inFaults(t, memregistry.Options{}, 0, rules, func(t *testing.T, f *faulty) {
		client := f.client(t, registry.Options{})
		first, other := newSmallArtifact(t), newArtifact(t, "demo").with(t, "other")
		var running sync.WaitGroup
		running.Go(func() {
			_, err := first.push(t, client, registry.PushOptions{}, "v1")
			assert.NoError(t, err)
		})
		time.Sleep(time.Second)
		began := time.Now()
		failed := requireKind(t, client.VerifyAccess(t.Context(), repository), registry.ErrRateLimited) // in at most 30 s
		assert.InDelta(t, 59*time.Second, failed.RetryAfter, float64(moment))
		asked := len(f.Seen())
		time.Sleep(55 * time.Second)
		assert.Len(t, f.Seen(), asked)
		_, err := other.push(t, client, registry.PushOptions{}, "v2")
		require.NoError(t, err)
		running.Wait()
		assert.InDelta(t, time.Minute, time.Since(began), float64(moment))
	})
}

// Waits are random between zero and a bound that doubles.
func TestWaitsAreRandom(t *testing.T) {
	for _, tt := range []struct {
		name   string
		retry  registry.RetryPolicy
		bounds []time.Duration
	}{
		{"default", registry.RetryPolicy{MaxAttempts: 8}, []time.Duration{
			300 * time.Millisecond, 600 * time.Millisecond, 1200 * time.Millisecond, 2400 * time.Millisecond,
			4800 * time.Millisecond, 9600 * time.Millisecond, 10 * time.Second,
		}},
		{"given", registry.RetryPolicy{MaxAttempts: 5, MinWait: time.Second, MaxWait: 3 * time.Second}, []time.Duration{
			time.Second, 2 * time.Second, 3 * time.Second, 3 * time.Second,
		}},
		{"most below the least", registry.RetryPolicy{MaxAttempts: 3, MinWait: time.Minute, MaxWait: time.Second}, []time.Duration{
			time.Minute, time.Minute,
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			waits := make([][]time.Duration, len(tt.bounds))
			synctest.Test(t, func(t *testing.T) {
				f := newFaulty(t, memregistry.Options{}, 0, faults.Rule{Do: faults.Status(503, "")})
				for range 100 {
					begun := len(f.Seen())
					client := newClient(t, "localhost", registry.Options{Transport: inProcess{f}, Retry: tt.retry})
					_, err := client.Resolve(t.Context(), repository, "v1")
					requireKind(t, err, registry.ErrServer)
					seen := f.Seen()[begun:]
					require.Len(t, seen, len(tt.bounds)+1)
					for i := range tt.bounds {
						waits[i] = append(waits[i], seen[i+1].At.Sub(seen[i].At))
					}
				}
			})
			for i, bound := range tt.bounds {
				least, most := slices.Min(waits[i]), slices.Max(waits[i])
				assert.LessOrEqual(t, most, bound, i)
				assert.Greater(t, most, bound*3/4, i)
				assert.Less(t, least, bound/4, i)
			}
		})
	}
}

// The body of a request that net/http repeats by itself is watched too: slow sending does
// not count as a stall.
func TestSecondBodyOfARequestIsWatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner := inProcess{memregistry.Handler(memregistry.Options{})}
		puts := 0
		client := newClient(t, "localhost", registry.Options{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodPut && r.GetBody != nil {
				puts++
				body, err := r.GetBody()
				if err != nil {
					return nil, err
				}
				_ = r.Body.Close()
				r.Body = &slowBody{body, r.Context()}
			}
			return inner.RoundTrip(r)
		})})
		a, began := newSmallArtifact(t), time.Now()
		_, err := a.push(t, client, registry.PushOptions{}, "v1")
		require.NoError(t, err)
		assert.Greater(t, time.Since(began), time.Minute)
		assert.Equal(t, 2, puts)
	})
}

// Calls of one Client share the wait for a token, and all get the reason if there is
// none.
func TestSharedToken(t *testing.T) {
	for _, tt := range []struct {
		fault faults.Fault
		want  error
		calls int
	}{
		{faults.Status(503, ""), registry.ErrServer, 8},
		{faults.Status(429, "", "Retry-After", "3"), registry.ErrRateLimited, 8},
		{faults.Status(401, "UNAUTHORIZED"), registry.ErrPermissionDenied, 8},
		{faults.Cut(), registry.ErrUnreachable, 8},
		{faults.CutResponseBody(), registry.ErrUnreachable, 8},
		{faults.Silence(), registry.ErrUnreachable, 8},
		{faults.SilentResponse(), registry.ErrUnreachable, 8},
		{faults.Page(), registry.ErrUnsupported, 8},
		{faults.Truncated(), registry.ErrUnsupported, 8},
		{faults.Body(200, "application/json", `{"token":""}`), registry.ErrUnsupported, 1}, // oras-go has no type for it
		{faults.Body(200, "application/json", `{"token":"`+largeText+`"}`), registry.ErrUnsupported, 8},
		{faults.Body(200, "application/json", `{"token":7}`), registry.ErrUnsupported, 8},
	} {
		t.Run(tt.fault.Name, func(t *testing.T) {
			inFaults(t, private, 0, []faults.Rule{{On: on(faults.Token), Do: tt.fault}}, func(t *testing.T, f *faulty) {
				client := f.client(t, registry.Options{})
				var running sync.WaitGroup
				defer running.Wait()
				for range tt.calls {
					running.Go(func() {
						_, err := client.Resolve(t.Context(), repository, "v1")
						assert.Equal(t, tt.want, errorKind(err), "%v", err)
					})
				}
			})
		})
	}
}

func errorKind(err error) error {
	if failed, ok := errors.AsType[*registry.Error](err); ok {
		return failed.Kind
	}
	return err
}
