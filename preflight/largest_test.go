//go:build !race

// The trees of these tests are as large as they have to be. The race detector would take
// minutes for them, and smaller ones run as much concurrently.

package preflight_test

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/preflight"
)

func TestMaximumNumberOfFiles(t *testing.T) {
	fsys := fstest.MapFS{}
	for i := range 100_000 {
		text := ""
		for _, kind := range []string{"Deployment", "Service", "ServiceAccount"} {
			text += "---\n" + strings.Replace(object(kind, fmt.Sprint("some-service-", i)), "v1", "example.com/v1", 1) + "  namespace: some-team\n"
		}
		fsys[fmt.Sprintf("%05d.yaml", i)] = &fstest.MapFile{Data: []byte(text)}
	}
	findings := checkFS(t, fsys, argocd, manifests.Options{})
	require.Len(t, findings, 1)
	assert.Equal(t, preflight.CodeManifestSize, findings[0].Code)

	fsys["app.yaml"] = &fstest.MapFile{Data: []byte(app)}
	_, err := manifests.CollectFS(t.Context(), fsys, manifests.Options{})
	limit := new(manifests.LimitError)
	require.ErrorAs(t, err, &limit)
	assert.Equal(t, manifests.LimitError{Limit: "MaxFiles", Max: 100_000}, *limit)
}

// Each of many kustomizations may list the same large file.
func TestManyKustomizationsOfOneFile(t *testing.T) {
	tr := tree{}
	var objects strings.Builder
	for i := range 10_000 {
		objects.WriteString(object("A", fmt.Sprint("a", i)) + "---\n")
	}
	tr["base/app.yaml"] = objects.String()
	for i := range 300 {
		tr[fmt.Sprintf("k%04d/kustomization.yaml", i)] = fmt.Sprintf("namePrefix: a%d-\nresources: [../base/app.yaml]\n", i)
	}
	findings := tr.check(t, flux, preflight.Options{})
	unchecked := slices.DeleteFunc(findings, func(f preflight.Finding) bool { return f.Code != preflight.CodeDuplicateObject })
	assert.Len(t, unchecked, 103)
	assert.Contains(t, unchecked[0].Message, "twice, under other names or in other namespaces")
	for _, f := range unchecked[1:] {
		assert.Contains(t, f.Message, "are not checked for duplicates")
	}
}

// There is a finding for each of many directories that Flux adds, and that another one
// refers to.
func TestManyBasesBelowOnePath(t *testing.T) {
	const levels = 2000
	tr := tree{}
	for i := range levels {
		tr[fmt.Sprintf("d%d/kustomization.yaml", i)] = fmt.Sprintf("resources: [../d%d]\n", i+1)
	}
	tr[fmt.Sprintf("d%d/kustomization.yaml", levels)] = "resources: [app.yaml]\n"
	tr[fmt.Sprintf("d%d/app.yaml", levels)] = app
	a := artifact(t, tr.collect(t), flux)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	findings, err := preflight.Check(t.Context(), a, preflight.Options{})
	runtime.ReadMemStats(&after)
	require.NoError(t, err)
	twice := slices.DeleteFunc(findings, func(f preflight.Finding) bool { return f.Code != preflight.CodeDuplicateObject })
	assert.Len(t, twice, levels)
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(levels*100_000), "allocated in all")
}
