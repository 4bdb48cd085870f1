package flux_test

import (
	"testing"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/test/consumers/internal/fixture"
)

// Preflight reports errors if, and only if, Flux fails or renders nothing at the path that
// the result has for it, in each layout.
func TestPreflightPredictsFluxInEachLayout(t *testing.T) {
	instance := fixture.Embedded(t)
	for _, tt := range fixture.ForLayouts() {
		t.Run(tt.Name, func(t *testing.T) {
			verdict := fixture.Judge(t, instance, tt, oci.GitOpsEngineFlux)
			objects, err := renderInto(store(t, fetch(t, verdict.Pushed)), verdict.Pushed.Artifact.Paths.Flux, tt.TargetNamespace)
			verdict.Compare(t, tt.Flux, len(objects), err)
		})
	}
}
