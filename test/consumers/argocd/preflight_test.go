package argocd_test

import (
	"testing"

	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/stretchr/testify/assert"

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

// Argo CD renders each path that a hint names for a tree that it does not render as it is.
func TestAdviceIsGoodForArgoCD(t *testing.T) {
	instance := fixture.Embedded(t)
	advised := 0
	for _, tt := range append(fixture.Cases(), fixture.ForSeveralPaths()...) {
		t.Run(tt.Name, func(t *testing.T) {
			for _, c := range fixture.Judge(t, instance, tt, oci.GitOpsEngineArgoCD).Advised(tt) {
				advised++
				if _, isChart := tt.Files[c.Path+"/Chart.yaml"]; isChart {
					continue // Helm renders it, which is not there
				}
				verdict := fixture.Judge(t, instance, c, oci.GitOpsEngineArgoCD)
				path := verdict.Pushed.Artifact.Paths.ArgoCD
				objects, err := render(t.Context(), extract(t, verdict.Pushed), v1alpha1.ApplicationSource{Path: path})
				assert.NoError(t, err, c.Path)
				assert.NotEmpty(t, objects, c.Path)
				assert.False(t, verdict.Refused, "%s: %v", c.Path, verdict.Findings)
			}
		})
	}
	assert.Greater(t, advised, 5)
}
