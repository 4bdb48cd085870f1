package preflight_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/kubeoci/oci/preflight"
)

// Flux applies nothing of a tree, and reports success.
func TestNothingIsApplied(t *testing.T) {
	const (
		local  = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: app\n  annotations:\n    config.kubernetes.io/local-config: "
		hidden = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nmetadata:\n  name: app\n"
	)
	for name, tt := range map[string]struct {
		tree    tree
		nothing bool
	}{
		"local":                           {tree{"app.yaml": local + "\"true\"\n"}, true},
		"local, whatever the text":        {tree{"app.yaml": local + "no\n"}, true},
		"not local":                       {tree{"app.yaml": local + "\"false\"\n"}, false},
		"not local, as a boolean":         {tree{"app.yaml": local + "false\n"}, false},
		"local, beside another":           {tree{"app.yaml": local + "\"true\"\n", "b.yaml": object("ConfigMap", "b")}, false},
		"a number for a name":             {tree{"app.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: 12\n"}, true},
		"a kustomization in another file": {tree{"app.yaml": hidden}, true},
		"an item that kustomize keeps":    {tree{"app.yaml": "apiVersion: v1\nkind: List\nitems:\n- " + `{"apiVersion":"v1","kind":"A","metadata":{"name":"a","annotations":{"config.kubernetes.io/local-config":"true"}}}` + "\n"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			findings := tt.tree.check(t, flux, preflight.Options{})
			assert.Equal(t, tt.nothing, rendersNothing(findings), "%v", findings)
			findings = tt.tree.check(t, argocd, preflight.Options{})
			assert.False(t, rendersNothing(findings), "%v", findings)
		})
	}
}

func rendersNothing(findings preflight.Findings) bool {
	return slices.ContainsFunc(findings, func(f preflight.Finding) bool { return f.Code == preflight.CodeNothingRendered })
}
