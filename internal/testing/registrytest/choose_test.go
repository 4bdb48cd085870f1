package registrytest_test

import (
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/internal/testing/registrytest"
	"github.com/kubeoci/oci/registry"
)

// If nothing is installed, the in-memory registry remains, and the log has the reasons.
func TestChooseWithNothingInstalled(t *testing.T) {
	isolate(t, t.TempDir())
	var source *registrytest.Source
	text, log := failing(t, func(tb testing.TB) { source = registrytest.Choose(tb) })
	require.Empty(t, text)
	assert.Equal(t, registrytest.Embedded, source.Kind)
	assert.True(t, strings.HasPrefix(log, "registrytest: embedded; "), log)
	for _, kind := range []string{"zot-docker", "zot", "distribution", "docker-registry"} {
		assert.Contains(t, log, kind+" is not available: ")
	}
}

// A demanded kind that is not available fails the test, and is not replaced.
func TestChooseOnDemand(t *testing.T) {
	for _, kind := range registrytest.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			isolate(t, t.TempDir())
			t.Setenv("OCI_TEST_REGISTRY_KIND", string(kind))
			var source *registrytest.Source
			text, _ := failing(t, func(tb testing.TB) { source = registrytest.Choose(tb) })
			if kind == registrytest.Embedded {
				require.NotNil(t, source)
				assert.Equal(t, kind, source.Kind)
				return
			}
			assert.Nil(t, source)
			assert.Contains(t, text, "OCI_TEST_REGISTRY_KIND demands "+string(kind))
		})
	}
}

func TestChooseRefusesSettings(t *testing.T) {
	for _, tt := range []struct{ name, variable, value, text string }{
		{"unknown kind", "OCI_TEST_REGISTRY_KIND", "harbor", `OCI_TEST_REGISTRY_KIND is "harbor", want one of`},
		{"plain HTTP", "OCI_TEST_REGISTRY_PLAIN_HTTP", "perhaps", `OCI_TEST_REGISTRY_PLAIN_HTTP is "perhaps"`},
		{"pull", "OCI_TEST_PULL", "always", `OCI_TEST_PULL is "always"`},
		{"given with a path", "OCI_TEST_REGISTRY", "ghcr.io/acme", "OCI_TEST_REGISTRY: given is not available: "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			isolate(t, t.TempDir())
			t.Setenv(tt.variable, tt.value)
			text, _ := failing(t, func(tb testing.TB) { registrytest.Choose(tb) })
			assert.Contains(t, text, tt.text)
		})
	}
}

func TestChooseGiven(t *testing.T) {
	isolate(t, t.TempDir())
	server, err := memregistry.Start(memregistry.Options{Users: map[string]memregistry.User{"ci": {Password: "canary-7d1f"}}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	t.Setenv("OCI_TEST_REGISTRY", server.Host)
	t.Setenv("OCI_TEST_REGISTRY_USERNAME", "ci")
	t.Setenv("OCI_TEST_REGISTRY_PASSWORD", "canary-7d1f")

	source := registrytest.Choose(t)
	assert.Equal(t, registrytest.Given, source.Kind)
	instance, err := source.Start(t.Context(), registrytest.Setup{})
	require.NoError(t, err)
	assert.Equal(t, server.Host, instance.Host)
	assert.True(t, instance.PlainHTTP)
	assert.False(t, instance.CanRestart())
	repository := instance.Repository("demo")
	push(t, instance, repository, "v1")

	// The registry is left as it was.
	require.NoError(t, instance.Close())
	tags, err := instance.Tags(t.Context(), repository)
	require.NoError(t, err)
	assert.Empty(t, tags)
}

func TestChooseGivenWithTLS(t *testing.T) {
	isolate(t, t.TempDir())
	server := httptest.NewTLSServer(memregistry.Handler(memregistry.Options{}))
	t.Cleanup(server.Close)
	file := filepath.Join(t.TempDir(), "ca.pem")
	t.Setenv("OCI_TEST_REGISTRY", server.Listener.Addr().String())
	t.Setenv("OCI_TEST_REGISTRY_CA_FILE", file)
	text, _ := failing(t, func(tb testing.TB) { registrytest.Choose(tb) })
	assert.Contains(t, text, file)
	require.NoError(t, os.WriteFile(file, []byte("none"), 0o600))
	text, _ = failing(t, func(tb testing.TB) { registrytest.Choose(tb) })
	assert.Contains(t, text, "no certificate in "+file)

	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	require.NoError(t, os.WriteFile(file, certificate, 0o600))
	instance := registrytest.Open(t, registrytest.Setup{})
	assert.False(t, instance.PlainHTTP)
	push(t, instance, instance.Repository("demo"), "v1")
}

// CleanUp fetches a token if the registry requires one.
func TestCleanUpWithTokens(t *testing.T) {
	isolate(t, t.TempDir())
	server, err := memregistry.Start(memregistry.Options{Bearer: true, Users: map[string]memregistry.User{"ci": {Password: "canary-7d1f"}}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	t.Setenv("OCI_TEST_REGISTRY", server.Host)
	t.Setenv("OCI_TEST_REGISTRY_USERNAME", "ci")
	t.Setenv("OCI_TEST_REGISTRY_PASSWORD", "canary-7d1f")
	instance := registrytest.Open(t, registrytest.Setup{})
	repository := instance.Repository("demo")
	push(t, instance, repository, "v1")
	require.NoError(t, instance.CleanUp(t.Context()))
	exists, err := newClient(t, instance, instance.Options()).Exists(t.Context(), repository, "v1")
	require.NoError(t, err)
	assert.False(t, exists)
	resp, err := instance.Do(t.Context(), registry.Credential{Username: "ci", Password: "wrong"}, "GET", "/v2/"+repository+"/tags/list")
	assert.ErrorContains(t, err, "token service: status 401", resp.Status)
}

func TestEvery(t *testing.T) {
	isolate(t, t.TempDir())
	found, absent := registrytest.Every(t)
	require.Len(t, found, 1)
	assert.Empty(t, absent)

	t.Setenv("OCI_TEST_REGISTRY_KIND", "all")
	found, absent = registrytest.Every(t)
	require.Len(t, found, 1)
	assert.Equal(t, registrytest.Embedded, found[0].Kind)
	assert.Len(t, absent, len(registrytest.Kinds())-2) // all but the given and the embedded one
}
