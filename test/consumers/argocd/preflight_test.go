package argocd_test

import (
	"testing"

	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/test/consumers/internal/fixture"
)

// Preflight reports errors if, and only if, Argo CD fails or renders nothing.
func TestPreflightPredictsArgoCD(t *testing.T) {
	instance := fixture.Embedded(t)
	for _, tt := range fixture.Cases() {
		t.Run(tt.Name, func(t *testing.T) {
			verdict := fixture.Judge(t, instance, tt, oci.GitOpsEngineArgoCD)
			path := verdict.Pushed.Artifact.Paths.ArgoCD
			objects, err := render(t.Context(), extract(t, verdict.Pushed), v1alpha1.ApplicationSource{Path: path})
			verdict.Compare(t, tt.ArgoCD, len(objects), err)
		})
	}
}
