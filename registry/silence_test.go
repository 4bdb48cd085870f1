package registry_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/internal/testing/faults"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/registry"
)

// silences are the ways in which a server that accepts connections holds a client up.
var silences = []faults.Fault{
	faults.Silence(), faults.SilentResponse(), faults.Deaf(45 * time.Second), faults.Delay(45 * time.Second),
	faults.Slow(29 * time.Second), faults.Slow(5 * time.Second), faults.Slow(time.Second),
}

// quietSteps are the operations with the requests of each.
var quietSteps = []struct {
	name  string
	kinds []faults.Kind
	run   func(context.Context, *registry.Client, artifact) error
}{
	{"push", steps, func(ctx context.Context, c *registry.Client, a artifact) error {
		_, err := c.Push(ctx, a.store, a.Manifest, "apps/new", []string{"v1"}, registry.PushOptions{})
		return err
	}},
	{"push of the same", []faults.Kind{faults.Token, faults.ManifestGet}, func(ctx context.Context, c *registry.Client, a artifact) error {
		_, err := c.Push(ctx, a.store, a.Manifest, repository, []string{"v1"}, registry.PushOptions{})
		return err
	}},
	{"pull", []faults.Kind{faults.Token, faults.ManifestGet, faults.BlobGet}, func(ctx context.Context, c *registry.Client, _ artifact) error {
		dst := new(packager.Store)
		defer func() { _ = dst.Close() }()
		_, err := c.Pull(ctx, repository, "v1", dst, registry.PullOptions{})
		return err
	}},
	{"resolve", []faults.Kind{faults.Token, faults.ManifestHead}, func(ctx context.Context, c *registry.Client, _ artifact) error {
		_, err := c.Resolve(ctx, repository, "v1")
		return err
	}},
	{"verify", []faults.Kind{faults.Token, faults.UploadOpen}, func(ctx context.Context, c *registry.Client, _ artifact) error {
		return c.VerifyAccess(ctx, repository)
	}},
	{"verify reading", []faults.Kind{faults.Token, faults.Other}, func(ctx context.Context, c *registry.Client, _ artifact) error {
		return c.VerifyReadAccess(ctx, repository)
	}},
}

// A server that accepts requests and never responds, or sends a byte now and then, ends in
// an error within a minute, at each step.
func TestSilenceAtEachStep(t *testing.T) {
	for _, operation := range quietSteps {
		for _, kind := range operation.kinds {
			for _, fault := range silences {
				for _, until := range []string{"from then on", "at this step"} {
					t.Run(fmt.Sprint(operation.name, " ", kind, " ", fault.Name, " ", until), func(t *testing.T) {
						rules := []faults.Rule{{On: on(kind), Do: fault}}
						inFaultsWithContent(t, private, rules, func(t *testing.T, f *faulty, a artifact) {
							if until == "from then on" {
								f.Then(kind, fault)
							}
							began := time.Now()
							err := operation.run(t.Context(), f.client(t, registry.Options{Retry: registry.RetryPolicy{MinWait: 300 * time.Millisecond}}), a)
							took := time.Since(began)
							assert.LessOrEqual(t, took, time.Minute)
							if err == nil { // the response is too short to be slow
								assert.True(t, fault.Name == faults.SilentResponse().Name || fault.Name[0] == 'a', fault.Name)
								return
							}
							failed := requireKind(t, err, registry.ErrUnreachable)
							assert.True(t, failed.Retryable())
							assert.GreaterOrEqual(t, took, 30*time.Second-time.Millisecond, err)
							assert.Regexp(t, "nothing moved for |not done within 30s; no response to (the token service at localhost/token|(POST of an upload|GET of the list of tags)$)|not done within 30s$", err.Error())
						})
					})
				}
			}
		}
	}
}

// The push of an artifact that the registry has goes on if it does not tell.
func TestSilenceAboutKnownBlobs(t *testing.T) {
	for _, until := range []string{"from then on", "at this step"} {
		rules := []faults.Rule{{On: on(faults.BlobHead), Do: faults.Silence()}}
		inFaultsWithContent(t, private, rules, func(t *testing.T, f *faulty, a artifact) {
			if until == "from then on" {
				f.Then(faults.BlobHead, faults.Silence())
			}
			began := time.Now()
			_, err := a.push(t, f.client(t, registry.Options{}), registry.PushOptions{}, "v1")
			if until == "from then on" {
				requireKind(t, err, registry.ErrUnreachable)
				assert.LessOrEqual(t, time.Since(began), time.Minute)
				return
			}
			require.NoError(t, err)
			assert.LessOrEqual(t, time.Since(began), 10*time.Second)
		})
	}
}

// Calls that share the wait for a token end together.
func TestSilenceOfASharedTokenService(t *testing.T) {
	rules := []faults.Rule{{On: on(faults.Token), Do: faults.Silence()}}
	inFaults(t, private, 0, rules, func(t *testing.T, f *faulty) {
		client, began := f.client(t, registry.Options{}), time.Now()
		var running sync.WaitGroup
		defer running.Wait()
		for range 8 {
			running.Go(func() {
				_, err := client.Resolve(t.Context(), repository, "v1")
				assert.Equal(t, registry.ErrUnreachable, errorKind(err), "%v", err)
				assert.LessOrEqual(t, time.Since(began), time.Minute)
			})
		}
	})
}

// A peer that never answers to TLS, and a proxy that never answers to CONNECT.
func TestSilenceInTheHandshake(t *testing.T) {
	proxy := http.ProxyURL(&url.URL{Scheme: "http", Host: "proxy.example.com:3128"})
	for _, tt := range []struct {
		name      string
		transport *http.Transport
	}{
		{"TLS", &http.Transport{}},
		{"TLS with a limit", &http.Transport{TLSHandshakeTimeout: 10 * time.Second}},
		{"proxy", &http.Transport{Proxy: proxy}},
		{"proxy with a limit for TLS", &http.Transport{Proxy: proxy, TLSHandshakeTimeout: 10 * time.Second}},
	} {
		for _, operation := range quietSteps {
			t.Run(tt.name+", "+operation.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var mu sync.Mutex // guards conns
					var conns []net.Conn
					transport := tt.transport.Clone()
					transport.DialContext = func(context.Context, string, string) (net.Conn, error) {
						client, server := net.Pipe()
						mu.Lock()
						defer mu.Unlock()
						conns = append(conns, server)
						go func() { _, _ = io.Copy(io.Discard, server) }()
						return client, nil
					}
					a := newSmallArtifact(t)
					client := newClient(t, "https://registry.example.com", registry.Options{Transport: transport, Retry: registry.RetryPolicy{MinWait: 300 * time.Millisecond}})
					began := time.Now()
					requireKind(t, operation.run(t.Context(), client, a), registry.ErrUnreachable)
					assert.LessOrEqual(t, time.Since(began), time.Minute)
					mu.Lock()
					for _, conn := range conns {
						_ = conn.Close()
					}
					mu.Unlock()
					time.Sleep(time.Minute)
				})
			})
		}
	}
}

// Content that moves is never cut off, however long it takes, in both directions.
func TestSlowProgressIsNotCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		handler := memregistry.Handler(memregistry.Options{})
		client := newClient(t, "localhost", registry.Options{Timeout: 24 * time.Hour, Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.Body != nil && r.Body != http.NoBody {
				r.Body = &tardy{r.Body, r.Context(), 29 * time.Second, 16 << 10}
			}
			resp, err := inProcess{handler}.RoundTrip(r)
			if err == nil {
				resp.Body = &tardy{resp.Body, r.Context(), 14 * time.Second, 128} // and as long for the end
			}
			return resp, err
		})})
		a := newSmallArtifact(t)
		a = a.with(t, "large", a.Layer, a.blob(t, largeText))
		began := time.Now()
		_, err := a.push(t, client, registry.PushOptions{}, "v1")
		require.NoError(t, err)
		assert.Greater(t, time.Since(began), 2*time.Minute)
		began = time.Now()
		_, err = client.Pull(t.Context(), repository, "v1", new(packager.Store), registry.PullOptions{})
		require.NoError(t, err)
		assert.Greater(t, time.Since(began), 2*time.Hour)
	})
}

// tardy passes on some bytes at a time, with waits.
type tardy struct {
	io.ReadCloser
	ctx  context.Context
	wait time.Duration
	size int
}

func (s *tardy) Read(p []byte) (int, error) {
	select {
	case <-time.After(s.wait):
		return s.ReadCloser.Read(p[:min(len(p), s.size)])
	case <-s.ctx.Done():
		return 0, s.ctx.Err()
	}
}
