package argocd_test

import (
	"testing"

	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/test/consumers/internal/fixture"
)

// Preflight reports errors if, and only if, Argo CD fails or renders nothing at the path
// that the result has for it, in each layout.
func TestPreflightPredictsArgoCDInEachLayout(t *testing.T) {
	instance := fixture.Embedded(t)
	for _, tt := range fixture.ForLayouts() {
		t.Run(tt.Name, func(t *testing.T) {
			verdict := fixture.Judge(t, instance, tt, oci.GitOpsEngineArgoCD)
			objects, err := render(t.Context(), extract(t, verdict.Pushed), v1alpha1.ApplicationSource{Path: verdict.Pushed.Artifact.Paths.ArgoCD})
			verdict.Compare(t, tt.ArgoCD, len(objects), err)
		})
	}
}
