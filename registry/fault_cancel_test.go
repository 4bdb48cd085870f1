package registry_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/testing/faults"
	"github.com/kubeoci/oci/registry"
)

// A cancelled push returns soon, and no tag changes after it has returned.
func TestCancelAtAnyMoment(t *testing.T) {
	count := 200
	if testing.Short() {
		count = 100
	}
	a := newArtifact(t, "demo")
	a = a.with(t, "demo", a.Layer, a.blob(t, largeText[:10<<10]))
	var done atomic.Int64
	t.Cleanup(func() { t.Logf("%d pushes were done before", done.Load()) })
	eachSeed(t, count, func(t *testing.T, seed uint64) {
		random := rand.New(rand.NewPCG(seed, 0))
		upTo := func(d time.Duration) time.Duration { return time.Duration(random.Int64N(int64(d))) }
		slow := faults.Delay(upTo(200 * time.Millisecond))
		rules := []faults.Rule{ // the first sets the tag even after the client has left
			{On: on(faults.ManifestPut), Probability: 0.5, Do: faults.Late(upTo(400 * time.Millisecond))},
			{Probability: 0.1, Do: faults.Status(503, "")},
			{Probability: 0.1, Do: faults.DelayResponse(upTo(2 * time.Second))},
			{Probability: 0.1, Do: faults.Delay(upTo(2 * time.Second))},
			{Probability: 0.05, Do: faults.Silence()},
			{Probability: 0.05, Do: faults.CutResponse()},
			{Do: slow},
		}
		explainSeed(t, seed, rules, registry.PushOptions{})
		inFaults(t, private, seed, rules, func(t *testing.T, f *faulty) {
			moment := upTo(4 * time.Second)
			ctx, cancel := context.WithCancel(t.Context())
			defer time.AfterFunc(moment, cancel).Stop()
			client := f.client(t, registry.Options{Retry: registry.RetryPolicy{MinWait: 100 * time.Millisecond}})
			tags := []string{"v1", "v2", "v3"}
			began := time.Now()
			_, err := client.Push(ctx, a.store, a.Manifest, repository, tags, registry.PushOptions{})
			cancelled := ctx.Err() != nil
			assert.LessOrEqual(t, time.Since(began), moment+time.Second)
			var there []bool
			for _, tag := range tags {
				there = append(there, requireTag(t, f.past, a, tag))
			}
			switch {
			case err == nil:
				done.Add(1)
				assert.Equal(t, []bool{true, true, true}, there)
			case cancelled:
				require.ErrorIs(t, err, context.Canceled)
				requireKind(t, err, nil)
			default: // too many faults
				assert.NotNil(t, requireError(t, err).Kind)
			}
			cancel()
			time.Sleep(time.Minute)
			for i, tag := range tags {
				assert.Equal(t, there[i], requireTag(t, f.past, a, tag), "%s was set after the return", tag)
			}
		})
	})
}

// Calls of one Client share the wait for a token. A cancelled call does not affect others.
func TestCancelWhileOthersWaitForTheToken(t *testing.T) {
	inFaults(t, private, 0, []faults.Rule{{On: on(faults.Token), First: 1, Do: faults.Silence()}}, func(t *testing.T, f *faulty) {
		client := f.client(t, registry.Options{})
		impatient, cancel := context.WithCancel(t.Context())
		time.AfterFunc(3*time.Second, cancel)
		var running sync.WaitGroup
		running.Go(func() {
			_, err := client.Resolve(impatient, repository, "v1")
			assert.ErrorIs(t, err, context.Canceled)
		})
		time.Sleep(time.Second)
		_, err := client.Resolve(t.Context(), repository, "v1")
		requireKind(t, err, registry.ErrNotFound)
		running.Wait()
	})
}

// The registry may finish a request after the client has left. The client waits a
// moment to learn the result.
func TestCancelWhileTheTagIsSet(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   faults.Fault
		took time.Duration
		want error
	}{
		{"soon", faults.Late(400 * time.Millisecond), 400 * time.Millisecond, nil},
		{"late", faults.Delay(time.Minute), 600 * time.Millisecond, context.Canceled},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inFaults(t, private, 0, []faults.Rule{{On: on(faults.ManifestPut), Do: tt.do}}, func(t *testing.T, f *faulty) {
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(100*time.Millisecond, cancel)
				a, began := newSmallArtifact(t), time.Now()
				_, err := f.client(t, registry.Options{}).Push(ctx, a.store, a.Manifest, repository, []string{"v1"}, registry.PushOptions{})
				require.ErrorIs(t, err, tt.want)
				assert.Equal(t, tt.took, time.Since(began))
				exists := requireTag(t, f.past, a, "v1")
				assert.Equal(t, tt.want == nil, exists)
				time.Sleep(time.Minute)
				assert.Equal(t, exists, requireTag(t, f.past, a, "v1"))
			})
		})
	}
}
