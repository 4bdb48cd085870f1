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

// check lays the tree out with the prefix shop and checks it, without a cache and with
// one that has all files.
func (tr tree) check(t testing.TB, engine packager.GitOpsEngine, opts preflight.Options) preflight.Findings {
	t.Helper()
	set := tr.collect(t)
	layout, err := packager.Plan(set.Files(), engine, "shop")
	require.NoError(t, err)
	findings, err := preflight.Check(t.Context(), set, layout, opts)
	require.NoError(t, err)
	opts.Cache = new(preflight.Cache)
	readAll(t, set, opts.Cache)
	cached, err := preflight.Check(t.Context(), set, layout, opts)
	require.NoError(t, err)
	require.Equal(t, findings, cached)
	return findings
}

// brief returns the lines of findings that tests compare.
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
