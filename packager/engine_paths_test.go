package packager_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/kubeoci/oci/packager"
)

func TestEnginePathsBelow(t *testing.T) {
	root := packager.EnginePaths{Flux: "./", ArgoCD: "."}
	prefix := packager.EnginePaths{Flux: "./deploy", ArgoCD: "deploy"}
	for _, tt := range []struct {
		name  string
		paths packager.EnginePaths
		dir   string
		want  packager.EnginePaths
	}{
		{"the tree at the root", root, "", root},
		{"the tree at the root, by name", root, ".", root},
		{"a directory at the root", root, "a/b", packager.EnginePaths{Flux: "./a/b", ArgoCD: "a/b"}},
		{"a hidden directory", root, ".a", packager.EnginePaths{Flux: "./.a", ArgoCD: ".a"}},
		{"the tree below a prefix", prefix, "", prefix},
		{"a directory below a prefix", prefix, "a/b", packager.EnginePaths{Flux: "./deploy/a/b", ArgoCD: "deploy/a/b"}},
	} {
		t.Run(tt.name, func(t *testing.T) { assert.Equal(t, tt.want, tt.paths.Below(tt.dir)) })
	}
}
