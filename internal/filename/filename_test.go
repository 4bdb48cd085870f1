package filename_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/kubeoci/oci/internal/filename"
)

func TestIsManifest(t *testing.T) {
	for name, want := range map[string]bool{
		"a.yaml": true, "a.yml": true, "a.json": true, "A.YAML": true, "a/b.Yml": true, ".yaml": true, "a.b.json": true,
		"": false, "yaml": false, "a.yaml.txt": false, "a.yaml ": false, "a.yaml/b": false, "a.jsonnet": false, "a.tpl": false, "a.": false,
	} {
		assert.Equal(t, want, filename.IsManifest(name), "%q", name)
	}
}
