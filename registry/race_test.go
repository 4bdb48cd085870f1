package registry_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/registry"
)

// tagRace is a registry that delays each request about the tag by a random time before and
// after, and notes when it took effect.
type tagRace struct {
	http.Handler
	random func() time.Duration

	mu     sync.Mutex
	events []tagEvent
}

// tagEvent is a request about the tag of one of the two pushes.
type tagEvent struct {
	who, method string
	at          time.Time
	refused     bool
}

func (r *tagRace) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if !strings.HasSuffix(req.URL.Path, "/manifests/latest") {
		r.Handler.ServeHTTP(w, req)
		return
	}
	time.Sleep(r.random())
	recorded := &statusRecorder{ResponseWriter: w}
	r.mu.Lock()
	r.Handler.ServeHTTP(recorded, req)
	r.events = append(r.events, tagEvent{req.UserAgent(), req.Method, time.Now(), req.Method == http.MethodPut && recorded.status >= 400})
	r.mu.Unlock()
	time.Sleep(r.random())
}

type statusRecorder struct {
	http.ResponseWriter
	status int
}

func (s *statusRecorder) WriteHeader(status int) {
	s.status = status
	s.ResponseWriter.WriteHeader(status)
}

// Two builders race for one tag. Where the registry evaluates conditions, the tag never
// ends at an older artifact than the newest one that was pushed. Elsewhere it does only if
// the newer push set the tag between the last look of the older one and its own request.
// OCI_TEST_SEEDS=10000 is the run that counts.
func TestRacesForATag(t *testing.T) {
	count := 500
	if testing.Short() {
		count = 50
	}
	artifacts := []artifact{numbered(t, "1"), numbered(t, "2")}
	for _, conditional := range []bool{true, false} {
		t.Run(fmt.Sprintf("conditions=%v", conditional), func(t *testing.T) {
			var outcomes tally
			var mu sync.Mutex
			var widest time.Duration
			t.Cleanup(func() { t.Log(outcomes.counts, "widest window in which the tag went back:", widest) })
			eachSeed(t, count, func(t *testing.T, seed uint64) {
				synctest.Test(t, func(t *testing.T) {
					outcome, window := raceForTag(t, artifacts, seed, conditional)
					outcomes.add(outcome)
					mu.Lock()
					defer mu.Unlock()
					widest = max(widest, window)
				})
			})
		})
	}
}

// raceForTag lets two pushes begin at about the same time, and returns how it ended.
func raceForTag(t *testing.T, artifacts []artifact, seed uint64, conditional bool) (outcome string, window time.Duration) {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 2))
	var mu sync.Mutex
	delay := func() time.Duration {
		mu.Lock()
		defer mu.Unlock()
		return time.Duration(random.IntN(20)) * time.Millisecond
	}
	race := &tagRace{Handler: memregistry.Handler(memregistry.Options{ConditionalPut: conditional}), random: delay}
	opts := registry.PushOptions{TagRules: []registry.TagRule{registry.NotLower("build")}}
	errs := make([]error, 2)
	var both sync.WaitGroup
	for i, a := range artifacts {
		wait := delay()
		both.Go(func() {
			time.Sleep(wait)
			client := newClient(t, "localhost", registry.Options{Transport: inProcess{race}, UserAgent: fmt.Sprint(i)})
			_, errs[i] = client.Push(t.Context(), a.store, a.Manifest, repository, []string{"latest"}, opts)
		})
	}
	both.Wait()
	past := newClient(t, "localhost", registry.Options{Transport: inProcess{race.Handler}})
	at := tagOf(t, past, "latest")
	for _, err := range errs {
		if err != nil {
			require.ErrorIs(t, err, registry.ErrTagConflict)
		}
	}
	require.NoError(t, errs[1], "the newest is never refused")
	switch {
	case at == artifacts[1].Manifest.Digest.String() && errs[0] != nil:
		return "the older was refused", 0
	case at == artifacts[1].Manifest.Digest.String():
		return "the older was first", 0
	}
	assert.False(t, conditional, "the tag went back to the older artifact")
	looked, set, newer := race.last("0", http.MethodGet), race.last("0", http.MethodPut), race.last("1", http.MethodPut)
	assert.True(t, looked < newer && newer < set, "the older push set the tag although it could see the newer one")
	return "the tag went back", race.events[set].at.Sub(race.events[looked].at)
}

// last returns the index of the last request of a push that took effect.
func (r *tagRace) last(who, method string) (last int) {
	last = -1
	for i, e := range r.events {
		if strings.HasPrefix(e.who, who) && e.method == method && !e.refused {
			last = i
		}
	}
	return last
}
