package registrysuite

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/testing/registrytest"
	"github.com/kubeoci/oci/registry"
)

func pushConcurrently(t *testing.T, c trial) {
	client := newClient(t, c.open, c.open.Options())
	artifacts := make([]artifact, c.opts.Pushes)
	for i := range artifacts {
		artifacts[i] = newArtifact(t, fmt.Sprint("demo-", i))
	}
	// Half of them go to the same repository.
	repository := func(i int) string {
		if i%2 == 0 {
			return c.open.Repository("many")
		}
		return c.open.Repository(fmt.Sprint("many/", i))
	}
	errs := make([]error, c.opts.Pushes)
	var all sync.WaitGroup
	for i, a := range artifacts {
		all.Go(func() {
			_, errs[i] = client.Push(t.Context(), a.store, a.Manifest, repository(i), []string{fmt.Sprint("v", i)}, registry.PushOptions{})
		})
	}
	all.Wait()
	for i, a := range artifacts {
		require.NoError(t, errs[i])
		requireTag(t, client, repository(i), fmt.Sprint("v", i), a.Manifest)
	}
	c.note("%d", c.opts.Pushes)
}

// breakSize returns the size of a layer that is interrupted halfway.
func (c trial) breakSize() int64 { return min(c.opts.LargeLayer, 4<<20) }

func cancelHalfway(t *testing.T, c trial) {
	client := newClient(t, c.open, c.open.Options())
	repository := c.open.Repository("cancelled")
	store := newLargeStore(t, c.breakSize())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stopped := &interrupted{ReadOnlyStorage: store, blob: store.layer, meanwhile: cancel}
	_, err := client.Push(ctx, stopped, store.manifest, repository, []string{"v1"}, registry.PushOptions{})
	require.ErrorIs(t, err, context.Canceled)
	assert.NotErrorIs(t, err, registry.ErrUnreachable)
	requireNoTag(t, client, repository, "v1")

	_, err = client.Push(t.Context(), store, store.manifest, repository, []string{"v1"}, registry.PushOptions{})
	require.NoError(t, err)
	requireTag(t, client, repository, "v1", store.manifest)
}

// startKillable starts another registry that can be killed.
func startKillable(t *testing.T, c trial) *registrytest.Instance {
	t.Helper()
	if !c.open.CanRestart() {
		c.unavailable(t, "not started by the test")
	}
	return c.source.Open(t, registrytest.Setup{})
}

// killHalfway returns a store that kills the registry when half of the layer was read.
func killHalfway(t *testing.T, instance *registrytest.Instance, store *largeStore) *interrupted {
	return &interrupted{ReadOnlyStorage: store, blob: store.layer, meanwhile: func() {
		assert.NoError(t, instance.Kill(t.Context()))
	}}
}

func stopAndRestart(t *testing.T, c trial) {
	instance := startKillable(t, c)
	client := newClient(t, instance, instance.Options())
	repository := instance.Repository("back")
	newArtifact(t, "old").push(t, client, repository, "v1")
	store := newLargeStore(t, c.breakSize())
	var revive sync.Once
	_, err := client.Push(t.Context(), killHalfway(t, instance, store), store.manifest, repository, []string{"v2"}, registry.PushOptions{
		OnEvent: func(e registry.Event) {
			if e.Retry != nil {
				revive.Do(func() { assert.NoError(t, instance.Restart(t.Context())) })
			}
		},
	})
	require.NoError(t, err)
	revive.Do(func() { assert.Fail(t, "the push did not notice") })
	requireWhole(t, client, repository, "v2", store.manifest)
	requireTag(t, client, repository, "v1", newArtifact(t, "old").Manifest)
}

// requireWhole requires that an artifact can be pulled completely.
func requireWhole(t testing.TB, client *registry.Client, repository, tag string, manifest ocispec.Descriptor) {
	t.Helper()
	desc, err := client.Pull(t.Context(), repository, tag, new(counter), registry.PullOptions{})
	require.NoError(t, err)
	require.Equal(t, manifest.Digest, desc.Digest)
}

func stopForGood(t *testing.T, c trial) {
	instance := startKillable(t, c)
	opts := instance.Options()
	opts.Retry = registry.RetryPolicy{MaxAttempts: 4, MaxWait: time.Second}
	client := newClient(t, instance, opts)
	repository := instance.Repository("gone")
	store := newLargeStore(t, c.breakSize())
	began := time.Now()
	_, err := client.Push(t.Context(), killHalfway(t, instance, store), store.manifest, repository, []string{"v1"}, registry.PushOptions{})
	require.ErrorIs(t, err, registry.ErrUnreachable)
	var failed *registry.Error
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, "push to", failed.Op)
	assert.Less(t, time.Since(began), time.Minute)

	require.NoError(t, instance.Restart(t.Context()))
	requireNoTag(t, client, repository, "v1")
	_, err = client.Push(t.Context(), store, store.manifest, repository, []string{"v1"}, registry.PushOptions{})
	require.NoError(t, err)
	requireWhole(t, client, repository, "v1", store.manifest)
}
