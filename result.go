package oci

import (
	"time"

	"github.com/opencontainers/go-digest"
)

// BuildResult says what a build did. It marshals to JSON.
type BuildResult struct {
	Artifact OCIArtifact `json:"artifact"`
	// Tags are all tags that point to the artifact now, in the order they were
	// set.
	Tags []string `json:"tags"`
	// Unchanged says that the tags pointed to this artifact before, and nothing
	// was sent.
	Unchanged bool `json:"unchanged"`
	// ContentUnchanged says that one of the tags pointed to the same content
	// before. Its layer was used again, and not sent.
	ContentUnchanged bool `json:"contentUnchanged"`
	// RequestedRepository is what the options asked for, where that was illegal
	// and Artifact.Repository is another.
	RequestedRepository string `json:"requestedRepository,omitempty"`
	// Files are the paths in the archive, in its order.
	Files []string `json:"files"`
	// Skipped is what was left out of the source directory, and why.
	Skipped []Skipped `json:"skipped,omitempty"`
	// Findings are what package preflight has to say. What a tag pointed to
	// already is not looked at again.
	Findings []Finding `json:"findings,omitempty"`
}

// OCIArtifact is an artifact in a registry.
type OCIArtifact struct {
	Name             string `json:"name"`
	Version          string `json:"version"`
	RegistryEndpoint string `json:"registryEndpoint"`
	Repository       string `json:"repository"`
	Tag              string `json:"tag"`
	// SourcePath is where it was built from, and empty for an empty artifact.
	// It is known here only, and not part of the artifact.
	SourcePath string `json:"sourcePath,omitempty"`
	// CreatedAt is the creation time that the artifact records.
	CreatedAt time.Time `json:"createdAt"`

	// Reference is oci://host/repository:tag.
	Reference string `json:"reference"`
	// Digest is that of the manifest. Pull or sign by it.
	Digest digest.Digest `json:"digest"`
	// MediaType is that of the manifest, ManifestSize its bytes.
	MediaType    string `json:"mediaType"`
	ManifestSize int64  `json:"manifestSize"`
	// LayerDigest, LayerMediaType and LayerSize are of the compressed archive.
	LayerDigest    digest.Digest `json:"layerDigest"`
	LayerMediaType string        `json:"layerMediaType"`
	LayerSize      int64         `json:"layerSize"`
	// ContentDigest and ContentSize are of the archive before compression. The
	// digest depends on the files and the layout alone.
	ContentDigest digest.Digest `json:"contentDigest"`
	ContentSize   int64         `json:"contentSize"`
	// Paths are what the engines have to be told to find the tree.
	Paths EnginePaths `json:"paths"`
}
