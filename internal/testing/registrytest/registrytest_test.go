package registrytest_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/testing/registrytest"
	"github.com/kubeoci/oci/registry"
)

// eachKind runs a test with every available kind, in parallel.
func eachKind(t *testing.T, test func(*testing.T, *registrytest.Source)) {
	t.Helper()
	for _, kind := range registrytest.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			if kind == registrytest.Given {
				t.Skip("a given registry may belong to somebody else")
			}
			source := find(t, kind)
			t.Parallel()
			test(t, source)
		})
	}
}

// A restarted registry has its data and its address back.
func TestKillAndRestart(t *testing.T) {
	eachKind(t, func(t *testing.T, source *registrytest.Source) {
		instance := source.Open(t, registrytest.Setup{})
		require.True(t, instance.CanRestart())
		repository := instance.Repository("demo")
		push(t, instance, repository, "v1")
		client := newClient(t, instance, instance.Options())

		require.NoError(t, instance.Kill(t.Context()))
		_, err := client.Exists(t.Context(), repository, "v1")
		require.ErrorIs(t, err, registry.ErrUnreachable)

		require.NoError(t, instance.Restart(t.Context()))
		exists, err := client.Exists(t.Context(), repository, "v1")
		require.NoError(t, err)
		assert.True(t, exists)
		push(t, instance, repository, "v2")
	})
}

func TestSetups(t *testing.T) {
	eachKind(t, func(t *testing.T, source *registrytest.Source) {
		for _, tt := range []struct {
			name  string
			setup registrytest.Setup
		}{
			{"TLS", registrytest.Setup{TLS: true}},
			{"client certificates and users", registrytest.Setup{ClientCertificates: true, Users: true}},
		} {
			t.Run(tt.name, func(t *testing.T) {
				instance := source.Open(t, tt.setup)
				assert.Equal(t, !tt.setup.TLS && !tt.setup.ClientCertificates, instance.PlainHTTP)
				assert.Equal(t, tt.setup.Users, !instance.Writer.IsZero())
				assert.Equal(t, tt.setup.ClientCertificates, len(instance.ClientCertificates) > 0)
				push(t, instance, instance.Repository("demo"), "v1")
			})
		}
	})
}

// The run that started a registry can delete artifacts from it, and stop it.
func TestCleanUpAndClose(t *testing.T) {
	eachKind(t, func(t *testing.T, source *registrytest.Source) {
		instance, err := source.Start(t.Context(), registrytest.Setup{Users: true})
		require.NoError(t, err)
		t.Cleanup(func() { _ = instance.Close() }) // already closed if the test passes
		one, other := instance.Repository("one"), instance.Repository("other")
		push(t, instance, one, "v1")
		push(t, instance, one, "v2")
		push(t, instance, other, "v1")
		tags, err := instance.Tags(t.Context(), one)
		require.NoError(t, err)
		assert.ElementsMatch(t, []string{"v1", "v2"}, tags)

		require.NoError(t, instance.CleanUp(t.Context()))
		for _, repository := range instance.Repositories() {
			tags, err := instance.Tags(t.Context(), repository)
			require.NoError(t, err)
			assert.Empty(t, tags)
		}

		resp, err := instance.Do(t.Context(), instance.Writer, http.MethodGet, "/v2/")
		require.NoError(t, err)
		assert.Equal(t, http.StatusOK, resp.Status)
		require.NoError(t, instance.Close())
		_, err = instance.Do(t.Context(), instance.Writer, http.MethodGet, "/v2/")
		require.Error(t, err)
	})
}

// No two instances use the same repositories.
func TestRepositoriesAreUniqueToAnInstance(t *testing.T) {
	one, other := registrytest.Open(t, registrytest.Setup{}), registrytest.Open(t, registrytest.Setup{})
	assert.NotEqual(t, one.Repository("demo"), other.Repository("demo"))
	assert.Equal(t, one.Repository("demo"), one.Repository("demo"))
	assert.Equal(t, []string{one.Repository("demo")}, one.Repositories())
}
