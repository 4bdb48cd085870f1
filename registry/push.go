package registry

import (
	"bytes"
	"context"
	"errors"
	"net/url"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"

	"github.com/kubeoci/oci/reference"
)

// PushOptions say how to push. The zero value sets the tags wherever they
// point, and sends nothing where they point to the same manifest already.
type PushOptions struct {
	// KeepTags refuses to move a tag that exists and points to another
	// manifest: see [TagConflictError]. Two pushes at once can still both find
	// the tag free; registries have no way to prevent that. A registry that does
	// not say where a tag points is an error.
	KeepTags bool
	// Force pushes even where all tags point to the manifest already.
	Force bool
	// OnEvent is told what happens, one event at a time, from the goroutine
	// that called Push.
	OnEvent func(PushEvent)
}

// PushEvent says that a step of a push is done.
type PushEvent struct {
	// Descriptor is of the blob or manifest in question.
	Descriptor ocispec.Descriptor
	// Tag is the tag that was set to the manifest, and empty for a blob.
	Tag string
	// Skipped says that the registry had it already.
	Skipped bool
}

// PushResult says what a push did.
type PushResult struct {
	// Unchanged says that all tags pointed to this manifest before, and nothing
	// was sent.
	Unchanged bool
}

// Push copies an image manifest and the blobs it names from src to a
// repository, and sets the tags: blobs first, then the manifest under each tag
// in the given order. A push that stops halfway leaves no new tag behind, or
// those before the one that the error names, all of them complete.
//
// manifest has to be in src, an OCI image manifest, and at most 4 MiB. What it
// names as its subject is not copied. At least one tag is required.
//
// Errors are that of [reference.CheckRepository] or [reference.CheckTag], or an
// [*Error]. That matches the context's error, one of [ErrUnreachable],
// [ErrAuthRequired], [ErrPermissionDenied], [ErrNotFound] and [ErrTagConflict],
// or none of these where the registry refuses for another reason, or src fails.
// A failed request is not repeated.
func (c *Client) Push(ctx context.Context, src content.ReadOnlyStorage, manifest ocispec.Descriptor, repository string, tags []string, opts PushOptions) (PushResult, error) {
	repo, err := c.repository(repository)
	if err != nil {
		return PushResult{}, err
	}
	if len(tags) == 0 {
		return PushResult{}, reference.CheckTag("")
	}
	for _, tag := range tags {
		if err := reference.CheckTag(tag); err != nil {
			return PushResult{}, err
		}
	}
	p := &push{repo: repo, src: src, manifest: manifest, opts: opts}
	result, err := p.run(auth.AppendRepositoryScope(ctx, repo.Reference, auth.ActionPull, auth.ActionPush), tags)
	if err != nil {
		repo.Reference.Reference = p.tag // for the message
		return PushResult{}, c.fail(ctx, "push to", repo.Reference.String(), err)
	}
	return result, nil
}

// push is one call of Push.
type push struct {
	repo     *remote.Repository
	src      content.ReadOnlyStorage
	manifest ocispec.Descriptor
	opts     PushOptions
	refused  bool   // what exists is not to be learnt
	tag      string // the one that is being set
}

func (p *push) run(ctx context.Context, tags []string) (PushResult, error) {
	data, err := p.readManifest(ctx)
	if err != nil {
		return PushResult{}, err
	}
	unchanged, err := p.compareTags(ctx, tags)
	if err != nil {
		return PushResult{}, err
	}
	if unchanged && !p.opts.Force {
		for _, tag := range tags {
			p.emit(PushEvent{Descriptor: p.manifest, Tag: tag, Skipped: true})
		}
		return PushResult{Unchanged: true}, nil
	}
	blobs, err := blobsOf(data)
	if err != nil {
		return PushResult{}, err
	}
	for _, blob := range blobs {
		if err := p.blob(ctx, blob); err != nil {
			return PushResult{}, err
		}
	}
	for _, tag := range tags {
		p.tag = tag
		if err := p.repo.PushReference(ctx, p.manifest, bytes.NewReader(data), tag); err != nil {
			return PushResult{}, err
		}
		p.emit(PushEvent{Descriptor: p.manifest, Tag: tag})
	}
	return PushResult{}, nil
}

func (p *push) readManifest(ctx context.Context) ([]byte, error) {
	if err := checkManifest(p.manifest); err != nil {
		return nil, err
	}
	data, err := content.FetchAll(ctx, p.src, p.manifest)
	if err != nil {
		return nil, &localError{err}
	}
	return data, nil
}

// compareTags reports whether all tags point to the manifest already.
//
// A refusal does not end the push: some registries answer HEAD for what does
// not exist with 401 or 403, and whether pushing is allowed is for the upload
// to say. It ends the questions, so that a wrong password is not shown again and
// again.
func (p *push) compareTags(ctx context.Context, tags []string) (bool, error) {
	same := true
	for _, tag := range tags {
		found, err := p.repo.Resolve(ctx, tag)
		switch {
		case err == nil && found.Digest == p.manifest.Digest && found.Size == p.manifest.Size:
			continue
		case err == nil && p.opts.KeepTags && found.Digest != p.manifest.Digest:
			return false, &TagConflictError{Tag: tag, Have: found.Digest, Want: p.manifest.Digest}
		case err != nil && !errors.Is(err, errdef.ErrNotFound):
			if p.opts.KeepTags || !isAnswer(err) {
				return false, err
			}
			p.refused = true
			return false, nil
		}
		same = false
	}
	return same, nil
}

// isAnswer reports whether err is what the registry made of a request, and not
// that it could not be asked.
func isAnswer(err error) bool {
	_, transport := errors.AsType[*url.Error](err)
	_, local := errors.AsType[*localError](err)
	return !transport && !local && !errors.Is(err, auth.ErrBasicCredentialNotFound)
}

// blob uploads a blob that the repository does not have.
func (p *push) blob(ctx context.Context, desc ocispec.Descriptor) error {
	exists, err := p.exists(ctx, desc)
	if err != nil {
		return err
	}
	if !exists {
		if err := p.upload(ctx, desc); err != nil {
			return err
		}
	}
	p.emit(PushEvent{Descriptor: desc, Skipped: exists})
	return nil
}

func (p *push) exists(ctx context.Context, desc ocispec.Descriptor) (bool, error) {
	if p.refused {
		return false, nil
	}
	found, err := p.repo.Blobs().Resolve(ctx, desc.Digest.String())
	switch {
	case err == nil:
		return found.Size == desc.Size, nil
	case errors.Is(err, errdef.ErrNotFound):
		return false, nil
	case isAnswer(err):
		p.refused = true
		return false, nil
	}
	return false, err
}

func (p *push) upload(ctx context.Context, desc ocispec.Descriptor) error {
	r, err := p.src.Fetch(ctx, desc)
	if err != nil {
		return &localError{err}
	}
	defer func() { _ = r.Close() }() // only read from
	source := &watchedReader{Reader: content.NewVerifyReader(r, desc)}
	err = p.repo.Blobs().Push(ctx, desc, source)
	if failed := source.failed(); failed != nil {
		return &localError{failed}
	}
	return err
}

func (p *push) emit(e PushEvent) {
	if p.opts.OnEvent != nil {
		p.opts.OnEvent(e)
	}
}
