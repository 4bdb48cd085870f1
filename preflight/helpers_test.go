package preflight_test

import (
	"slices"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/preflight"
)

const (
	none   = packager.GitOpsEngineNone
	flux   = packager.GitOpsEngineFlux
	argocd = packager.GitOpsEngineArgoCD
)

// tree maps the paths of files to their text.
type tree map[string]string

func (tr tree) fs() fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, text := range tr {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

// collect collects all files of the tree.
func (tr tree) collect(t testing.TB) *manifests.Set {
	t.Helper()
	set, err := manifests.CollectFS(t.Context(), tr.fs(), manifests.Options{Include: []string{"*"}})
	require.NoError(t, err)
	return set
}

// artifact lays a Set out as is the default for the engine, with the prefix shop.
func artifact(t testing.TB, set *manifests.Set, engine packager.GitOpsEngine) preflight.Artifact {
	t.Helper()
	plan, err := packager.NewPlan(set, engine.Layout(), packager.Options{Prefix: "shop"})
	require.NoError(t, err)
	return preflight.Artifact{Plan: plan, Engines: []packager.GitOpsEngine{engine}}
}

// check checks the tree for an engine, without a cache, with one that has all files, and
// with one that has the findings.
func (tr tree) check(t testing.TB, engine packager.GitOpsEngine, opts preflight.Options) preflight.Findings {
	t.Helper()
	a := artifact(t, tr.collect(t), engine)
	findings, err := preflight.Check(t.Context(), a, opts)
	require.NoError(t, err)
	a.Cache = new(preflight.Cache)
	readAll(t, a.Plan.Set(), a.Cache)
	cached, err := preflight.Check(t.Context(), a, opts)
	require.NoError(t, err)
	require.Equal(t, findings, cached)
	remembering := packed(t, a.Plan.Set(), engine, new(preflight.Cache))
	for range 2 {
		cached, err = preflight.Check(t.Context(), remembering, opts)
		require.NoError(t, err)
		require.Equal(t, findings, cached)
	}
	return others(findings)
}

// others returns the findings besides the one about objects without a namespace, which
// most objects of the tests have.
func others(findings preflight.Findings) preflight.Findings {
	return slices.DeleteFunc(slices.Clone(findings), func(f preflight.Finding) bool { return f.Code == preflight.CodeNoNamespace })
}

// brief returns the lines of findings that tests compare.
func brief(findings preflight.Findings) []string {
	lines := []string{}
	for _, f := range others(findings) {
		lines = append(lines, f.String())
	}
	return lines
}

func object(kind, name string) string {
	return "apiVersion: v1\nkind: " + kind + "\nmetadata:\n  name: " + name + "\n"
}
