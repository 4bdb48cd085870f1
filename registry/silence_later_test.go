package registry_test

import (
	"context"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/registry"
)

// A registry that falls silent after any of its responses ends each operation within a
// minute.
func TestSilenceAfterEachResponse(t *testing.T) {
	small, big := newArtifact(t, "demo"), newBigArtifact(t, "big")
	push := func(opts registry.PushOptions, tags ...string) func(context.Context, *registry.Client) error {
		return func(ctx context.Context, c *registry.Client) error {
			_, err := c.Push(ctx, small.store, small.Manifest, repository, tags, opts)
			return err
		}
	}
	use := func(ctx context.Context, p *registry.Published) error {
		if _, err := p.Attach(ctx, registry.Attachment{ArtifactType: "application/vnd.acme.tested"}); err != nil {
			return err
		}
		_, err := p.Referrers(ctx, "")
		return err
	}
	for _, tt := range []struct {
		name string
		run  func(context.Context, *registry.Client) error
	}{
		{"push of the same", push(registry.PushOptions{}, "stored")},
		{"push of two tags", push(registry.PushOptions{}, "v1", "v2")},
		{"push without a tag", push(registry.PushOptions{DigestOnly: true, ReadBack: true})},
		{"push with a rule", push(registry.PushOptions{TagRules: []registry.TagRule{registry.NotOlder}}, "stored")},
		{"push with a step", push(registry.PushOptions{Steps: []registry.Step{{Name: "use", Run: use}}, KeepSameContent: true}, "v1")},
		{"push while packing", func(ctx context.Context, c *registry.Client) error {
			packing := big.slowPacking()
			go packing.pack(t, big)
			defer func() { _ = packing.layer.CloseWithError(io.ErrClosedPipe) }() // ends pack
			destination, err := c.LookupWhilePacking(ctx, repository, []string{"v1"}, registry.PushOptions{}, packing.Packing)
			if err == nil {
				_, err = destination.Push(ctx, big.store, big.Manifest)
			}
			return err
		}},
		{"push that is refused", func(ctx context.Context, c *registry.Client) error {
			destination, err := c.LookupWhilePacking(ctx, repository, []string{"refused"}, registry.PushOptions{}, small.packing())
			if err == nil {
				_, err = destination.Push(ctx, small.store, small.Manifest)
			}
			return err
		}},
		{"pull", func(ctx context.Context, c *registry.Client) error {
			store := new(packager.Store)
			defer func() { _ = store.Close() }()
			_, err := c.Pull(ctx, repository, "stored", store, registry.PullOptions{})
			return err
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for responses, silent := int32(0), true; silent; responses++ {
				inBubbleOf(t, func(t *testing.T, srv *server, transport http.RoundTripper) {
					var arrived atomic.Int32
					srv.fail(fault{"", func(w http.ResponseWriter, r *http.Request) {
						switch {
						case arrived.Add(1) > responses:
							silence(func() {})(w, r)
						case describe(r) == "PUT manifests/refused":
							status(http.StatusBadRequest, "MANIFEST_INVALID")(w, r)
						default:
							srv.registry.ServeHTTP(w, r)
						}
					}})
					client := newClient(t, "localhost", registry.Options{Credential: ci, Transport: transport})
					began := time.Now()
					err := tt.run(t.Context(), client)
					assert.LessOrEqual(t, time.Since(began), time.Minute, "after %d responses: %v", responses, err)
					silent = arrived.Load() > responses
				})
			}
		})
	}
}
