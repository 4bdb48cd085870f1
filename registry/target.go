package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote"
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
	repo   *remote.Repository
	tags   []string
	found  []found // in the order of the tags
	// known are the blobs, by digest, that the manifests name which the tags
	// pointed to, and their sizes. Nil where that was seen to be wrong.
	known map[digest.Digest]int64
	// refused is why what exists could not be learnt.
	refused error
}

// found is what a tag points to.
type found struct {
	desc     ocispec.Descriptor // zero for a tag that does not exist
	manifest []byte             // nil if it is no image manifest
}

// Target asks what the tags point to, with one request for each. At least one
// tag is required. Nothing is changed.
//
// Errors are those of [Client.Push] except [ErrTagConflict]. A registry that
// refuses to answer is no error yet: whether pushing is allowed is for the push
// to find out.
func (c *Client) Target(ctx context.Context, repository string, tags []string) (*Target, error) {
	repo, err := c.repository(repository)
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
		known:  map[digest.Digest]int64{},
	}
	if err := t.ask(ctx); err != nil {
		return nil, t.fail(ctx, "", err)
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
	_, _ = fmt.Fprintf(f, "registry.Target(%s)", t.repo.Reference) // fmt.State does not fail
}

// ask looks all tags up, the first one alone: it brings the token for the
// others. Some registries refuse to say what does not exist, or anything to who
// may only write. That ends the questions, so that a wrong password is not shown
// again and again.
func (t *Target) ask(ctx context.Context) error {
	ctx = t.scoped(ctx)
	for from, to := 0, 1; from < len(t.tags); from, to = to, len(t.tags) {
		slots := make([]struct{}, min(to-from, maxParallel))
		err := ordered.Each(ctx, to-from, slots, func(ctx context.Context, _ struct{}, i int) (err error) {
			t.found[from+i], err = lookUp(ctx, t.repo, t.tags[from+i])
			return err
		}, func(struct{}, int) error { return nil })
		if err != nil && isAnswer(err) && ctx.Err() == nil {
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
func lookUp(ctx context.Context, repo *remote.Repository, tag string) (found, error) {
	desc, body, err := repo.FetchReference(ctx, tag)
	if errors.Is(err, errdef.ErrNotFound) {
		return found{}, nil
	}
	if errors.Is(err, io.ErrUnexpectedEOF) { // in the body, where the digest had to be found from that
		return found{}, connectionError(err)
	}
	if err != nil {
		return found{}, markMalformed(err)
	}
	defer func() { _ = body.Close() }() // only read from
	if !isManifest(desc.MediaType) {
		return found{}, errMalformed
	}
	if checkManifest(desc) != nil {
		return found{desc: desc}, nil // an index, an image of Docker, or too large
	}
	source := &watchedReader{Reader: body}
	data, err := content.ReadAll(source, desc)
	if failed := source.failed(); failed != nil {
		return found{}, connectionError(failed)
	}
	if err != nil {
		return found{}, errMalformed // it is not what its digest says
	}
	return found{desc, data}, nil
}

// isAnswer reports whether err is what the registry made of a request, and not
// that it could not be asked.
func isAnswer(err error) bool {
	_, transport := errors.AsType[*url.Error](err)
	_, local := errors.AsType[*localError](err)
	return !transport && !local && !errors.Is(err, auth.ErrBasicCredentialNotFound)
}

// isManifest reports whether a registry may have it under a tag.
func isManifest(mediaType string) bool {
	return strings.HasPrefix(mediaType, "application/vnd.oci.") || strings.HasPrefix(mediaType, "application/vnd.docker.distribution.")
}

// scoped asks for tokens that allow the whole of a push from the first request
// on.
func (t *Target) scoped(ctx context.Context) context.Context {
	return auth.AppendRepositoryScope(ctx, t.repo.Reference, auth.ActionPull, auth.ActionPush)
}

// fail says what went wrong with the push, and with which tag if one is named.
func (t *Target) fail(ctx context.Context, tag string, err error) error {
	ref := t.repo.Reference
	ref.Reference = tag
	return t.client.fail(ctx, "push to", ref.String(), err)
}
