package kustomize_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/kustomize"
)

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
		{"a replacement", "replacements: [{source: {}}]", false, true, 0},
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
