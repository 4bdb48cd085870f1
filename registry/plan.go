package registry

import (
	"context"
	"errors"
	"slices"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// PushPlan describes what a push would do.
type PushPlan struct {
	// Manifest describes the manifest that the tags would point to: see
	// [PushResult.Manifest].
	Manifest ocispec.Descriptor
	// SameContent is that of [PushResult].
	SameContent bool
	// Tags has an entry for each tag, in the order in which they are set.
	Tags []TagPlan
}

// TagPlan describes what a push would do with a tag.
type TagPlan struct {
	Tag    string `json:"tag"`
	Action Action `json:"action"`
	// Have is the digest that the tag points to, or empty if there is no such tag, or the
	// registry does not report it.
	Have digest.Digest `json:"have,omitempty"`
	// Reason is why the tag is refused, or empty.
	Reason string `json:"reason,omitempty"`
}

// Action is what a push does with a tag.
type Action string

const (
	// ActionNothing leaves a tag where it is.
	ActionNothing Action = "nothing"
	// ActionCreate sets a tag that does not exist.
	ActionCreate Action = "create"
	// ActionMove sets a tag that points to another manifest, or, with [PushOptions.Force], to
	// this one.
	ActionMove Action = "move"
	// ActionRefuse is a conflict. The push fails before it sends anything.
	ActionRefuse Action = "refuse"
	// ActionUnknown is a tag that the registry did not let the caller look up.
	ActionUnknown Action = "unknown"
)

// Plan describes what [Destination.Push] would do with the tags as they were at
// [Client.Lookup]. It sends nothing, and fetches layers only for
// [PushOptions.KeepSameContent]. The errors are those of Push for reading the manifest, and
// those of a [TagRule] that fails.
func (d *Destination) Plan(ctx context.Context, src Fetcher, manifest ocispec.Descriptor) (plan PushPlan, err error) {
	switch {
	case d == nil || d.client == nil:
		return plan, errNoDestination
	case src == nil:
		return plan, errNoSource
	}
	d.tag = ""
	p := &push{Destination: d, src: src, manifest: manifest, states: slices.Clone(d.states)}
	err = d.within(ctx, func(ctx context.Context) error {
		if _, _, err := p.prepare(ctx); err != nil {
			return err
		}
		for i, tag := range p.tags {
			p.tag = tag
			planned, err := p.planTag(ctx, tag, p.states[i])
			if err != nil {
				return err
			}
			plan.Tags = append(plan.Tags, planned)
		}
		return nil
	})
	if err != nil {
		return PushPlan{}, err
	}
	plan.Manifest, plan.SameContent = p.manifest, p.kept
	return plan, nil
}

func (p *push) planTag(ctx context.Context, tag string, state tagState) (TagPlan, error) {
	plan := TagPlan{Tag: tag, Action: ActionMove, Have: state.digest}
	switch {
	case state.unknown != nil:
		plan.Action = ActionUnknown
	case !p.moves(state):
		plan.Action = ActionNothing
		return plan, nil
	case p.opts.ImmutableTags && state.exists && state.digest != p.manifest.Digest:
		plan.Action, plan.Reason = ActionRefuse, "tags are immutable"
		return plan, nil
	case !state.exists:
		plan.Action = ActionCreate
	}
	err := p.allow(ctx, tag, state)
	if err != nil && err == state.unknown {
		return plan, nil
	}
	if conflict, ok := errors.AsType[*TagConflictError](err); ok {
		plan.Action, plan.Reason = ActionRefuse, conflict.Reason
		return plan, nil
	}
	return plan, err
}
