package main

import (
	"context"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/registry"
)

// until calls printed with each text written to it.
type until struct{ printed func(string) }

func (u until) Write(p []byte) (int, error) {
	u.printed(string(p))
	return len(p), nil
}

func TestPlay(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var host string
	err := run(ctx, []string{"embedded"}, until{func(text string) {
		defer cancel()
		found := regexp.MustCompile(`push -ref oci://([^/]+)/`).FindStringSubmatch(text)
		require.NotNil(t, found, text)
		host = found[1]
		client, err := registry.NewClient(host, registry.Options{})
		require.NoError(t, err)
		defer client.Close()
		assert.NoError(t, client.VerifyAccess(t.Context(), "shop"))
	}})
	require.NoError(t, err)
	client, err := registry.NewClient(host, registry.Options{Retry: registry.RetryPolicy{MaxAttempts: 1}})
	require.NoError(t, err)
	defer client.Close()
	assert.ErrorIs(t, client.VerifyAccess(t.Context(), "shop"), registry.ErrUnreachable, "the registry is stopped")
}

func TestPlayWithoutRegistries(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv("OCI_TEST_ZOT_BINARY", "")
	err := run(t.Context(), []string{"zot-docker", "zot"}, new(strings.Builder))
	require.ErrorContains(t, err, "zot-docker is not available: ")
	assert.ErrorContains(t, err, "zot is not available: ")
	assert.ErrorContains(t, run(t.Context(), nil, new(strings.Builder)), "missing argument: kinds of registries")
	assert.ErrorContains(t, run(t.Context(), []string{"harbor"}, new(strings.Builder)), `unknown kind "harbor"`)
}
