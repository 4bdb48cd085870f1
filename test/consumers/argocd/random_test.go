package argocd_test

import (
	"testing"

	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/test/consumers/internal/fixture"
)

// The same holds for random trees.
func TestPreflightPredictsArgoCDForRandomTrees(t *testing.T) {
	instance := fixture.Embedded(t)
	for seed := range uint64(100) {
		tt := fixture.Random(seed)
		t.Run(tt.Name, func(t *testing.T) {
			verdict := fixture.Judge(t, instance, tt, oci.GitOpsEngineArgoCD)
			objects, err := render(t.Context(), extract(t, verdict.Pushed), v1alpha1.ApplicationSource{Path: verdict.Pushed.Artifact.Paths.ArgoCD})
			verdict.Compare(t, "", len(objects), err)
			if t.Failed() {
				t.Logf("path %q, files: %q", tt.Path, tt.Files)
			}
		})
	}
}
