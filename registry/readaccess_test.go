package registry_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/registry"
)

// Read and write access are checked separately.
func TestVerifyReadAccess(t *testing.T) {
	eachScheme(t, func(t *testing.T, opts memregistry.Options) {
		srv := start(t, opts)
		writer := srv.client(t, registry.Options{Credential: ci})
		failed := requireKind(t, writer.VerifyReadAccess(t.Context(), repository), registry.ErrNotFound)
		assert.Equal(t, "verify read access to", failed.Op)
		assert.Equal(t, "check the name", failed.Hint(), "no tag was given")
		_, err := newArtifact(t, "demo").push(t, writer, registry.PushOptions{}, "v1")
		require.NoError(t, err)

		reader := srv.client(t, registry.Options{Credential: registry.Credential{Username: "guest", Password: password}})
		require.NoError(t, reader.VerifyReadAccess(t.Context(), repository))
		requireKind(t, reader.VerifyAccess(t.Context(), repository), registry.ErrPermissionDenied)
		requireKind(t, srv.client(t, registry.Options{}).VerifyReadAccess(t.Context(), repository), registry.ErrAuthRequired)
	})
}

func TestVerifyReadAccessAtAWebPage(t *testing.T) {
	srv := start(t, memregistry.Options{}, fault{"", page(http.StatusOK)})
	requireKind(t, srv.client(t, registry.Options{}).VerifyReadAccess(t.Context(), repository), registry.ErrNotRegistry)
}

// If an upload is refused because the repository is missing, a push would be too.
func TestVerifyAccessToARepositoryThatIsNotCreated(t *testing.T) {
	missing := inProcess{http.HandlerFunc(refusal(http.StatusNotFound, "NAME_UNKNOWN", "no such repository"))}
	client := newClient(t, "123456789012.dkr.ecr.eu-west-1.amazonaws.com", registry.Options{Transport: missing, Credential: ci})
	failed := requireKind(t, client.VerifyAccess(t.Context(), repository), registry.ErrNotFound)
	assert.Contains(t, failed.Hint(), "create the repository first")
	failed = requireKind(t, newClient(t, "registry.example.com", registry.Options{Transport: missing}).VerifyAccess(t.Context(), repository), registry.ErrNotFound)
	assert.Equal(t, hintNotFound, failed.Hint())
}

// The meaning of some responses depends on the provider.
func TestHintsOfProviders(t *testing.T) {
	for _, tt := range []struct {
		host, repository string
		status           int
		code             string
		hint             string
	}{
		{"123456789012.dkr.ecr.eu-west-1.amazonaws.com", "shop", 404, "NAME_UNKNOWN", "create the repository first: Amazon ECR creates it on push only with a creation template"},
		{"123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "shop", 404, "NAME_UNKNOWN", "create the repository first: Amazon ECR creates it on push only with a creation template"},
		{"europe-docker.pkg.dev", "project/repo/shop", 404, "NAME_UNKNOWN", "create the repository first: Artifact Registry accepts images only below one, as in host/project/repository/name"},
		{"ghcr.io", "acme/shop", 403, "DENIED", "set Username, and as Password a token that may write packages; if another repository created the package, add this one in its settings, under Manage Actions access"},
		{"docker.io", "library/acme/shop", 401, "UNAUTHORIZED", "push to docker.io/<namespace>/<name>: Docker Hub accepts names of exactly two parts"},
		{"docker.io", "acme/shop", 401, "UNAUTHORIZED", hintPassword},
		{"acme.azurecr.io", "shop", 500, "UNKNOWN", "check the retention policy and locks of the repository: Azure refuses to move a tag in this way"},
		{"quay.io", "acme/shop", 415, "MANIFEST_INVALID", "ask the owner of the registry to allow OCI artifacts of this type: Quay has a list of them"},
		{"quay.io", "acme/shop", 400, "MANIFEST_INVALID", "ask the owner of the registry to allow OCI artifacts of this type: Quay has a list of them"},
		{"notghcr.io", "acme/shop", 403, "DENIED", hintPermission},
		{"azurecr.io.example.com", "shop", 500, "UNKNOWN", "try again later"},
	} {
		t.Run(fmt.Sprint(tt.host, " ", tt.repository, " ", tt.status), func(t *testing.T) {
			client := newClient(t, tt.host, registry.Options{
				Credential: ci,
				Transport:  inProcess{http.HandlerFunc(refusal(tt.status, tt.code, "sorry"))},
			})
			assert.Equal(t, tt.hint, requireError(t, client.VerifyAccess(t.Context(), tt.repository)).Hint())
		})
	}
}
