package registry

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"slices"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/registry/remote/errcode"
)

// PushOptions say how to push. The zero value sets the tags wherever they
// point, and sends nothing for those that point to the same manifest already.
type PushOptions struct {
	// KeepTags refuses to move a tag that exists and points to another
	// manifest: see [TagConflictError]. Two pushes at once can still both find
	// the tag free; registries have no way to prevent that. A registry that does
	// not say where a tag points is an error.
	KeepTags bool
	// Force sets all tags, also those that point to the manifest already, and
	// believes no manifest about which blobs are there.
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

// Push is [Target.Push] to what [Client.Target] returns for the repository and
// the tags. Its errors are those of both.
func (c *Client) Push(ctx context.Context, src content.ReadOnlyStorage, manifest ocispec.Descriptor, repository string, tags []string, opts PushOptions) (PushResult, error) {
	target, err := c.Target(ctx, repository, tags)
	if err != nil {
		return PushResult{}, err
	}
	return target.Push(ctx, src, manifest, opts)
}

// Push copies an image manifest and the blobs it names from src to the
// repository, and sets the tags: blobs first, several at a time, then the
// manifest under each tag in the given order. A push that stops halfway leaves
// no new tag behind, or those before the one that the error names, all of them
// complete.
//
// A blob that one of [Target.Manifests] names is taken to be in the repository,
// and need not be in src. Where the registry then refuses the manifest, it is
// uploaded after all.
//
// manifest has to be in src, an OCI image manifest, and at most 4 MiB. What it
// names as its subject is not copied.
//
// Errors are [*Error] values. They match the context's error, one of
// [ErrUnreachable], [ErrAuthRequired], [ErrPermissionDenied], [ErrNotFound] and
// [ErrTagConflict], errdef.ErrNotFound of oras-go for a blob that has to be
// uploaded and is not in src, or none of these where the registry refuses for
// another reason, or src fails. But for that of a manifest, a failed request is
// not repeated.
func (t *Target) Push(ctx context.Context, src content.ReadOnlyStorage, manifest ocispec.Descriptor, opts PushOptions) (PushResult, error) {
	p := &push{Target: t, src: src, manifest: manifest, opts: opts}
	result, err := p.run(t.scoped(ctx))
	if err != nil {
		return PushResult{}, t.fail(ctx, p.tag, err)
	}
	return result, nil
}

// push is one call of Push.
type push struct {
	*Target
	src      content.ReadOnlyStorage
	manifest ocispec.Descriptor
	opts     PushOptions
	tag      string // the one that is being set
}

func (p *push) run(ctx context.Context) (PushResult, error) {
	data, err := p.readManifest(ctx)
	if err != nil {
		return PushResult{}, err
	}
	unchanged, err := p.compareTags()
	if err != nil {
		return PushResult{}, err
	}
	if unchanged && !p.opts.Force {
		for _, tag := range p.tags {
			p.emit(PushEvent{Descriptor: p.manifest, Tag: tag, Skipped: true})
		}
		return PushResult{Unchanged: true}, nil
	}
	blobs, err := blobsOf(data)
	if err != nil {
		return PushResult{}, err
	}
	if p.opts.Force {
		p.known = nil
	}
	if err := p.blobs(ctx, blobs); err != nil {
		return PushResult{}, err
	}
	assumed := slices.ContainsFunc(blobs, p.isKnown)
	for i, tag := range p.tags {
		p.tag = tag
		there := p.pointsTo(i) && !p.opts.Force
		if !there {
			err := p.setTag(ctx, data, tag)
			if assumed && mayLackBlobs(err) {
				p.known = nil
				if err = p.blobs(ctx, blobs); err == nil {
					err = p.setTag(ctx, data, tag)
				}
			}
			if err != nil {
				return PushResult{}, err
			}
			assumed = false
		}
		p.emit(PushEvent{Descriptor: p.manifest, Tag: tag, Skipped: there})
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

// compareTags reports whether all tags pointed to the manifest already.
func (p *push) compareTags() (bool, error) {
	same := p.refused == nil
	for i, f := range p.found {
		if exists := f.desc.Digest != ""; exists && p.opts.KeepTags && f.desc.Digest != p.manifest.Digest {
			return false, &TagConflictError{Tag: p.tags[i], Have: f.desc.Digest, Want: p.manifest.Digest}
		}
		same = same && p.pointsTo(i)
	}
	if p.refused != nil && p.opts.KeepTags {
		return false, p.refused
	}
	return same, nil
}

// pointsTo reports whether a tag pointed to the manifest.
func (p *push) pointsTo(i int) bool {
	return p.found[i].desc.Digest == p.manifest.Digest && p.found[i].desc.Size == p.manifest.Size
}

func (p *push) setTag(ctx context.Context, manifest []byte, tag string) error {
	return p.repo.PushReference(ctx, p.manifest, bytes.NewReader(manifest), tag)
}

// mayLackBlobs reports whether err can mean that the registry does not have what
// the manifest names. There is a code for it, MANIFEST_BLOB_UNKNOWN, and registries
// that say something else.
func mayLackBlobs(err error) bool {
	answer, ok := errors.AsType[*errcode.ErrorResponse](err)
	return ok && slices.Contains([]int{
		http.StatusBadRequest, http.StatusNotFound, http.StatusInternalServerError,
	}, answer.StatusCode)
}

func (p *push) emit(e PushEvent) {
	if p.opts.OnEvent != nil {
		p.opts.OnEvent(e)
	}
}
