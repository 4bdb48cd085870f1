package preflight_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/preflight"
)

// The limit of data holds for objects that a kustomization generates, too.
func TestLargeGeneratedObjects(t *testing.T) {
	generate := func(field, files string) string {
		return "resources: [app.yaml]\n" + field + ":\n- name: other\n  literals: [a=b]\n- name: large\n  files: [" + files + "]\n"
	}
	with := func(text string, size int) tree {
		return tree{"kustomization.yaml": text, "app.yaml": app, "a.txt": strings.Repeat("a", size), "b.txt": strings.Repeat("b", size)}
	}
	for _, tt := range []struct {
		name   string
		tree   tree
		engine packager.GitOpsEngine
		want   []string
	}{
		{"two files", with(generate("configMapGenerator", "a.txt, b.txt"), 600_000), flux, []string{
			`kustomization.yaml:6:18: error: Flux fails to apply the ConfigMap of configMapGenerator[1], because it has more than 1048576 bytes of data [too-large-to-apply]`,
		}},
		{"a Secret", with(generate("secretGenerator", "c=a.txt, b.txt"), 600_000), none, []string{
			`kustomization.yaml:6:20: error: Flux and Argo CD fail to apply the Secret of secretGenerator[1], because it has more than 1048576 bytes of data [too-large-to-apply]`,
		}},
		{"at the limit", with(generate("configMapGenerator", "a.txt, b.txt"), 524_288), flux, []string{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			found := []string{}
			for _, f := range tt.tree.check(t, tt.engine, preflight.Options{}) {
				if f.Code == preflight.CodeTooLargeToApply {
					found = append(found, f.String())
				}
			}
			assert.ElementsMatch(t, tt.want, found)
		})
	}
}
