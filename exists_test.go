package oci_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/registry"
)

func TestArtifactExists(t *testing.T) {
	server := startRegistry(t, memregistry.Options{})
	result := build(t, oci.BuildOptions{
		SourcePath: tree(t, map[string]string{"cm.yaml": configMap}), RegistryEndpoint: server.Host, Repository: "acme/shop", Version: "v1",
	})
	server.takeRequests()
	opts := oci.ArtifactExistsOptions{RegistryEndpoint: server.Host, Repository: " acme/shop "}
	for _, tt := range []struct {
		name, repository, version string
		want                      bool
	}{
		{"a tag", "acme/shop", "v1", true},
		{"a digest", "acme/shop", result.Artifact.Digest.String(), true},
		{"another tag", "acme/shop", "v2", false},
		{"another digest", "acme/shop", "sha256:" + strings.Repeat("0", 64), false},
		{"another repository", "acme/other", "v1", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			opts.Repository, opts.Version = tt.repository, tt.version
			exists, err := oci.ArtifactExists(t.Context(), opts)
			require.NoError(t, err)
			assert.Equal(t, tt.want, exists)
			if tt.want {
				assert.Equal(t, []string{"HEAD /v2/acme/shop/manifests/" + tt.version}, server.takeRequests())
			}
		})
	}
	checker, ok := oci.NewRegistryVerifier().(interface {
		ArtifactExists(ctx context.Context, opts oci.ArtifactExistsOptions) (bool, error)
	})
	require.True(t, ok)
	opts.Repository, opts.Version = "acme/shop", "v1"
	exists, err := checker.ArtifactExists(t.Context(), opts)
	require.NoError(t, err)
	assert.True(t, exists)
}

// A refusal or a failure is never a "no".
func TestArtifactExistsFails(t *testing.T) {
	closed := httptest.NewServer(nil)
	closed.Close()
	failing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }))
	t.Cleanup(failing.Close)
	private := startRegistry(t, memregistry.Options{Users: map[string]memregistry.User{"user": {Password: canary}}})
	once := oci.RegistryOptions{Retry: registry.RetryPolicy{MaxAttempts: 1}}
	for _, tt := range []struct {
		name string
		opts oci.ArtifactExistsOptions
		want error
		hint string
	}{
		{"no endpoint", oci.ArtifactExistsOptions{Repository: "app", Version: "v1"}, oci.ErrRegistryEndpointRequired, "set RegistryEndpoint to the registry, such as ghcr.io or localhost:5000"},
		{"no repository", oci.ArtifactExistsOptions{RegistryEndpoint: "ghcr.io", Version: "v1"}, oci.ErrRepositoryRequired, "set Repository to a repository of the registry"},
		{"no version", oci.ArtifactExistsOptions{RegistryEndpoint: "ghcr.io", Repository: "app"}, oci.ErrVersionRequired, "set Version to the tag or digest to look for"},
		{"illegal repository", oci.ArtifactExistsOptions{RegistryEndpoint: "ghcr.io", Repository: "App", Version: "v1"}, oci.ErrInvalidOCIFormat, `write "app"`},
		{"nothing listens", oci.ArtifactExistsOptions{RegistryEndpoint: closed.URL, Repository: "app", Version: "v1", Registry: once}, oci.ErrRegistryUnreachable, ""},
		{"the registry fails", oci.ArtifactExistsOptions{RegistryEndpoint: failing.URL, Repository: "app", Version: "v1", Registry: once}, oci.ErrRegistryServer, ""},
		{"no credential", oci.ArtifactExistsOptions{RegistryEndpoint: private.Host, Repository: "app", Version: "v1"}, oci.ErrRegistryAuthRequired, ""},
		{"wrong password", oci.ArtifactExistsOptions{RegistryEndpoint: private.Host, Repository: "app", Version: "v1", Username: "user", Password: "x"}, oci.ErrRegistryPermissionDenied, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			exists, err := oci.ArtifactExists(t.Context(), tt.opts)
			require.ErrorIs(t, err, tt.want)
			assert.False(t, exists)
			if tt.hint != "" {
				assert.Equal(t, tt.hint, oci.Hint(err))
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := oci.ArtifactExists(ctx, oci.ArtifactExistsOptions{RegistryEndpoint: private.Host, Repository: "app", Version: "v1"})
	require.ErrorIs(t, err, context.Canceled)
}
