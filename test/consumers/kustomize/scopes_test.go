package kustomize_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/kyaml/openapi"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/kubeoci/oci/internal/kinds"
)

// We know the scope of exactly the built-in kinds of which kustomize knows that they have
// no namespace, and of kinds that do not contradict kustomize.
func TestScopesOfKinds(t *testing.T) {
	openapi.ResetOpenAPI()
	schema := openapi.Schema()
	require.NotNil(t, schema)
	clusterScoped := 0
	for name := range schema.Definitions {
		definition := schema.Definitions[name]
		types, _ := definition.Extensions["x-kubernetes-group-version-kind"].([]any)
		for _, entry := range types {
			fields := entry.(map[string]any)
			group, _ := fields["group"].(string)
			version, _ := fields["version"].(string)
			kind, _ := fields["kind"].(string)
			meta := yaml.TypeMeta{APIVersion: version, Kind: kind}
			if group != "" {
				meta.APIVersion = group + "/" + version
			}
			namespaced, known := openapi.IsNamespaceScoped(meta)
			assert.Equal(t, known && !namespaced, kinds.IsClusterScoped(meta.APIVersion, kind), "%v", meta)
			if known && kinds.IsNamespaced(meta.APIVersion, kind) {
				assert.True(t, namespaced, "%v", meta)
			}
			if known && !namespaced {
				clusterScoped++
			}
		}
	}
	assert.Greater(t, clusterScoped, 30)
}
