package oci

import (
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/preflight"
)

// Cache remembers what builds made of a tree, so that the next one does it for
// what changed alone. What comes of a build is the same with and without it.
//
// The zero value is ready to use, and safe for concurrent use. It serves one
// tree: another takes its place.
type Cache struct {
	// Layer has what the parts of the layer were compressed to.
	Layer packager.Cache
	// Preflight has what is in the files.
	Preflight preflight.Cache
}
