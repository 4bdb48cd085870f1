package registry_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/registry"
)

func TestClientIsSafeForConcurrentUse(t *testing.T) {
	eachScheme(t, func(t *testing.T, opts memregistry.Options) {
		srv, a := start(t, opts), newArtifact(t, "demo")
		client := srv.client(t, registry.Options{
			CredentialFunc: func(context.Context, string) (registry.Credential, error) { return ci, nil },
		})
		var wg sync.WaitGroup
		for i := range 50 {
			wg.Go(func() {
				tag, events := fmt.Sprint("v", i), 0
				_, err := a.push(t, client, registry.PushOptions{OnEvent: func(registry.Event) { events++ }}, tag, "latest")
				assert.NoError(t, err)
				assert.Equal(t, 4, events)
				assert.NoError(t, client.VerifyAccess(t.Context(), repository))
				dst := new(packager.Store)
				_, err = client.Pull(t.Context(), repository, tag, dst, registry.PullOptions{})
				assert.NoError(t, err)
				assert.NoError(t, dst.Close())
				_, err = client.Resolve(t.Context(), "apps/other", tag)
				assert.ErrorIs(t, err, registry.ErrNotFound)
			})
		}
		wg.Wait()
		for i := range 50 {
			require.Equal(t, a.Manifest.Digest, srv.digestOf(t, fmt.Sprint("v", i)))
		}
	})
}

func TestClientIsRefusedConcurrently(t *testing.T) {
	eachScheme(t, func(t *testing.T, opts memregistry.Options) {
		client := start(t, opts).client(t, registry.Options{Credential: registry.Credential{Username: "ci", Password: "wrong"}})
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				assert.ErrorIs(t, client.VerifyAccess(t.Context(), repository), registry.ErrPermissionDenied)
			})
		}
		wg.Wait()
	})
}

// Changes to the options after the call have no effect.
func TestOptionsAreCopied(t *testing.T) {
	srv := start(t, memregistry.Options{Users: users})
	opts := registry.Options{Credential: ci, UserAgent: "before"}
	client := srv.client(t, opts)
	opts.Credential.Password, opts.UserAgent = "after", "after"
	require.NoError(t, client.VerifyAccess(t.Context(), repository))
}
