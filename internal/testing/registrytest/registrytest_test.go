package registrytest_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/testing/registrytest"
	"github.com/kubeoci/oci/registry"
)

// eachKind runs a test with every kind that is here, several at a time.
func eachKind(t *testing.T, test func(*testing.T, *registrytest.Source)) {
	t.Helper()
	for _, kind := range registrytest.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			if kind == registrytest.Given {
				t.Skip("whose it is, is not known")
			}
			source := find(t, kind)
			t.Parallel()
			test(t, source)
		})
	}
}

// What a registry holds is there again when it comes back, at the same place.
func TestKillAndRestart(t *testing.T) {
	eachKind(t, func(t *testing.T, source *registrytest.Source) {
		target := source.Open(t, registrytest.Setup{})
		require.True(t, target.CanRestart())
		repository := target.Repository("demo")
		push(t, target, repository, "v1")
		client := newClient(t, target, target.Options())

		require.NoError(t, target.Kill(t.Context()))
		_, err := client.Exists(t.Context(), repository, "v1")
		require.ErrorIs(t, err, registry.ErrUnreachable)

		require.NoError(t, target.Restart(t.Context()))
		exists, err := client.Exists(t.Context(), repository, "v1")
		require.NoError(t, err)
		assert.True(t, exists)
		push(t, target, repository, "v2")
	})
}

func TestSetups(t *testing.T) {
	eachKind(t, func(t *testing.T, source *registrytest.Source) {
		for _, row := range []struct {
			name  string
			setup registrytest.Setup
		}{
			{"TLS", registrytest.Setup{TLS: true}},
			{"client certificates and users", registrytest.Setup{ClientCertificates: true, Users: true}},
		} {
			t.Run(row.name, func(t *testing.T) {
				target := source.Open(t, row.setup)
				assert.Equal(t, !row.setup.TLS && !row.setup.ClientCertificates, target.PlainHTTP)
				assert.Equal(t, row.setup.Users, !target.Writer.IsZero())
				assert.Equal(t, row.setup.ClientCertificates, len(target.ClientCertificates) > 0)
				push(t, target, target.Repository("demo"), "v1")
			})
		}
	})
}

// Whoever started a registry can delete what was pushed to it, and stop it.
func TestCleanUpAndClose(t *testing.T) {
	eachKind(t, func(t *testing.T, source *registrytest.Source) {
		target, err := source.Start(t.Context(), registrytest.Setup{Users: true})
		require.NoError(t, err)
		t.Cleanup(func() { _ = target.Close() }) // it is closed, if all is well
		one, other := target.Repository("one"), target.Repository("other")
		push(t, target, one, "v1")
		push(t, target, one, "v2")
		push(t, target, other, "v1")
		tags, err := target.Tags(t.Context(), one)
		require.NoError(t, err)
		assert.ElementsMatch(t, []string{"v1", "v2"}, tags)

		require.NoError(t, target.CleanUp(t.Context()))
		for _, repository := range target.Repositories() {
			tags, err := target.Tags(t.Context(), repository)
			require.NoError(t, err)
			assert.Empty(t, tags)
		}

		answer, err := target.Ask(t.Context(), target.Writer, http.MethodGet, "/v2/")
		require.NoError(t, err)
		assert.Equal(t, http.StatusOK, answer.Status)
		require.NoError(t, target.Close())
		_, err = target.Ask(t.Context(), target.Writer, http.MethodGet, "/v2/")
		require.Error(t, err)
	})
}

// Nobody else pushes to the same repositories.
func TestRepositoriesAreOfOneTargetAlone(t *testing.T) {
	one, other := registrytest.Open(t, registrytest.Setup{}), registrytest.Open(t, registrytest.Setup{})
	assert.NotEqual(t, one.Repository("demo"), other.Repository("demo"))
	assert.Equal(t, one.Repository("demo"), one.Repository("demo"))
	assert.Equal(t, []string{one.Repository("demo")}, one.Repositories())
}
