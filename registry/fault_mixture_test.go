package registry_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/testing/faults"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/registry"
)

// OCI_TEST_SEED is the first seed of random tests, and OCI_TEST_SEEDS their number. The
// name of a subtest is its seed.
func eachSeed(t *testing.T, count int, test func(t *testing.T, seed uint64)) {
	t.Helper()
	first := uint64(1)
	if text := os.Getenv("OCI_TEST_SEED"); text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		require.NoError(t, err)
		first = seed
	}
	if text := os.Getenv("OCI_TEST_SEEDS"); text != "" {
		seeds, err := strconv.Atoi(text)
		require.NoError(t, err)
		count = seeds
	}
	for seed := first; seed < first+uint64(count); seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			test(t, seed)
		})
	}
}

// explainSeed prints the rules and options of a seed whose test fails.
func explainSeed(t *testing.T, seed uint64, rules []faults.Rule, opts registry.PushOptions) {
	t.Helper()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("OCI_TEST_SEED=%d OCI_TEST_SEEDS=1: %v, %+v", seed, rules, opts)
		}
	})
}

// anyKind are the requests of pushes and pulls.
var anyKind = append(steps[:len(steps):len(steps)], faults.UploadDelete, faults.BlobHead, faults.BlobGet, faults.ManifestHead)

// anyFault are faults that a client notices. Those in the second list take time.
var anyFault, anySlowFault = []faults.Fault{
	faults.Status(429, "TOOMANYREQUESTS"), faults.Status(503, "", "Retry-After", "x"),
	faults.Status(500, "UNKNOWN"), faults.Status(502, ""), faults.Status(504, ""), faults.Status(408, ""),
	faults.Status(400, "MANIFEST_INVALID"), faults.Status(401, "UNAUTHORIZED"), faults.Status(403, "DENIED"),
	faults.Status(404, "BLOB_UPLOAD_UNKNOWN"), faults.Status(404, "MANIFEST_BLOB_UNKNOWN"), faults.Status(404, "NAME_UNKNOWN"), faults.Status(404, ""),
	faults.Status(405, ""), faults.Status(409, ""), faults.Status(413, ""), faults.Status(501, ""), faults.Status(200, ""), faults.Status(201, ""),
	faults.Status(202, ""), faults.Status(204, ""), faults.Status(301, ""), faults.Status(304, ""),
	faults.Cut(), faults.CutBody(10), faults.CutResponse(), faults.CutResponseBody(), faults.Reset(),
	faults.Page(), faults.Corrupted(), faults.Truncated(), digestHeader,
	faults.Header("Docker-Content-Digest", ""), faults.Header("Docker-Content-Digest", "x"), faults.Header("Content-Type", "text/plain"),
	faults.Header("Location", ""), faults.Header("Location", "http://[::1"), faults.Header("Location", "/v2/"),
	faults.Redirect(""), faults.Redirect("http://192.0.2.1"),
	faults.Expired(), faults.Claim(func(string) int64 { return 100 }),
	faults.Body(200, "application/json", `{"token":""}`), faults.Body(200, "application/json", `{"token":"`+strings.Repeat("x", 70<<10)+`"}`),
	faults.Body(200, "application/json", "{"), faults.Body(500, "application/json", strings.Repeat("[", 20<<10)),
}, []faults.Fault{
	faults.Status(503, "", "Retry-After", "7"), faults.Status(429, "", "Retry-After", "1"), faults.Status(429, "", "Retry-After", "1000"), faults.RetryAfterDate(429, time.Minute),
	faults.Silence(), faults.SilentResponse(), faults.Deaf(45 * time.Second),
	faults.Delay(10 * time.Second), faults.Delay(45 * time.Second), faults.DelayResponse(45 * time.Second), faults.Slow(time.Second),
}

// randomRules returns up to four rules.
func randomRules(random *rand.Rand, all []faults.Fault) []faults.Rule {
	rules := make([]faults.Rule, 1+random.IntN(4))
	for i := range rules {
		rule := faults.Rule{Do: all[random.IntN(len(all))]}
		for range random.IntN(4) {
			rule.On = append(rule.On, anyKind[random.IntN(len(anyKind))])
		}
		if random.IntN(3) == 0 {
			rule.First = 1 + random.IntN(3)
		} else {
			rule.Probability = 0.6 * random.Float64()
		}
		rules[i] = rule
	}
	return rules
}

func TestPushAndPullWithMixturesOfFaults(t *testing.T) {
	count := 1000
	if testing.Short() {
		count = 100
	}
	old, a := newArtifact(t, "old"), newArtifact(t, "demo")
	a = a.with(t, "demo", a.Layer, a.blob(t, "a layer that the old one has not"))
	all := append(anyFault[:len(anyFault):len(anyFault)], anySlowFault...)
	var outcomes tally
	t.Cleanup(func() { t.Log(outcomes.counts) })
	eachSeed(t, count, func(t *testing.T, seed uint64) {
		random := rand.New(rand.NewPCG(seed, 0))
		rules := randomRules(random, all)
		opts := registry.PushOptions{ImmutableTags: random.IntN(4) == 0, Force: random.IntN(4) == 0}
		explainSeed(t, seed, rules, opts)
		inFaults(t, private, seed, rules, func(t *testing.T, f *faulty) {
			x := exchange{client: f.client(t, registry.Options{}), past: f.past, old: old, a: a, tags: []string{"v1", "v2"}, opts: opts}
			outcomes.add(x.run(t, random.IntN(2) == 0))
		})
	})
}

// tally counts the outcomes of seeds, from several goroutines.
type tally struct {
	mu     sync.Mutex
	counts map[string]int
}

func (y *tally) add(outcome string) {
	y.mu.Lock()
	defer y.mu.Unlock()
	if y.counts == nil {
		y.counts = map[string]int{}
	}
	y.counts[outcome]++
}

// exchange is a push to two tags and then a pull. Only the client meets the faults.
type exchange struct {
	client, past *registry.Client
	old, a       artifact
	tags         []string
	opts         registry.PushOptions
}

// run asserts the invariants of an exchange, and returns its outcome. The first tag may
// point to the old artifact at first.
func (x exchange) run(t *testing.T, exists bool) string {
	t.Helper()
	if exists {
		_, err := x.old.push(t, x.past, registry.PushOptions{}, x.tags[0])
		require.NoError(t, err)
	}
	before := tagOf(t, x.past, x.tags[0])
	began := time.Now()
	_, err := x.a.push(t, x.client, x.opts, x.tags...)
	outcome := "pushed"
	switch {
	case err == nil:
		assert.True(t, requireTag(t, x.past, x.a, x.tags[0]))
		assert.True(t, requireTag(t, x.past, x.a, x.tags[1]))
	case exists && tagOf(t, x.past, x.tags[0]) == before:
		requireTag(t, x.past, x.old, x.tags[0])
		assert.False(t, requireTag(t, x.past, x.a, x.tags[1])) // they are set in order
	default:
		requireTag(t, x.past, x.a, x.tags[0])
		requireTag(t, x.past, x.a, x.tags[1])
	}
	if err != nil {
		outcome = "not pushed"
		assert.NotNil(t, requireError(t, err).Kind, "%v", err)
		requireNothingSecretIn(t, err)
	}
	assert.LessOrEqual(t, time.Since(began), 5*time.Minute+time.Second)

	began = time.Now()
	dst := new(packager.Store)
	defer func() { _ = dst.Close() }()
	desc, err := x.client.Pull(t.Context(), repository, x.tags[0], dst, registry.PullOptions{})
	switch {
	case err != nil:
		requireError(t, err)
		requireNothingSecretIn(t, err)
		outcome += ", not pulled"
	case exists && desc.Digest == x.old.Manifest.Digest:
		requireBlobs(t, x.old, dst)
		outcome += ", the old one pulled"
	default:
		assert.Equal(t, x.a.Manifest.Digest, desc.Digest)
		requireBlobs(t, x.a, dst)
		outcome += ", pulled"
	}
	assert.LessOrEqual(t, time.Since(began), 5*time.Minute+time.Second)
	return outcome
}

// tagOf returns the digest that a tag points to, or "".
func tagOf(t testing.TB, past *registry.Client, tag string) string {
	t.Helper()
	desc, err := past.Resolve(t.Context(), repository, tag)
	if err != nil {
		require.ErrorIs(t, err, registry.ErrNotFound)
	}
	return desc.Digest.String()
}
