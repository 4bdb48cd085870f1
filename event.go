package oci

import (
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/kubeoci/oci/registry"
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

// Event says that a step of a build is done, or how far it is. Fields that do not
// belong to its phase are zero; further fields and phases may be added.
type Event struct {
	Phase Phase
	// Files is the number of files that were collected, or of entries that were
	// packed.
	Files int
	// Bytes is the size of what was collected, or of the layer that was packed,
	// or how much was sent of what is pushed: all of it, which is
	// Descriptor.Size, when the step is done. It may become less, since what
	// fails is sent again.
	Bytes int64
	// Descriptor is what is pushed, Tag the tag that is set to it.
	Descriptor ocispec.Descriptor
	Tag        string
	// Skipped says that the registry had it already: what was to be pushed, or
	// a layer of this content, so that none was packed.
	Skipped bool
	// Retry is set if pushing it failed, and is retried.
	Retry *Retry
}

// Retry describes a failure that is retried.
type Retry = registry.Retry
