package kustomize_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/kubeoci/oci/internal/kustomize"
)

func TestParsed(t *testing.T) {
	var parsed kustomize.Parsed
	_, found := parsed.Kustomization("a")
	assert.False(t, found)
	a := &kustomize.Kustomization{References: []kustomize.Reference{{Path: "x"}}}
	parsed.Add("a", nil, a)
	parsed.Add("invalid", nil, nil)
	parsed.Add("too much", nil, &kustomize.Kustomization{References: make([]kustomize.Reference, 500_000)})
	parsed.Add("c", nil, new(kustomize.Kustomization))

	k, found := parsed.Kustomization("a")
	assert.True(t, found)
	assert.Same(t, a, k)
	k, found = parsed.Kustomization("invalid")
	assert.True(t, found)
	assert.Nil(t, k)
	_, found = parsed.Kustomization("too much")
	assert.False(t, found)
	_, found = parsed.Kustomization("c")
	assert.True(t, found)
}

func TestParsedSum(t *testing.T) {
	type file struct{ path, content string }
	sums := map[[32]byte]string{}
	for name, files := range map[string][]file{
		"none":            {},
		"one":             {{"a", "text"}},
		"other content":   {{"a", "texts"}},
		"another path":    {{"b", "text"}},
		"two":             {{"a", "text"}, {"b", "text"}},
		"two, other path": {{"a", "text"}, {"c", "text"}},
	} {
		var parsed, again kustomize.Parsed
		for _, f := range files {
			parsed.Add(f.path, []byte(f.content), nil)
			again.Add(f.path, []byte(f.content), nil)
		}
		assert.Equal(t, parsed.ParsedSum(), again.ParsedSum(), name)
		assert.Empty(t, sums[parsed.ParsedSum()], "%s has the sum of the other", name)
		sums[parsed.ParsedSum()] = name
	}
}
