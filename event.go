package oci

import (
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Phase is a stage of a build.
type Phase string

const (
	// PhaseCollect is finding the manifests.
	PhaseCollect Phase = "collect"
	// PhasePack is making the artifact.
	PhasePack Phase = "pack"
	// PhasePush is sending a blob or manifest to the registry.
	PhasePush Phase = "push"
)

// Event says that a step of a build is done. Fields that do not belong to its
// phase are zero; further fields and phases may be added.
type Event struct {
	Phase Phase
	// Files and Bytes are what was collected, or packed: the number of entries
	// and the size of the layer.
	Files int
	Bytes int64
	// Descriptor is what was pushed, Tag the tag that was set to it.
	Descriptor ocispec.Descriptor
	Tag        string
	// Skipped says that the registry had it already: what was to be pushed, or
	// a layer of this content, so that none was packed.
	Skipped bool
}
