package kustomize_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/kustomize"
)

// replacing replaces the values at paths of objects.
func replacing(paths ...string) string {
	return "replacements: [{source: {kind: A}, targets: [{select: {kind: B}, fieldPaths: ['" + strings.Join(paths, "', '") + "']}]}]"
}

func TestRewrites(t *testing.T) {
	for _, tt := range []struct {
		name, text        string
		affixes, rewrites bool
		unplaced          int
	}{
		{"nothing special", "images: [{name: a}]\nnamespace: b\ncomponents: [c]\ncommonAnnotations: {a: b}", false, false, 0},
		{"a prefix", "namePrefix: a-", true, false, 0},
		{"a suffix", "nameSuffix: -a", true, false, 0},
		{"a transformer", "transformers: ['a: b']", false, true, 0},
		{"a replacement of a value", replacing("spec.a", "data.b", "webhooks.*.name"), false, false, 0},
		{"a replacement of an annotation", replacing(".metadata.annotations.[cert-manager.io/a]", "metadata.annotations.b", "metadata.labels.c"), false, false, 0},
		{"a replacement of the annotation that keeps objects local", replacing("metadata.annotations.[config.kubernetes.io/local-config]"), false, true, 0},
		{"a replacement of that annotation with escapes", replacing(`metadata.annotations.config\.kubernetes\.io/local-config`), false, true, 0},
		{"a replacement of an alias", "replacements: [{source: {kind: A, name: &n metadata.name}, targets: [{select: {kind: B}, fieldPaths: [*n]}]}]", false, true, 0},
		{"a replacement of all annotations", replacing("metadata.annotations"), false, true, 0},
		{"a replacement of each annotation", replacing("metadata.annotations.*"), false, true, 0},
		{"a replacement of a name", replacing("spec.a", "metadata.name"), false, true, 0},
		{"a replacement of metadata", replacing("metadata"), false, true, 0},
		{"a replacement of the kind", replacing(".kind"), false, true, 0},
		{"a replacement of any field", replacing("*"), false, true, 0},
		{"a replacement of the name by default", replacing(), false, true, 0},
		{"a replacement without field paths", "replacements: [{source: {kind: A}, targets: [{select: {kind: B}}]}]", false, true, 0},
		{"a replacement in a file", "replacements: [{path: a.yaml}]", false, true, 0},
		{"variables", "vars: [{name: A}]", false, true, 0},
		{"a schema", "openapi: {path: a.json}", false, true, 0},
		{"an annotation that keeps objects local", "commonAnnotations: {config.kubernetes.io/local-config: 'false'}", false, true, 0},
		{"a patch in a file", "patches: [{path: a.yaml}]", false, false, 0},
		{"a patch that sets a value", "patches: [{patch: 'data: {a: b}'}]", false, false, 0},
		{"a patch that deletes", "patches: [{patch: '$patch: delete'}]", false, true, 0},
		{"a patch that may change names", "patches: [{path: a.yaml, options: {allowNameChange: true}}]", false, true, 0},
		{"a patch in the old form that deletes", "patchesStrategicMerge: ['$patch: delete']", false, true, 0},
		{"a JSON patch of a name", "patchesJson6902: [{patch: '[{\"op\": \"replace\", \"path\": \"/metadata/name\", \"value\": \"b\"}]'}]", false, true, 0},
		{"a JSON patch of a value", "patches: [{patch: '[{\"op\": \"replace\", \"path\": \"/spec/replicas\", \"value\": 2}]'}]", false, false, 0},
		{"generated", "configMapGenerator: [{name: a}, {name: b, behavior: create}]\nsecretGenerator: [{name: c}]", false, false, 3},
		{"generated with a namespace", "configMapGenerator: [{name: a, namespace: b}]", false, false, 0},
		{"merged", "configMapGenerator: [{name: a, behavior: merge}]", false, false, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k, err := kustomize.Parse([]byte(tt.text))
			require.NoError(t, err)
			assert.Equal(t, tt.affixes, k.Affixes)
			assert.Equal(t, tt.rewrites, k.Rewrites)
			assert.Equal(t, tt.unplaced, k.Unplaced())
		})
	}
}
