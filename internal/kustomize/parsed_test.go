package kustomize_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/kubeoci/oci/internal/kustomize"
)

func TestParsed(t *testing.T) {
	var parsed kustomize.Parsed
	_, found := parsed.References("a")
	assert.False(t, found)
	parsed.Add("a", []kustomize.Reference{{Path: "x"}})
	parsed.Add("invalid", nil)
	parsed.Add("too much", make([]kustomize.Reference, 500_000))
	parsed.Add("c", []kustomize.Reference{{Path: "z"}})

	references, found := parsed.References("a")
	assert.True(t, found)
	assert.Equal(t, []kustomize.Reference{{Path: "x"}}, references)
	references, found = parsed.References("invalid")
	assert.True(t, found)
	assert.Empty(t, references)
	_, found = parsed.References("too much")
	assert.False(t, found)
	_, found = parsed.References("c")
	assert.True(t, found)
}
