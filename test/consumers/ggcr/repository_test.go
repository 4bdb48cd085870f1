package ggcr_test

import (
	"testing"
	"testing/fstest"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/preflight"
	"github.com/kubeoci/oci/reference"
)

// Every repository that we accept is one for go-containerregistry. This is why
// repository-name is no error: the parser of Flux accepts one character since 0.22.
func TestRepositoryNames(t *testing.T) {
	tree := fstest.MapFS{"app.yaml": {Data: []byte("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: app\n")}}
	set, err := manifests.CollectFS(t.Context(), tree, manifests.Options{})
	require.NoError(t, err)
	plan, err := packager.NewPlan(set, packager.LayoutRoot, packager.Options{})
	require.NoError(t, err)
	for _, repository := range []string{"a", "0", "ab", "a/b", "a/b/c", "a__b", "a---b", "a.b", "acme/shop"} {
		t.Run(repository, func(t *testing.T) {
			require.NoError(t, reference.CheckRepository(repository))
			_, err := name.ParseReference("registry.example.com/" + repository + ":v1")
			require.NoError(t, err)

			findings, err := preflight.Check(t.Context(), preflight.Artifact{
				Plan: plan, Engines: []packager.GitOpsEngine{packager.GitOpsEngineFlux}, Repository: repository,
			}, preflight.Options{})
			require.NoError(t, err)
			assert.Empty(t, preflight.Options{}.Refusals(findings))
			assert.Equal(t, len(repository) == 1, len(findings) == 1)
		})
	}
}
