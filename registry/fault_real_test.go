package registry_test

import (
	"context"
	"crypto/rand"
	"fmt"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/testing/faults"
	"github.com/kubeoci/oci/registry"
)

// OCI_TEST_REGISTRY is the host:port of a registry, in plain HTTP and without a
// password, for the same test as with the one in memory. If it is set, the test fails
// unless that registry responds. The test pushes to the repository apps/demo.
func TestMixturesOfFaultsWithARealRegistry(t *testing.T) {
	address := os.Getenv("OCI_TEST_REGISTRY")
	if address == "" {
		t.Skip("OCI_TEST_REGISTRY is not set")
	}
	past := newClient(t, address, registry.Options{Scheme: registry.SchemeHTTP, VerifyTimeout: 5 * time.Second})
	require.NoError(t, past.VerifyAccess(t.Context(), repository))

	run := rand.Text() // under which nothing exists yet
	var outcomes tally
	t.Cleanup(func() {
		t.Log(outcomes.counts)
		assert.NotZero(t, outcomes.counts["pushed, pulled"])
		past.Close()
	})
	eachSeed(t, 50, func(t *testing.T, seed uint64) {
		random := mathrand.New(mathrand.NewPCG(seed, 0))
		rules := randomRules(random, anyFault)
		transport := new(http.Transport)
		defer transport.CloseIdleConnections()
		f := faults.New(faults.Proxy(address, transport), seed, rules...)
		srv := httptest.NewUnstartedServer(f)
		srv.Config.ErrorLog = quiet
		srv.Start()
		defer srv.Close()
		network := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", srv.Listener.Addr().String())
		}}
		defer network.CloseIdleConnections()

		old := newArtifact(t, fmt.Sprint("old", seed, run))
		a := newArtifact(t, fmt.Sprint("demo", seed, run))
		x := exchange{
			client: newClient(t, "localhost", registry.Options{Transport: network, Timeout: 20 * time.Second}),
			past:   past,
			old:    old,
			a:      a.with(t, "demo", a.Layer, a.blob(t, fmt.Sprint(largeText, seed, run))),
			tags:   []string{fmt.Sprint("v1-", seed, run), fmt.Sprint("v2-", seed, run)},
			opts:   registry.PushOptions{ImmutableTags: random.IntN(4) == 0, Force: random.IntN(4) == 0},
		}
		explainSeed(t, seed, rules, x.opts)
		outcomes.add(x.run(t, random.IntN(2) == 0))
	})
}
