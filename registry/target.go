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

	"github.com/kubeoci/oci/internal/ordered"
	"github.com/kubeoci/oci/reference"
)

// maxParallel is how many requests one call makes at once. Registries throttle
// those who make more.
const maxParallel = 4

// Target is a repository to push to, the tags to set in it, and what they pointed
// to when they were asked for. It is for one artifact, and not safe for
// concurrent use.
type Target struct {
	client *Client
	repo   *repository
	tags   []string
	found  []found       // in the order of the tags
	left   time.Duration // of what the push may take
	// known are the blobs, by digest, that the manifests name which the tags
	// pointed to, and their sizes. Nil where that was seen to be wrong.
	known map[digest.Digest]int64
	// refused is why what exists could not be learnt.
	refused error
}

// found is what a tag points to.
type found struct {
	exists   bool
	desc     ocispec.Descriptor // zero for a tag that does not exist
	manifest []byte             // nil if it is no image manifest
}

// TargetOptions say how to ask for tags. The zero value asks.
type TargetOptions struct {
	// OnEvent is told when a tag has to be asked for again, one event at a time.
	OnEvent func(Event)
}

// Target asks what the tags point to, with one request for each. At least one
// tag is required. Nothing is changed.
//
// Errors are those of [Client.Push] except [ErrTagConflict]. A registry that
// refuses to answer is no error yet: whether pushing is allowed is for the push
// to find out.
func (c *Client) Target(ctx context.Context, repository string, tags []string, opts TargetOptions) (*Target, error) {
	repo, err := c.repository(repository, auth.ActionPull, auth.ActionPush)
	if err != nil {
		return nil, err
	}
	if len(tags) == 0 {
		return nil, reference.CheckTag("")
	}
	for _, tag := range tags {
		if err := reference.CheckTag(tag); err != nil {
			return nil, err
		}
	}
	t := &Target{
		client: c,
		repo:   repo,
		tags:   slices.Clone(tags),
		found:  make([]found, len(tags)),
		left:   c.timeout,
		known:  map[digest.Digest]int64{},
	}
	limited, cancel := t.limit(ctx)
	defer cancel()
	if err := t.ask(limited, &teller{tell: opts.OnEvent}); err != nil {
		return nil, t.fail(limited, "", err)
	}
	for _, manifest := range t.Manifests() {
		blobs, err := blobsOf(manifest)
		if err != nil {
			continue // then it names none
		}
		for _, blob := range blobs {
			t.known[blob.Digest] = blob.Size
		}
	}
	return t, nil
}

// Manifests returns the image manifests that the tags pointed to, each of them
// once, in the order of the tags. They are not to be changed.
func (t *Target) Manifests() [][]byte {
	var manifests [][]byte
	seen := map[digest.Digest]bool{}
	for _, f := range t.found {
		if f.manifest != nil && !seen[f.desc.Digest] {
			seen[f.desc.Digest] = true
			manifests = append(manifests, f.manifest)
		}
	}
	return manifests
}

// Format keeps what the registry said out of what fmt prints of a Target.
func (t *Target) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "registry.Target(%s)", t.repo) // fmt.State does not fail
}

// ask looks all tags up, the first one alone: it brings the token for the
// others. Some registries refuse to say what does not exist, or anything to who
// may only write. That ends the questions, so that a wrong password is not shown
// again and again.
func (t *Target) ask(ctx context.Context, events *teller) error {
	for from, to := 0, 1; from < len(t.tags); from, to = to, len(t.tags) {
		slots := make([]struct{}, min(to-from, maxParallel))
		err := ordered.Each(ctx, to-from, slots, func(ctx context.Context, _ struct{}, i int) (err error) {
			t.found[from+i], err = t.lookUp(ctx, t.tags[from+i], events)
			return err
		}, func(struct{}, int) error { return nil })
		if err != nil && isRefusal(err) && ctx.Err() == nil {
			t.refused = err
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// lookUp returns what a tag points to: nothing if it does not exist.
func (t *Target) lookUp(ctx context.Context, tag string, events *teller) (f found, err error) {
	err = t.client.retry(ctx, events.again(ocispec.Descriptor{}, tag), func(ctx context.Context) (err error) {
		f.desc, f.manifest, err = t.repo.manifest(ctx, tag)
		return err
	})
	if hasStatus(err, http.StatusNotFound) {
		return found{}, nil
	}
	f.exists = err == nil
	return f, err
}

// isRefusal reports whether err is what the registry made of a request, and not
// that it could not be asked.
func isRefusal(err error) bool {
	answer, answered := errors.AsType[*answerError](err)
	return answered && !answer.mayPass() || is[*malformedError](err) || is[*corruptError](err)
}

// limit returns a context for what is left of the time that the push may take.
// What is between two of them is not counted.
func (t *Target) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	began := time.Now()
	limited, cancel := limit(ctx, t.left)
	return limited, func() {
		t.left = max(t.left-time.Since(began), 1)
		cancel()
	}
}

// fail says what went wrong with the push, and with which tag if one is named.
func (t *Target) fail(ctx context.Context, tag string, err error) error {
	return t.client.fail(ctx, "push to", t.repo.at(tag), err)
}
