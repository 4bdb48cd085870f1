package registry

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync/atomic"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
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
	// OnEvent is told what happens, one event at a time and before Push returns,
	// but from several goroutines. What it waits for, the push waits for.
	OnEvent func(Event)
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
	target, err := c.Target(ctx, repository, tags, TargetOptions{OnEvent: opts.OnEvent})
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
// names as its subject is not copied. A Read of src that blocks holds a push up
// that is cancelled.
//
// Errors are [*Error] values. They match the context's error, one of the
// package's sentinels, errdef.ErrNotFound of oras-go for a blob that has to be
// uploaded and is not in src, or none of these where src fails. What may pass is
// tried again as [Options.Retry] says, and all of it together takes at most
// [Options.Timeout], counted from the beginning of [Client.Target] and without
// what its caller did in between.
func (t *Target) Push(ctx context.Context, src content.ReadOnlyStorage, manifest ocispec.Descriptor, opts PushOptions) (PushResult, error) {
	p := &push{Target: t, src: src, manifest: manifest, opts: opts, events: teller{tell: opts.OnEvent}}
	limited, cancel := t.limit(ctx)
	defer cancel()
	result, err := p.run(limited)
	if err != nil {
		return PushResult{}, t.fail(limited, p.tag, err)
	}
	return result, nil
}

// push is one call of Push.
type push struct {
	*Target
	src      content.ReadOnlyStorage
	manifest ocispec.Descriptor
	opts     PushOptions
	events   teller
	tag      string // the one that is being set
	// unmountable is set when the registry seems to know nothing of mounting.
	unmountable atomic.Bool
	// assumed is set while there are blobs that were not asked for, claimed when
	// the registry said that it has one, and doubted when that was not so.
	assumed bool
	claimed atomic.Bool
	doubted bool
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
			p.events.emit(Event{Descriptor: p.manifest, Tag: tag, Bytes: p.manifest.Size, Skipped: true})
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
	p.assumed = slices.ContainsFunc(blobs, p.isKnown)
	for i, tag := range p.tags {
		p.tag = tag
		there := p.pointsTo(i) && !p.opts.Force
		if !there {
			if err := p.placeTag(ctx, blobs, data, tag); err != nil {
				return PushResult{}, err
			}
			p.assumed = false // the registry has them all
		}
		p.events.emit(Event{Descriptor: p.manifest, Tag: tag, Bytes: p.manifest.Size, Skipped: there})
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
		if f.exists && p.opts.KeepTags && f.desc.Digest != p.manifest.Digest {
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

// placeTag sets a tag. Where the registry seems to lack blobs, it is first asked
// for those that a manifest named, and then believed no more.
func (p *push) placeTag(ctx context.Context, blobs []ocispec.Descriptor, manifest []byte, tag string) error {
	err := p.setTag(ctx, manifest, tag)
	if p.assumed && mayLackBlobs(err) {
		p.known, p.assumed = nil, false
		if err = p.blobs(ctx, blobs); err == nil {
			err = p.setTag(ctx, manifest, tag)
		}
	}
	if p.claimed.Swap(false) && lacksBlobs(err) {
		p.known, p.doubted = nil, true
		if err = p.blobs(ctx, blobs); err == nil {
			err = p.setTag(ctx, manifest, tag)
		}
	}
	return err
}

// setTag makes sure that the tag points to the manifest when it returns without
// an error, whatever the answers were.
func (p *push) setTag(ctx context.Context, manifest []byte, tag string) error {
	var said digest.Digest
	err := p.client.retry(ctx, p.events.again(p.manifest, tag), func(ctx context.Context) (err error) {
		said, err = p.repo.putManifest(ctx, p.manifest, manifest, tag)
		if p.assumed && mayLackBlobs(err) {
			return &finalError{err} // there is something to try that is more to the point
		}
		if isAmbiguous(err) && ctx.Err() == nil { // it may have been set
			if desc, asked := p.repo.resolve(ctx, tag); asked == nil && desc.Digest == p.manifest.Digest {
				said, err = desc.Digest, nil
			}
		}
		return err
	})
	if err != nil || said == p.manifest.Digest {
		return err
	}
	return p.client.retry(ctx, p.events.again(p.manifest, tag), func(ctx context.Context) error {
		desc, err := p.repo.resolve(ctx, tag)
		if err == nil && desc.Digest != p.manifest.Digest {
			err = &TagConflictError{Tag: tag, Have: desc.Digest, Want: p.manifest.Digest}
		}
		return err
	})
}

// isAmbiguous reports whether what failed may have been done.
func isAmbiguous(err error) bool {
	answer, ok := errors.AsType[*answerError](err)
	return err != nil && mayPass(err) && (!ok || answer.status >= http.StatusInternalServerError)
}

// lacksBlobs reports whether err says that the registry does not have what the
// manifest names (distribution-spec v1.1, "Error Codes").
func lacksBlobs(err error) bool {
	answer, ok := errors.AsType[*answerError](err)
	return ok && (answer.code == "MANIFEST_BLOB_UNKNOWN" || answer.code == "BLOB_UNKNOWN")
}

// mayLackBlobs reports whether err can mean that. There are registries that say
// something else.
func mayLackBlobs(err error) bool {
	return hasStatus(err, http.StatusBadRequest, http.StatusNotFound, http.StatusInternalServerError)
}
