package registry_test

import (
	"context"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/registry"
)

// Mistakes of a caller are errors, and make no request.
func TestNonsense(t *testing.T) {
	srv := start(t, memregistry.Options{})
	good := srv.client(t, registry.Options{})
	a := newArtifact(t, "demo")
	for name, calls := range map[string]func(context.Context, *registry.Client) error{
		"Lookup": func(ctx context.Context, c *registry.Client) error {
			_, err := c.Lookup(ctx, repository, []string{"v1"}, registry.PushOptions{})
			return err
		},
		"Push": func(ctx context.Context, c *registry.Client) error {
			_, err := c.Push(ctx, a.store, a.Manifest, repository, []string{"v1"}, registry.PushOptions{})
			return err
		},
		"Pull": func(ctx context.Context, c *registry.Client) error {
			_, err := c.Pull(ctx, repository, "v1", new(packager.Store), registry.PullOptions{})
			return err
		},
		"Resolve": func(ctx context.Context, c *registry.Client) error {
			_, err := c.Resolve(ctx, repository, "v1")
			return err
		},
		"Exists": func(ctx context.Context, c *registry.Client) error {
			_, err := c.Exists(ctx, repository, "v1")
			return err
		},
		"VerifyAccess":     func(ctx context.Context, c *registry.Client) error { return c.VerifyAccess(ctx, repository) },
		"VerifyReadAccess": func(ctx context.Context, c *registry.Client) error { return c.VerifyReadAccess(ctx, repository) },
	} {
		t.Run(name, func(t *testing.T) {
			require.ErrorContains(t, calls(nil, good), "the context is nil")
			for _, none := range []*registry.Client{nil, {}} {
				require.ErrorIs(t, calls(t.Context(), none), registry.ErrInvalidOptions)
				none.Close()
				assert.NotContains(t, printed(t, none), "PANIC")
			}
		})
	}
	for _, none := range []*registry.Destination{nil, {}} {
		_, err := none.Push(t.Context(), a.store, a.Manifest)
		require.ErrorIs(t, err, registry.ErrInvalidOptions)
		assert.NotContains(t, printed(t, none), "PANIC")
	}
	_, err := good.Push(t.Context(), nil, a.Manifest, repository, []string{"v1"}, registry.PushOptions{})
	require.ErrorIs(t, err, registry.ErrInvalidOptions)
	_, err = good.Pull(t.Context(), repository, "v1", nil, registry.PullOptions{})
	require.ErrorIs(t, err, registry.ErrInvalidOptions)
	assert.Empty(t, srv.requests(a))
	_, err = good.Push(t.Context(), a.store, ocispec.Descriptor{}, repository, []string{"v1"}, registry.PushOptions{})
	require.ErrorIs(t, err, registry.ErrUnsupported)
	for _, err := range []error{&registry.Error{}, &registry.TagConflictError{}} {
		assert.NotPanics(t, func() { _ = err.Error() }, "%T", err)
	}
}
