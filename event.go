package oci

import (
	"context"

	"github.com/kubeoci/oci/internal/calls"
	"github.com/kubeoci/oci/registry"
)

// Phase is a stage of a build.
type Phase string

const (
	// PhaseCollect is the collection of the files.
	PhaseCollect Phase = "collect"
	// PhasePack is the creation of the artifact.
	PhasePack Phase = "pack"
	// PhasePush is the exchange with the registry.
	PhasePush Phase = "push"
)

// Event reports the progress of a build. Fields that do not belong to its phase are
// zero. Further phases and fields may be added. [registry.Event] describes how events
// are delivered.
type Event struct {
	Phase Phase
	// Files is the number of collected files, or of packed entries.
	Files int
	// Bytes is the size of the collected files, or of the compressed layer.
	Bytes int64
	// Push is the step of the push.
	Push *PushEvent
}

// PushEvent reports the progress of one blob, manifest or tag.
type PushEvent = registry.Event

// reporter delivers the events of a build.
type reporter struct{ calls.Events[Event] }

// pushOptions adds the events of the push to those of the build.
func (r *reporter) pushOptions(ctx context.Context, opts PushOptions) PushOptions {
	own := opts.OnEvent
	opts.OnEvent = func(e PushEvent) {
		if own != nil {
			own(e)
		}
		r.Send(ctx, Event{Phase: PhasePush, Push: &e})
	}
	return opts
}
