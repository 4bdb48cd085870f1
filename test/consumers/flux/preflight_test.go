package flux_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/kyaml/openapi"
	"sigs.k8s.io/kustomize/kyaml/yaml"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/preflight"
	"github.com/kubeoci/oci/test/consumers/internal/fixture"
)

// Preflight reports errors if, and only if, Flux fails or renders nothing.
func TestPreflightPredictsFlux(t *testing.T) {
	instance := fixture.Embedded(t)
	for _, tt := range fixture.Cases() {
		t.Run(tt.Name, func(t *testing.T) {
			verdict := fixture.Judge(t, instance, tt, oci.GitOpsEngineFlux)
			objects, err := renderInto(store(t, fetch(t, verdict.Pushed)), verdict.Pushed.Artifact.Paths.Flux, tt.TargetNamespace)
			verdict.Compare(t, tt.Flux, len(objects), err)
			silent := strings.Contains(tt.Name, "annotates") || strings.Contains(tt.Name, "transformer") // which may set a namespace
			if err == nil && tt.Flux == "" && !silent {
				compareNamespaces(t, verdict.Findings, objects)
			}
		})
	}
}

// compareNamespaces compares the finding about objects without a namespace with those
// that Flux would apply. Its server-side apply refuses them (ssa/errors of fluxcd/pkg).
func compareNamespaces(t *testing.T, findings []oci.Finding, objects []*unstructured.Unstructured) {
	t.Helper()
	var without, reported []string
	for _, o := range objects {
		namespaced, known := openapi.IsNamespaceScoped(yaml.TypeMeta{APIVersion: o.GetAPIVersion(), Kind: o.GetKind()})
		ofFlux := strings.HasSuffix(o.GroupVersionKind().Group, ".fluxcd.io")
		if (known && namespaced || ofFlux) && o.GetNamespace() == "" {
			without = append(without, o.GetName())
		}
	}
	for _, f := range findings {
		if f.Code == preflight.CodeNoNamespace {
			reported = append(reported, f.Message)
		}
	}
	assert.Equal(t, len(without) > 0, len(reported) == 1, "without a namespace: %v, reported: %v", without, reported)
}

// Preflight reports exactly the files that Flux ignores by name.
func TestPreflightPredictsIgnoredFiles(t *testing.T) {
	instance := fixture.Embedded(t)
	for _, tt := range append(fixture.Cases(), fixture.Dropped()) {
		t.Run(tt.Name, func(t *testing.T) {
			verdict := fixture.Judge(t, instance, tt, oci.GitOpsEngineFlux)
			unpacked := fetch(t, verdict.Pushed)
			kept := fixture.Read(t, store(t, unpacked))
			var dropped, reported []string
			for name := range fixture.Read(t, unpacked) {
				if _, ok := kept[name]; !ok {
					dropped = append(dropped, name)
				}
			}
			for _, f := range verdict.Findings {
				if f.Code == preflight.CodeFluxIgnored {
					reported = append(reported, f.File)
				}
			}
			assert.ElementsMatch(t, dropped, reported)
		})
	}
}

// Flux renders each path that a hint names for a tree that it does not render as it is.
func TestAdviceIsGoodForFlux(t *testing.T) {
	instance := fixture.Embedded(t)
	advised := 0
	for _, tt := range append(fixture.Cases(), fixture.ForSeveralPaths()...) {
		t.Run(tt.Name, func(t *testing.T) {
			for _, c := range fixture.Judge(t, instance, tt, oci.GitOpsEngineFlux).Advised(tt) {
				advised++
				verdict := fixture.Judge(t, instance, c, oci.GitOpsEngineFlux)
				objects, err := render(store(t, fetch(t, verdict.Pushed)), verdict.Pushed.Artifact.Paths.Flux)
				assert.NoError(t, err, c.Path)
				assert.NotEmpty(t, objects, c.Path)
				assert.False(t, verdict.Refused, "%s: %v", c.Path, verdict.Findings)
			}
		})
	}
	assert.Greater(t, advised, 5)
}
