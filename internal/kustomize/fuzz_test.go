package kustomize_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"github.com/kubeoci/oci/internal/kustomize"
)

// FuzzParse checks that positions are within the file and that paths are scalars of it.
// Lines of UTF-16 are not counted.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"", "resources: [a.yaml, ../b, 'https://h/a/b']", "configMapGenerator:\n- files: [a=b, c]\n  env: d\n", "patches:\n- path: p\n- patch: |\n    x\n",
		"x: &x {<<: *x}\nopenapi: *x", "x: &x [a]\nresources: *x\ncrds: [*x]", "generators: ['{a: b}', \"c\\nd\"]", "resources:\u0085- \"\\u00e9\"\u2028- b", "--- a\n---\nb",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		lines := 1
		for _, r := range string(data) {
			if strings.ContainsRune("\n\r\u0085\u2028\u2029", r) {
				lines++
			}
		}
		utf16 := strings.HasPrefix(string(data), "\xff\xfe") || strings.HasPrefix(string(data), "\xfe\xff")
		within := func(line, column int) {
			assert.True(t, utf16 || line >= 1 && line <= lines && column >= 1 && column <= len(data)+1, "%d:%d", line, column)
		}
		k, err := kustomize.Parse(data)
		if err != nil {
			parseErr, ok := errors.AsType[*kustomize.Error](err)
			require.True(t, ok)
			within(parseErr.Line, parseErr.Column)
			require.Equal(t, errors.Is(err, kustomize.ErrEmpty), k != nil)
			return
		}
		var document yaml.Node
		require.NoError(t, yaml.Unmarshal(data, &document))
		texts := scalars(&document)
		for _, r := range k.References {
			within(r.Line, r.Column)
			require.NotEmpty(t, r.Path)
			require.NotEmpty(t, r.Field)
			require.True(t, slices.ContainsFunc(texts, func(text string) bool {
				return text == r.Path || strings.HasSuffix(text, "="+r.Path)
			}), r.Path)
		}
	})
}

func scalars(node *yaml.Node) []string {
	if node.Kind == yaml.ScalarNode {
		return []string{node.Value}
	}
	var texts []string
	for _, child := range node.Content {
		texts = append(texts, scalars(child)...)
	}
	return texts
}
