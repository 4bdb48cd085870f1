package preflight

import (
	"fmt"
	"os"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
)

// The search for refusals, for which few rules are applied, finds the engines that all rules find.
func TestRefusals(t *testing.T) {
	const object = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: app\n"
	trees, err := os.ReadDir("../testdata/trees")
	require.NoError(t, err)
	sets := map[string]*manifests.Set{}
	for _, tree := range trees {
		sets[tree.Name()], err = manifests.Collect(t.Context(), "../testdata/trees/"+tree.Name(), manifests.Options{})
		require.NoError(t, err)
	}
	for name, tree := range map[string]map[string]string{
		"duplicates":                    {"a.yaml": object, "b/b.yaml": object},
		"duplicates of a kustomization": {"a.yaml": object, "b.yaml": object, "kustomization.yaml": "resources: [a.yaml, b.yaml]\n"},
		"a chart":                       {"app.yaml": object, "c/Chart.yaml": "name: c\n", "c/templates/a.yaml": "a: {{ .Values.a }}\n"},
		"a number":                      {"app.yaml": object + "data: {a: 1}\n"},
		"broken files":                  {"app.yaml": object, "b/a.yaml": "a: [\n", "c/a.yaml": "\ta: b\n", "d/a.yaml": "a: 1\na: 2\n"},
		"no objects":                    {"app.yaml": object, "b/a.yaml": "a: 1\n", "c/a.yaml": "kind: A\n", "d/a.json": "{}{}"},
	} {
		fsys := fstest.MapFS{}
		for file, text := range tree {
			fsys[file] = &fstest.MapFile{Data: []byte(text)}
		}
		sets[name], err = manifests.CollectFS(t.Context(), fsys, manifests.Options{})
		require.NoError(t, err)
	}
	refused := 0
	for name, set := range sets {
		for _, layout := range []packager.Layout{packager.LayoutRoot, packager.LayoutBoth} {
			plan, err := packager.NewPlan(set, layout, packager.Options{Prefix: "shop"})
			require.NoError(t, err)
			for _, namespace := range []string{"", "apps"} {
				files, err := newModel(t.Context(), Artifact{Plan: plan}, Options{TargetNamespace: namespace})
				require.NoError(t, err)
				for _, path := range []string{".", "b", "c", "d"} {
					for _, recurse := range []bool{false, true} {
						want := engines(files.at(path, recurse).judge().refusing)
						got, _ := files.at(path, recurse).refusals(func(map[*view]bool) bool { return false })
						assert.Equal(t, want, engines(got), "%s, %s, %q, %s, %v", name, layout, namespace, path, recurse)
						refused += len(want)
					}
				}
			}
		}
	}
	assert.NotZero(t, refused)
}

func engines(views map[*view]bool) map[string]bool {
	names := map[string]bool{}
	for v := range views {
		names[fmt.Sprint(v)] = true
	}
	return names
}
