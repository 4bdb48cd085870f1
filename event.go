package oci

import (
	"context"

	"github.com/kubeoci/oci/internal/calls"
	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
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

// Event reports the progress of a build, or of a plan. Fields that do not belong to its phase are
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

// reporter delivers the events of a build or a plan.
type reporter struct{ calls.Events[Event] }

// newReporter returns the reporter of a job. A panic of the callback calls fail.
func newReporter(j job, fail func()) *reporter {
	return &reporter{calls.Events[Event]{Deliver: j.opts.OnEvent, Fail: fail}}
}

func (r *reporter) collected(ctx context.Context, set *manifests.Set) {
	r.Send(ctx, Event{Phase: PhaseCollect, Files: len(set.Files()), Bytes: set.Size()})
}

func (r *reporter) packed(ctx context.Context, packed packager.Result) {
	r.Send(ctx, Event{Phase: PhasePack, Files: packed.Plan.Len(), Bytes: packed.Layer.Size})
}

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
