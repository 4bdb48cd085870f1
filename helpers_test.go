package oci_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/registry"
)

const configMap = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n"

// testRegistry is a registry on loopback that records its requests.
type testRegistry struct {
	Host string

	mu       sync.Mutex
	requests []string
}

func startRegistry(t *testing.T, opts memregistry.Options) *testRegistry {
	t.Helper()
	r := new(testRegistry)
	handler := memregistry.Handler(opts)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.mu.Lock()
		r.requests = append(r.requests, req.Method+" "+req.URL.Path)
		r.mu.Unlock()
		handler.ServeHTTP(w, req)
	}))
	t.Cleanup(server.Close)
	r.Host = strings.TrimPrefix(server.URL, "http://")
	return r
}

// takeRequests returns the requests since its previous call.
func (r *testRegistry) takeRequests() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	requests := r.requests
	r.requests = nil
	return requests
}

// tree writes files, by path, into a directory called app.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := filepath.Join(t.TempDir(), "app")
	for name, content := range files {
		file := filepath.Join(root, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(content), 0o644))
	}
	return root
}

func build(t *testing.T, opts oci.BuildOptions) oci.BuildResult {
	t.Helper()
	result, err := oci.Build(t.Context(), opts)
	require.NoError(t, err)
	return result
}

// pull copies the artifact into a store that is closed with the test.
func pull(t *testing.T, host, repository, ref string) (*packager.Store, error) {
	t.Helper()
	client, err := registry.NewClient(host, registry.Options{})
	require.NoError(t, err)
	store := new(packager.Store)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	_, err = client.Pull(t.Context(), repository, ref, store, registry.PullOptions{})
	return store, err
}

// namespaced is a ConfigMap of which Flux has nothing to warn.
func namespaced(name string) string {
	return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name + ", namespace: shop}\n"
}
