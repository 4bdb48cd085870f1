package flux_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/preflight"
	"github.com/kubeoci/oci/test/consumers/internal/fixture"
)

// Preflight reports an error for kustomizations that refer to each other if, and only if,
// Flux fails or renders nothing.
func TestPreflightPredictsRandomBuilds(t *testing.T) {
	for seed := range uint64(200) {
		predictsBuild(t, fixture.RandomBuilds(seed))
	}
}

// The same holds for kustomizations with generators.
func TestPreflightPredictsRandomGenerators(t *testing.T) {
	for seed := range uint64(200) {
		predictsBuild(t, fixture.RandomGenerators(seed))
	}
}

func predictsBuild(t *testing.T, tt fixture.Case) {
	t.Run(tt.Name, func(t *testing.T) {
		dir := fixture.Write(t, tt.Files)
		set, err := manifests.Collect(t.Context(), dir, manifests.Options{})
		require.NoError(t, err)
		plan, err := packager.NewPlan(set, packager.LayoutRoot, packager.Options{})
		require.NoError(t, err)
		opts := preflight.Options{Path: tt.Path, TargetNamespace: tt.TargetNamespace}
		findings, err := preflight.Check(t.Context(), preflight.Artifact{Plan: plan, Engines: []packager.GitOpsEngine{packager.GitOpsEngineFlux}}, opts)
		require.NoError(t, err)
		verdict := fixture.Verdict{Findings: findings, Refused: len(opts.Refusals(findings)) > 0}
		objects, err := renderInto(dir, tt.Path, tt.TargetNamespace)
		verdict.Compare(t, "", len(objects), err)
		if t.Failed() {
			t.Logf("path %q, namespace %q, files: %q", tt.Path, tt.TargetNamespace, tt.Files)
		}
	})
}
