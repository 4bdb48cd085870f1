package registry

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/kubeoci/oci/internal/calls"
)

// Step is something to do for a manifest after it is in the repository under its digest,
// and before any tag points to it: sign it, attach a statement, or check it.
type Step struct {
	// Name is for errors and events. It is required.
	Name string
	// Run does the step. If it fails, panics, or blocks until ctx ends, no tag is moved,
	// and the push fails with a [*StepError]. It is called once a push, and may use the
	// Client. Nothing waits for one that ignores the end of ctx. It is required.
	Run func(ctx context.Context, p *Published) error
}

// StepError reports a [Step] that failed. No tag was moved because of it.
type StepError struct {
	// Step is the name of the step.
	Step string
	// Manifest is the digest of the manifest, which is in the repository. Blobs and
	// manifests to which no tag leads are what registries delete in time.
	Manifest digest.Digest
	// Attached are the manifests that this step and those before it have attached, in
	// their order. They are in the repository too.
	Attached []ocispec.Descriptor
	// Err is the error of the step, or describes its panic.
	Err error
	// Stack is that of a panic, or empty.
	Stack []byte
}

func (e *StepError) Error() string {
	attached := ""
	if n := len(e.Attached); n > 0 {
		attached = fmt.Sprintf(" (%d attached to it)", n)
	}
	return fmt.Sprintf("the step %.80q failed, and no tag was moved to the manifest %s%s: %v", e.Step, e.Manifest, attached, e.Err)
}

func (e *StepError) Unwrap() error { return e.Err }

// Published is a manifest that is in the repository. It is valid while the step runs that
// it was given to, and safe for concurrent use.
type Published struct {
	// Manifest describes the manifest that the tags will point to.
	Manifest ocispec.Descriptor
	// Packed describes the manifest that the caller of the push has packed. It differs from
	// Manifest, and is not in the repository, if a tag has the same content already: see
	// [PushOptions.KeepSameContent].
	Packed ocispec.Descriptor
	// Annotations are those of Packed, such as the revision of the source.
	Annotations map[string]string
	// Repository is host/repository.
	Repository string
	// Tags will point to the manifest.
	Tags []string

	push *push

	listing sync.Mutex // guards the index of the referrers against the other calls

	mu       sync.Mutex // guards the rest
	ended    bool
	attached []ocispec.Descriptor
}

var (
	errStepEnded   = errors.New("the step has ended")
	errUnnamedStep = invalidOption("give each of Push.Steps a Name and a Run", "a step without a name or a function")
)

// checkSteps returns an error for a step that cannot be run.
func checkSteps(steps []Step) error {
	if slices.ContainsFunc(steps, func(s Step) bool { return strings.TrimSpace(s.Name) == "" || s.Run == nil }) {
		return errUnnamedStep
	}
	return nil
}

// Pull copies the manifest, its config and its layers to dst, as [Client.Pull] does.
//
// Errors are those of [Client.Pull].
func (p *Published) Pull(ctx context.Context, dst Pusher) error {
	if dst == nil {
		return errNoTarget
	}
	ref := p.Manifest.Digest.String()
	return p.call(ctx, ref, func(ctx context.Context, repo *remote) error {
		_, err := pull(ctx, repo, ref, dst, defaultMaxPull, newReporter(nil))
		return err
	})
}

// call calls f with the repository, and explains its error, unless the step has ended.
func (p *Published) call(ctx context.Context, ref string, f func(context.Context, *remote) error) error {
	if err := calls.NotNil(ctx); err != nil {
		return err
	}
	p.mu.Lock()
	ended := p.ended
	p.mu.Unlock()
	if ended || p.push == nil { // of a test, for example
		return errStepEnded
	}
	client, repo := p.push.client, p.push.repo
	limited, cancel := limit(ctx, client.timeout, new(call))
	defer cancel()
	return client.fail(limited, opPush, repo.at(ref), f(limited, repo))
}

// end makes later calls of methods fail.
func (p *Published) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
}

// runSteps runs the steps in their order.
func (p *push) runSteps(ctx context.Context) error {
	var attached []ocispec.Descriptor
	for _, step := range p.opts.Steps {
		published := &Published{
			Manifest: p.manifest, Packed: p.packed.Descriptor, Annotations: maps.Clone(p.packed.Manifest.Annotations),
			Repository: p.repo.String(), Tags: slices.Clone(p.tags), push: p, attached: attached,
		}
		_, err := calls.Contain(ctx, func() (struct{}, error) { return struct{}{}, step.Run(ctx, published) })
		published.end()
		published.mu.Lock()
		attached = slices.Clip(published.attached)
		published.mu.Unlock()
		if err != nil {
			return p.stepError(step, attached, err)
		}
		p.events.Send(ctx, Event{Descriptor: p.manifest, Step: step.Name, Bytes: p.manifest.Size})
	}
	return nil
}

func (p *push) stepError(step Step, attached []ocispec.Descriptor, err error) error {
	failed := &StepError{Step: step.Name, Manifest: p.manifest.Digest, Attached: attached}
	failed.Stack, err = withoutPanic(err)
	failed.Err = p.client.shown(err)
	return &localError{nil, failed}
}
