package flux_test

import (
	"testing"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/test/consumers/internal/fixture"
)

// The same holds for random trees.
func TestPreflightPredictsFluxForRandomTrees(t *testing.T) {
	instance := fixture.Embedded(t)
	for seed := range uint64(100) {
		tt := fixture.Random(seed)
		t.Run(tt.Name, func(t *testing.T) {
			verdict := fixture.Judge(t, instance, tt, oci.GitOpsEngineFlux)
			objects, err := render(store(t, fetch(t, verdict.Pushed)), verdict.Pushed.Artifact.Paths.Flux)
			verdict.Compare(t, "", len(objects), err)
			if t.Failed() {
				t.Logf("path %q, files: %q", tt.Path, tt.Files)
			}
		})
	}
}
