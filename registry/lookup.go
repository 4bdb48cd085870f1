package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/registry/remote/auth"

	"github.com/kubeoci/oci/internal/calls"
	"github.com/kubeoci/oci/internal/ordered"
	"github.com/kubeoci/oci/reference"
)

// maxParallel is how many requests one call makes concurrently. Registries throttle
// clients that make more.
const maxParallel = 4

// Destination is a repository to push to, the tags to set in it, and the digests that
// they pointed to at [Client.Lookup]. It is for one artifact, and not safe for
// concurrent use.
type Destination struct {
	client *Client
	repo   *remote
	tags   []string
	states []tagState // in the order of the tags
	opts   PushOptions
	events *reporter
	left   time.Duration // of the push's time limit
	tag    string        // the one that is being set
	call   *call
	// refused is the registry's refusal to look up a tag.
	refused error
	// lost is set if the registry lacked a blob of the manifest that a tag
	// pointed to.
	lost bool
	// ahead is nil if the lookup did not know the artifact.
	ahead *ahead
}

// Lookup looks up the digests of the tags, with one request for each. At least one
// tag is required, and none allowed with [PushOptions.DigestOnly]. Nothing is changed.
//
// The error is an [*Error] that matches the context's error or one of the package's
// sentinels, or describes the failure of a [CredentialFunc]; a [*reference.Error] for an
// illegal repository or tag; or matches [ErrInvalidOptions] for opts. A registry that
// refuses the lookup is no error yet: the push decides whether it is allowed.
func (c *Client) Lookup(ctx context.Context, repository string, tags []string, opts PushOptions) (*Destination, error) {
	d, err := c.newDestination(repository, tags, opts)
	if err != nil {
		return nil, err
	}
	if err := d.within(ctx, d.ask); err != nil {
		return nil, err
	}
	return d, nil
}

var errTagsForDigest = invalidOption("unset Push.DigestOnly, or give no tags", "tags for a push that sets none")

// newDestination checks the names and options. It makes no request.
func (c *Client) newDestination(repository string, tags []string, opts PushOptions) (*Destination, error) {
	repo, err := c.remote(repository, auth.ActionPull, auth.ActionPush)
	if err != nil {
		return nil, err
	}
	switch {
	case opts.DigestOnly && len(tags) > 0:
		return nil, errTagsForDigest
	case len(tags) == 0 && !opts.DigestOnly:
		return nil, reference.CheckTag("")
	}
	if err := opts.Validate(); err != nil {
		return nil, err
	}
	for _, tag := range tags {
		if err := reference.CheckTag(tag); err != nil {
			return nil, err
		}
	}
	return &Destination{
		client: c,
		repo:   repo,
		tags:   slices.Clone(tags),
		states: make([]tagState, len(tags)),
		opts:   opts,
		events: newReporter(opts.OnEvent),
		left:   c.timeout,
		call:   new(call),
	}, nil
}

// Digest returns the digest that a tag pointed to, and whether the tag existed. The
// digest is empty if the registry did not report it. A tag that was not looked up
// does not exist.
func (d *Destination) Digest(tag string) (digest.Digest, bool) {
	i := slices.Index(d.tags, tag)
	if i < 0 {
		return "", false
	}
	return d.states[i].digest, d.states[i].exists
}

// Format keeps the registry's responses out of what fmt prints of a Destination.
func (d *Destination) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "registry.Destination(%s)", d.repo) // fmt.State does not fail
}

// ask looks all tags up, the first one alone: it brings the token for the
// others. Some registries hide missing tags, or refuse all reads with write-only
// credentials. Such a refusal ends the lookup. A denial by the token service ends the
// push, so that a wrong password is not sent again and again.
func (d *Destination) ask(ctx context.Context) error {
	for from, to := 0, 1; from < len(d.tags); from, to = to, len(d.tags) {
		slots := make([]struct{}, min(to-from, maxParallel))
		err := ordered.Each(ctx, to-from, slots, func(ctx context.Context, _ struct{}, i int) (err error) {
			d.states[from+i], err = d.lookUp(ctx, d.tags[from+i])
			return err
		}, func(struct{}, int) error { return nil })
		if err != nil && isRefusal(err) && ctx.Err() == nil {
			d.refused = err
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// lookUp returns what a tag points to.
func (d *Destination) lookUp(ctx context.Context, tag string) (state tagState, err error) {
	err = d.client.retry(ctx, d.events.retries(ctx, ocispec.Descriptor{}, tag), func(ctx context.Context) (err error) {
		state, err = d.look(ctx, tag)
		return err
	})
	return state, err
}

// look is lookUp with a single attempt.
func (d *Destination) look(ctx context.Context, tag string) (state tagState, err error) {
	state.desc, state.content, state.etag, err = d.repo.revision(ctx, tag)
	if hasStatus(err, http.StatusNotFound) && !isRetryable(err) {
		return tagState{}, nil
	}
	state.exists, state.digest, state.verified = err == nil, state.desc.Digest, state.content != nil
	return state, err
}

// isRefusal reports whether err is a final response of the registry, as opposed to
// a failure to reach it or to get a token.
func isRefusal(err error) bool {
	resp, responded := errors.AsType[*responseError](err)
	odd, isOdd := errors.AsType[*malformedError](err)
	return responded && !resp.token && !isRetryable(err) || isOdd && odd.service == nil || is[*corruptError](err)
}

// within calls f with a context for the remaining time of the push, and returns when all
// events are delivered. The time between two such calls is not counted.
func (d *Destination) within(ctx context.Context, f func(context.Context) error) error {
	if err := calls.NotNil(ctx); err != nil {
		return err
	}
	began := time.Now()
	limited, cancel := limitRest(ctx, d.client.timeout, d.left, d.call)
	defer cancel()
	d.events.Fail = cancel
	err := f(limited)
	err = d.client.fail(limited, opPush, d.repo.at(d.tag), err)
	d.events.Flush(limited)
	d.left = max(d.left-time.Since(began), 1)
	return err
}
