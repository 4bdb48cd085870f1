package registry_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/registry"
)

// A reader that polls the tag during faults and kills sees the old artifact, or the new
// one with its signature. OCI_TEST_SEEDS=1000 is the run that counts.
func TestTagsWaitForStepsInFaults(t *testing.T) {
	count := 300
	if testing.Short() {
		count = 50
	}
	old, a := newArtifact(t, "old"), newArtifact(t, "demo")
	all := append(anyFault[:len(anyFault):len(anyFault)], anySlowFault...)
	var outcomes tally
	t.Cleanup(func() { t.Log(outcomes.counts) })
	eachSeed(t, count, func(t *testing.T, seed uint64) {
		random := rand.New(rand.NewPCG(seed, 1))
		rules := randomRules(random, all)
		kill := random.IntN(3) == 0
		after := time.Duration(random.IntN(10_000)) * time.Millisecond
		failing := random.IntN(4) == 0
		opts := registry.PushOptions{ReadBack: random.IntN(2) == 0}
		explainSeed(t, seed, rules, opts)
		inFaults(t, private, seed, rules, func(t *testing.T, f *faulty) {
			_, err := old.push(t, f.past, registry.PushOptions{}, "v1")
			require.NoError(t, err)
			var signed atomic.Bool
			opts.Steps = []registry.Step{{Name: "sign", Run: func(ctx context.Context, p *registry.Published) error {
				_, err := p.Attach(ctx, signature)
				if err == nil && failing {
					err = errors.New("no key")
				}
				if err == nil {
					signed.Store(true)
				}
				return err
			}}}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if kill {
				defer time.AfterFunc(after, cancel).Stop()
			}
			poll := func() {
				done := signed.Load() // before the tag is read
				if got := tagOf(t, f.past, "v1"); got != old.Manifest.Digest.String() {
					assert.True(t, done || signed.Load(), "the tag points to %s before the step has finished", got)
					assert.Equal(t, a.Manifest.Digest.String(), got)
				}
			}
			polling, stop := context.WithCancel(t.Context())
			polled := make(chan struct{})
			go func() {
				defer close(polled)
				for wait := 50 * time.Millisecond; polling.Err() == nil; wait = min(wait*5/4, 10*time.Second) {
					poll()
					select {
					case <-polling.Done():
					case <-time.After(wait):
					}
				}
			}()
			_, err = f.client(t, registry.Options{}).Push(ctx, a.store, a.Manifest, repository, []string{"v1", "v2"}, opts)
			stop()
			<-polled
			poll()
			outcome := "pushed"
			if err != nil {
				outcome = "not pushed"
			}
			if err != nil && tagOf(t, f.past, "v1") == a.Manifest.Digest.String() {
				outcome = "one tag of two"
			}
			if err == nil {
				assert.True(t, signed.Load())
				assert.True(t, requireTag(t, f.past, a, "v2"))
			}
			outcomes.add(outcome)
		})
	})
}

// After faults and kills, the error lists the tags that are set and the attachments.
func TestErrorsNameWhatIsThereAfterFaults(t *testing.T) {
	count := 300
	if testing.Short() {
		count = 50
	}
	old, a := newArtifact(t, "old"), newArtifact(t, "demo")
	all := append(anyFault[:len(anyFault):len(anyFault)], anySlowFault...)
	tags := []string{"v1", "v2", "v3"}
	var outcomes tally
	t.Cleanup(func() { t.Log(outcomes.counts) })
	eachSeed(t, count, func(t *testing.T, seed uint64) {
		random := rand.New(rand.NewPCG(seed, 4))
		rules := randomRules(random, all)
		kill, after := random.IntN(2) == 0, time.Duration(random.IntN(10_000))*time.Millisecond
		opts := step(func(ctx context.Context, p *registry.Published) error { _, err := p.Attach(ctx, signature); return err })
		if random.IntN(2) == 0 {
			opts.TagRules = []registry.TagRule{registry.NotOlder}
		}
		explainSeed(t, seed, rules, opts)
		inFaults(t, private, seed, rules, func(t *testing.T, f *faulty) {
			_, err := old.push(t, f.past, registry.PushOptions{}, "v1", "v2")
			require.NoError(t, err)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if kill {
				defer time.AfterFunc(after, cancel).Stop()
			}
			_, err = f.client(t, registry.Options{}).Push(ctx, a.store, a.Manifest, repository, tags, opts)
			set := slices.DeleteFunc(slices.Clone(tags), func(tag string) bool { return tagOf(t, f.past, tag) != a.Manifest.Digest.String() })
			some, isSome := errors.AsType[*registry.TagsError](err)
			failed, isStep := errors.AsType[*registry.StepError](err)
			switch {
			case err == nil:
				assert.Equal(t, tags, set)
				outcomes.add("pushed")
			case isSome:
				assert.Equal(t, tags, slices.Concat(some.Set, some.NotSet))
				assert.Subset(t, set, some.Set)
				for _, tag := range some.NotSet[1:] { // a lost response may hide that the first was set
					assert.NotContains(t, set, tag)
				}
				outcomes.add("some tags")
			case isStep:
				assert.Empty(t, set)
				for _, attached := range failed.Attached {
					assert.NotEmpty(t, tagOf(t, f.past, attached.Digest.String()))
				}
				outcomes.add("step failed")
			default:
				assert.Empty(t, set)
				outcomes.add("not pushed")
			}
		})
	})
}
