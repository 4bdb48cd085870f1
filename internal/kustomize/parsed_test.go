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
	parsed.Add("a", a)
	parsed.Add("invalid", nil)
	parsed.Add("too much", &kustomize.Kustomization{References: make([]kustomize.Reference, 500_000)})
	parsed.Add("c", new(kustomize.Kustomization))

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
