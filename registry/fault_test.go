package registry_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"oras.land/oras-go/v2/content"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/internal/testing/faults"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/registry"
)

// faulty is a registry behind faults.
type faulty struct {
	*faults.Handler
	// past is a client of the registry without faults.
	past *registry.Client
	// network connects every host to the faults.
	network *http.Transport
}

func newFaulty(t testing.TB, opts memregistry.Options, seed uint64, rules ...faults.Rule) *faulty {
	t.Helper()
	handler := memregistry.Handler(opts)
	past := registry.Options{Transport: inProcess{handler}}
	if len(opts.Users) > 0 {
		past.Credential = ci
	}
	return &faulty{Handler: faults.New(handler, seed, rules...), past: newClient(t, "localhost", past)}
}

// private requires tokens.
var private = memregistry.Options{Users: users, Bearer: true}

// inFaults runs a test in a bubble of [synctest], on a network of its own: time passes
// as soon as all goroutines wait, and none may be left at the end.
func inFaults(t *testing.T, opts memregistry.Options, seed uint64, rules []faults.Rule, test func(*testing.T, *faulty)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		pipes := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
		f := newFaulty(t, opts, seed, rules...)
		f.network = &http.Transport{DialContext: pipes.dial}
		server := &http.Server{Handler: f, ErrorLog: quiet}
		go func() { _ = server.Serve(pipes) }()
		defer time.Sleep(time.Minute) // for goroutines that do not notice the end
		defer func() { assert.NoError(t, server.Close()) }()
		defer f.network.CloseIdleConnections()
		test(t, f)
	})
}

// client returns a client that meets the faults.
func (f *faulty) client(t testing.TB, opts registry.Options) *registry.Client {
	t.Helper()
	opts.Credential, opts.Transport = ci, f.network
	return newClient(t, "localhost", opts)
}

// requireTag asserts that a tag points to the artifact, if it exists, and that
// the registry has every byte of it.
func requireTag(t testing.TB, past *registry.Client, a artifact, tag string) (exists bool) {
	t.Helper()
	exists, err := past.Exists(t.Context(), repository, tag)
	require.NoError(t, err)
	if !exists {
		return false
	}
	got := new(packager.Store)
	defer func() { _ = got.Close() }()
	desc, err := past.Pull(t.Context(), repository, tag, got, registry.PullOptions{})
	require.NoError(t, err)
	require.Equal(t, a.Manifest.Digest, desc.Digest)
	requireBlobs(t, a, got)
	return true
}

// requireBlobs asserts that a store has all blobs of the artifact.
func requireBlobs(t testing.TB, a artifact, got *packager.Store) {
	t.Helper()
	parts, err := content.Successors(t.Context(), a.store, a.Manifest)
	require.NoError(t, err)
	for _, part := range append(parts, a.Manifest) {
		want, err := content.FetchAll(t.Context(), a.store, part)
		require.NoError(t, err)
		data, err := content.FetchAll(t.Context(), got, part)
		require.NoError(t, err)
		require.Equal(t, want, data)
	}
}

// count returns how many requests of a kind have arrived.
func (f *faulty) count(kind faults.Kind) (n int) {
	for _, seen := range f.Seen() {
		if seen.Kind == kind {
			n++
		}
	}
	return n
}

// happened reports whether a fault met any request.
func (f *faulty) happened(fault faults.Fault) bool {
	return slices.ContainsFunc(f.Seen(), func(s faults.Seen) bool { return s.Fault == fault.Name })
}

func on(kinds ...faults.Kind) []faults.Kind { return kinds }

// trouble is a transient fault, the kind of the error if it does not end, and how long
// all attempts then take at most.
type trouble struct {
	fault  faults.Fault
	kind   error
	within time.Duration
}

var passing = []trouble{
	{faults.Status(408, ""), registry.ErrServer, time.Second},
	{faults.Status(425, ""), registry.ErrServer, time.Second},
	{faults.Status(429, "TOOMANYREQUESTS"), registry.ErrRateLimited, time.Second},
	{faults.Status(403, "TOOMANYREQUESTS"), registry.ErrRateLimited, time.Second},
	{faults.Status(500, "UNKNOWN"), registry.ErrServer, time.Second},
	{faults.Status(502, ""), registry.ErrServer, time.Second},
	{faults.Status(503, "UNAVAILABLE"), registry.ErrServer, time.Second},
	{faults.Status(503, "", "Retry-After", "5"), registry.ErrServer, 60 * time.Second},
	{faults.RetryAfterDate(429, 5*time.Second), registry.ErrRateLimited, 60 * time.Second},
	{faults.Status(504, ""), registry.ErrServer, time.Second},
	{faults.Cut(), registry.ErrUnreachable, time.Second},
	{faults.CutBody(10), registry.ErrUnreachable, time.Second},
	{faults.CutResponse(), registry.ErrUnreachable, time.Second},
	{faults.Reset(), registry.ErrUnreachable, time.Second},
	{faults.Silence(), registry.ErrUnreachable, time.Minute},
	{faults.Deaf(45 * time.Second), registry.ErrUnreachable, time.Minute},
	{faults.Delay(45 * time.Second), registry.ErrUnreachable, time.Minute},
}

// attempts returns how often a step is tried.
func (t trouble) attempts() int {
	if t.within == time.Minute && t.kind == registry.ErrUnreachable {
		return 2 // there is no patience for more silence
	}
	return 6
}

// slowBody is sent at four bytes a second.
type slowBody struct {
	io.ReadCloser
	ctx context.Context
}

func (s *slowBody) Read(p []byte) (int, error) {
	select {
	case <-time.After(time.Second):
		return s.ReadCloser.Read(p[:min(len(p), 4)])
	case <-s.ctx.Done():
		return 0, s.ctx.Err()
	}
}

// largeText is larger than the buffer of a connection.
var largeText = strings.Repeat("0123456789abcdef", 6<<10)
