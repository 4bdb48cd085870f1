package preflight_test

import (
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

// collect takes everything in the tree.
func (tr tree) collect(t testing.TB) *manifests.Set {
	t.Helper()
	set, err := manifests.CollectFS(t.Context(), tr.fs(), manifests.Options{AllowEmptyFiles: true, Include: []string{"*"}})
	require.NoError(t, err)
	return set
}

// check lays the tree out under shop and checks it, by reading it and with what
// others have read.
func (tr tree) check(t testing.TB, engine packager.GitOpsEngine, opts preflight.Options) preflight.Findings {
	t.Helper()
	set := tr.collect(t)
	plan, err := packager.NewPlan(set, engine.Layout(), packager.Options{Prefix: "shop"})
	require.NoError(t, err)
	findings, err := preflight.Check(t.Context(), plan, opts)
	require.NoError(t, err)
	opts.Cache = new(preflight.Cache)
	readAll(t, set, opts.Cache)
	cached, err := preflight.Check(t.Context(), plan, opts)
	require.NoError(t, err)
	require.Equal(t, findings, cached)
	return findings
}

// brief is what tests compare of findings.
func brief(findings preflight.Findings) []string {
	lines := []string{}
	for _, f := range findings {
		lines = append(lines, f.String())
	}
	return lines
}

func object(kind, name string) string {
	return "apiVersion: v1\nkind: " + kind + "\nmetadata:\n  name: " + name + "\n"
}
