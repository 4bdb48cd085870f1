package registry_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/registry"
)

// pipes is an in-memory network for tests in a synctest bubble, where goroutines that
// wait for it count as blocked.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case p.conns <- server:
		return client, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error { close(p.closed); return nil }

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

// inBubble runs a test against a registry in a bubble of [synctest], which has its own
// clock and fails if a goroutine is left at the end. The registry holds an artifact under
// the tag "stored".
func inBubble(t *testing.T, test func(*testing.T, http.RoundTripper), faults ...fault) {
	inBubbleOf(t, func(t *testing.T, _ *server, transport http.RoundTripper) { test(t, transport) }, faults...)
}

// inBubbleOf is inBubble for a test that inspects the server.
func inBubbleOf(t *testing.T, test func(*testing.T, *server, http.RoundTripper), faults ...fault) {
	synctest.Test(t, func(t *testing.T) {
		network := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
		srv := newServer(memregistry.Options{Users: users, Bearer: true}, faults...)
		seed := newClient(t, "localhost", registry.Options{Transport: inProcess{srv.registry}, Credential: ci})
		_, err := newArtifact(t, "stored").push(t, seed, registry.PushOptions{}, "stored")
		require.NoError(t, err)
		server := &http.Server{Handler: srv.Config.Handler, ErrorLog: quiet}
		go func() { _ = server.Serve(network) }()
		transport := &http.Transport{DialContext: network.dial}
		defer func() { assert.NoError(t, server.Close()) }()
		defer transport.CloseIdleConnections()
		test(t, srv, transport)
	})
}

// silence reads the request, calls arrived and never responds.
func silence(arrived func()) http.HandlerFunc {
	return func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		arrived()
		<-r.Context().Done()
	}
}

// half sends the beginning of a body, calls arrived and stalls. The response for a tag has
// the size and the digest in its header.
func half(arrived func()) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", ocispec.MediaTypeImageManifest)
		if strings.HasSuffix(r.URL.Path, "/v1") {
			w.Header().Set("Content-Length", "500")
			w.Header().Set("Docker-Content-Digest", digest.FromString("").String())
		}
		_, _ = io.WriteString(w, "{")
		_ = http.NewResponseController(w).Flush()
		silence(arrived)(w, r)
	}
}

var operations = []struct {
	name  string
	steps []string
	run   func(context.Context, *registry.Client, artifact) error
}{
	{
		"Push", []string{"GET /token", "GET manifests/", "POST blobs/uploads/", "PUT blobs/uploads/", "PUT manifests/"},
		func(ctx context.Context, c *registry.Client, a artifact) error {
			_, err := c.Push(ctx, a.store, a.Manifest, repository, []string{"v1"}, registry.PushOptions{})
			return err
		},
	},
	{
		"Push that sends nothing", []string{"GET manifests/"},
		func(ctx context.Context, c *registry.Client, a artifact) error {
			_, err := c.Push(ctx, a.store, a.Manifest, repository, []string{"v1"}, registry.PushOptions{ImmutableTags: true})
			return err
		},
	},
	{
		"Lookup", []string{"GET /token", "GET manifests/"},
		func(ctx context.Context, c *registry.Client, _ artifact) error {
			_, err := c.Lookup(ctx, repository, []string{"v1"}, registry.PushOptions{})
			return err
		},
	},
	{
		"VerifyAccess", []string{"GET /token", "POST blobs/uploads/"},
		func(ctx context.Context, c *registry.Client, _ artifact) error {
			return c.VerifyAccess(ctx, repository)
		},
	},
	{
		"Resolve", []string{"GET /token", "HEAD manifests/"},
		func(ctx context.Context, c *registry.Client, _ artifact) error {
			_, err := c.Resolve(ctx, repository, "v1")
			return err
		},
	},
	{
		"Exists", []string{"HEAD manifests/"},
		func(ctx context.Context, c *registry.Client, _ artifact) error {
			_, err := c.Exists(ctx, repository, "v1")
			return err
		},
	},
	{
		"Pull", []string{"GET manifests/", "GET blobs/"},
		func(ctx context.Context, c *registry.Client, _ artifact) error {
			dst := new(packager.Store)
			defer func() { _ = dst.Close() }()
			_, err := c.Pull(ctx, repository, "stored", dst, registry.PullOptions{})
			return err
		},
	},
}

// eachStep runs test with a fault at every step of every operation. The fault calls a
// function when the request has arrived.
func eachStep(t *testing.T, test func(t *testing.T, at func(func()) fault, run func(context.Context, *registry.Client) error)) {
	a := newArtifact(t, "demo")
	for _, operation := range operations {
		for _, step := range operation.steps {
			answers := map[string]func(func()) http.HandlerFunc{"silence": silence}
			if step == "GET manifests/" || step == "GET blobs/" {
				answers["half an answer"] = half
			}
			for name, answer := range answers {
				t.Run(operation.name+" "+step+" "+name, func(t *testing.T) {
					at := func(arrived func()) fault { return fault{step, answer(arrived)} }
					test(t, at, func(ctx context.Context, c *registry.Client) error { return operation.run(ctx, c, a) })
				})
			}
		}
	}
}

func TestCancelWhileTheRegistryIsSilent(t *testing.T) {
	eachStep(t, func(t *testing.T, at func(func()) fault, run func(context.Context, *registry.Client) error) {
		var cancel context.CancelFunc
		inBubble(t, func(t *testing.T, transport http.RoundTripper) {
			var ctx context.Context
			ctx, cancel = context.WithCancel(t.Context())
			defer cancel()
			client := newClient(t, "localhost", registry.Options{Credential: ci, Transport: transport})
			began := time.Now()
			err := run(ctx, client)
			require.ErrorIs(t, err, context.Canceled)
			requireKind(t, err, nil)
			assert.LessOrEqual(t, time.Since(began), time.Second)
		}, at(func() { cancel() }))
	})
}

func TestDeadlineWhileTheRegistryIsSilent(t *testing.T) {
	eachStep(t, func(t *testing.T, at func(func()) fault, run func(context.Context, *registry.Client) error) {
		inBubble(t, func(t *testing.T, transport http.RoundTripper) {
			client := newClient(t, "localhost", registry.Options{Credential: ci, Transport: transport})
			began := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			err := run(ctx, client)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			requireKind(t, err, nil)
			assert.InDelta(t, 20*time.Second, time.Since(began), float64(time.Second))
		}, at(func() {}))
	})
}

func TestContextThatHasEnded(t *testing.T) {
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	srv, a := start(t, memregistry.Options{Users: users}), newArtifact(t, "demo")
	client := srv.client(t, registry.Options{Credential: ci})
	for _, operation := range operations {
		t.Run(operation.name, func(t *testing.T) {
			for ctx, want := range map[context.Context]error{cancelled: context.Canceled, late: context.DeadlineExceeded} {
				err := operation.run(ctx, client, a)
				require.ErrorIs(t, err, want)
				requireKind(t, err, nil)
				assert.Empty(t, srv.log)
			}
		})
	}
}

func TestCancelWhileLookingForTheCredential(t *testing.T) {
	srv := start(t, memregistry.Options{Users: users})
	ctx, cancel := context.WithCancel(t.Context())
	client := srv.client(t, registry.Options{
		CredentialFunc: func(ctx context.Context, _ string) (registry.Credential, error) {
			cancel()
			<-ctx.Done()
			return registry.Credential{}, ctx.Err()
		},
	})
	err := client.VerifyAccess(ctx, repository)
	require.ErrorIs(t, err, context.Canceled)
	requireKind(t, err, nil)
}

// A registry that never answers the cancellation does not delay the caller for long.
func TestVerifyAccessDoesNotWaitLongForTheCancellation(t *testing.T) {
	inBubble(t, func(t *testing.T, transport http.RoundTripper) {
		client := newClient(t, "localhost", registry.Options{Credential: ci, Transport: transport})
		began := time.Now()
		require.NoError(t, client.VerifyAccess(t.Context(), repository))
		assert.Equal(t, 2*time.Second, time.Since(began))
	}, fault{"DELETE", silence(func() {})})
}
