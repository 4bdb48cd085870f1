package registry

import (
	"context"
	"errors"
	"math"
	"net/http"
	"slices"
	"sync/atomic"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"

	"github.com/kubeoci/oci/internal/guard"
	"github.com/kubeoci/oci/internal/ordered"
)

// Push is [Client.Lookup] and [Destination.Push] in one call. Its errors are those
// of both.
func (c *Client) Push(ctx context.Context, src Fetcher, manifest ocispec.Descriptor, repository string, tags []string, opts PushOptions) (PushResult, error) {
	if src == nil {
		return PushResult{}, errNoSource
	}
	destination, err := c.Lookup(ctx, repository, tags, opts)
	if err != nil {
		return PushResult{}, err
	}
	return destination.Push(ctx, src, manifest)
}

// Push copies an image manifest and the blobs it refers to from src to the
// repository, and sets the tags: blobs first, several at a time, then the
// manifest under each tag in the given order. A push that stops halfway leaves
// no new tag behind, or those before the one that the error names, all of them
// complete.
//
// If a tag points to the manifest already, the registry is asked whether it has the
// blobs, all of them in one round trip. Those that it has need not be in src. The others
// are uploaded, and so are all of them if the registry then refuses the manifest.
//
// manifest has to be in src, an OCI image manifest, and at most 4 MiB. Its subject
// (OCI referrers) is not copied. If src still blocks when ctx ends, it is left running.
//
// Errors are those of [Client.Lookup], [ErrTagConflict], a [*StepError], a [*TagRuleError],
// or the error of src if that fails, such as packager.ErrBlobNotFound for a blob that has to
// be uploaded. If there are several tags and setting one fails, there is a [*TagsError] in the
// chain.
//
// Transient failures are retried as [Options.Retry] describes, and all of it together takes at
// most [Options.Timeout], counted from the beginning of [Client.Lookup] and without the time
// between the two calls.
func (d *Destination) Push(ctx context.Context, src Fetcher, manifest ocispec.Descriptor) (PushResult, error) {
	switch {
	case d == nil || d.client == nil:
		return PushResult{}, errNoDestination
	case src == nil:
		return PushResult{}, errNoSource
	}
	d.tag = ""
	p := &push{Destination: d, src: src, manifest: manifest, states: slices.Clone(d.states)}
	err := d.within(ctx, func(ctx context.Context) error {
		if d.ahead != nil {
			defer d.ahead.uploads.cancel(ctx, d.repo)
		}
		return p.run(ctx)
	})
	if err != nil {
		return PushResult{}, err
	}
	return PushResult{Manifest: p.manifest, Unchanged: !p.sent.Load(), SameContent: p.kept}, nil
}

// push is one call of Push.
type push struct {
	*Destination
	src      Fetcher
	manifest ocispec.Descriptor // that the tags will point to
	want     Revision           // the same
	packed   Revision           // that is in src
	states   []tagState         // in the order of the tags, as they were read last
	looked   bool               // the tag that is being set was looked up, and not been set since
	kept     bool               // manifest is that of a tag which has the content of packed
	listed   bool               // the registry lists the manifest among the referrers of its subject
	trust    trust
	sent     atomic.Bool // some of a blob was sent, or a tag was set
}

func (p *push) run(ctx context.Context) error {
	data, blobs, err := p.prepare(ctx)
	if err != nil {
		return err
	}
	step, conflict := decide(p.manifest.Digest, p.states, p.opts.ImmutableTags, p.opts.Force)
	switch {
	case step == stepConflict:
		return &TagConflictError{Tag: p.tags[conflict], Have: p.states[conflict].digest, Want: p.manifest.Digest}
	case p.refused != nil && p.opts.ImmutableTags:
		return p.refused
	}
	if err := p.allowAll(ctx); err != nil {
		return err
	}
	if step == stepPush {
		p.trust.level = trustMount
	} else if !p.kept { // or it is confirmed
		confirmed, err := p.confirm(ctx, blobs)
		if err != nil {
			return err
		}
		if !confirmed {
			p.trust.level = trustMount
		}
	}
	if step != stepNothing || p.trust.level != trustTag {
		if err := p.blobs(ctx, blobs); err != nil {
			return err
		}
	}
	if err := p.publish(ctx, blobs, data); err != nil {
		return err
	}
	return p.setTags(ctx, blobs, data)
}

// prepare returns the manifest that the tags will point to, and its blobs.
func (p *push) prepare(ctx context.Context) (manifest []byte, blobs []ocispec.Descriptor, err error) {
	if manifest, err = p.readManifest(ctx); err != nil {
		return nil, nil, err
	}
	if blobs, err = blobsOf(manifest); err != nil {
		return nil, nil, err
	}
	if err := checkBlobs(blobs, math.MaxInt64); err != nil {
		return nil, nil, err
	}
	p.packed = *revisionOf(p.manifest, manifest)
	p.want = p.packed
	for i := range p.states {
		if !p.states[i].exists {
			p.states[i].unknown = p.refused
		}
	}
	if err := p.lookUpDigest(ctx); err != nil || !p.opts.KeepSameContent {
		return manifest, blobs, err
	}
	kept, err := p.keep(ctx)
	if err != nil || kept == nil {
		return manifest, blobs, err
	}
	return kept.content, kept.blobs, nil
}

// confirm reports whether the registry has all blobs of a manifest that a tag points to.
// The tag is no evidence: registries lose blobs.
func (p *push) confirm(ctx context.Context, blobs []ocispec.Descriptor) (bool, error) {
	if p.lost || p.opts.AssumeBlobs {
		return !p.lost, nil
	}
	slots := make([]struct{}, min(len(blobs), maxParallel))
	found := 0
	ctx, _ = guard.WithPatience(ctx, maxDoubt)
	err := ordered.Each(ctx, len(blobs), slots, func(ctx context.Context, _ struct{}, i int) error {
		if p.ahead.state(blobs[i]) == blobPresent {
			return nil
		}
		has, err := p.repo.hasBlob(ctx, blobs[i])
		if err == nil && !has {
			err = errUnconfirmed
		}
		return err
	}, func(struct{}, int) error { found++; return nil })
	if errors.Is(err, errUnconfirmed) {
		p.lost, err = true, nil
	}
	return found == len(blobs), err
}

// errUnconfirmed ends the questions for blobs at the first that the registry does not
// confirm.
var errUnconfirmed = errors.New("the registry does not confirm that it has a blob")

func (p *push) reportTag(ctx context.Context, tag string, skipped bool) {
	p.events.Send(ctx, Event{Descriptor: p.manifest, Tag: tag, Bytes: p.manifest.Size, Skipped: skipped})
}

func (p *push) readManifest(ctx context.Context) ([]byte, error) {
	if err := checkManifest(p.manifest); err != nil {
		return nil, err
	}
	data, err := content.FetchAll(ctx, promptSource{p.src}, p.manifest)
	if err != nil {
		return nil, &localError{nil, err}
	}
	return data, nil
}

// place puts the manifest under a tag or its digest. If the registry seems to lack blobs,
// it uploads them with less trust, and tries again.
func (p *push) place(ctx context.Context, blobs []ocispec.Descriptor, manifest []byte, ref string, unless http.Header) error {
	posted := p.trust.hasPosted()
	err := p.put(ctx, manifest, ref, unless)
	if posted && mayLackBlobs(err) && !lacksBlobs(err) && p.lacksAny(ctx, blobs) {
		err = &lackError{err}
	}
	for err != nil && p.trust.withdraw(err) {
		p.lost = true
		if posted {
			p.client.singlePost.refuse()
		}
		if err = p.blobs(ctx, blobs); err == nil {
			err = p.put(ctx, manifest, ref, unless)
		}
	}
	if err == nil {
		p.trust.accept()
		if posted {
			p.client.singlePost.accept()
		}
	}
	return err
}

// lacksAny reports whether the registry reports that it lacks one of the blobs.
func (p *push) lacksAny(ctx context.Context, blobs []ocispec.Descriptor) bool {
	ctx, _ = guard.WithPatience(ctx, maxDoubt)
	return slices.ContainsFunc(blobs, func(blob ocispec.Descriptor) bool {
		state, _ := p.repo.findBlob(ctx, blob) // the end of ctx ends the push
		return state == blobAbsent
	})
}

// lackError is the refusal of a manifest whose blobs are not there.
type lackError struct{ error }

func (e *lackError) Unwrap() error { return e.error }

// put returns nil only if the tag or digest leads to the manifest, whatever the responses
// were.
func (p *push) put(ctx context.Context, manifest []byte, tag string, unless http.Header) error {
	var reported digest.Digest
	assumed := p.trust.current() == trustTag
	err := p.client.retry(ctx, p.events.retries(ctx, p.manifest, tag), func(ctx context.Context) error {
		conditions, err := p.lookAgain(ctx, tag, unless)
		if err != nil {
			return err
		}
		reported, p.listed, err = p.repo.putManifest(ctx, p.manifest, manifest, tag, conditions)
		if assumed && mayLackBlobs(err) {
			return &finalError{err} // uploading the blobs helps more than another attempt
		}
		if isAmbiguous(err) && ctx.Err() == nil { // it may have been set
			if desc, asked := p.repo.resolve(ctx, tag); asked == nil && desc.Digest == p.manifest.Digest {
				reported, err = desc.Digest, nil
				p.listed = p.repo.lists(ctx, p.manifest, manifest)
			}
		}
		return err
	})
	odd, responded := errors.AsType[*responseError](err)
	switch {
	case err == nil && reported == p.manifest.Digest:
		return nil
	case err != nil && !isSuccess(err):
		return p.refusal(ctx, tag, err)
	}
	asked := p.client.retry(ctx, p.events.retries(ctx, p.manifest, tag), func(ctx context.Context) error {
		desc, err := p.repo.resolve(ctx, tag)
		if err == nil && desc.Digest != p.manifest.Digest {
			err = &TagConflictError{Tag: tag, Have: desc.Digest, Want: p.manifest.Digest}
		}
		return err
	})
	if asked != nil && responded {
		odd.unsure = true
		return err
	}
	return asked
}

// refusal returns the error for a registry that refused to set a tag with err: nil if the
// tag points to the manifest nevertheless, and a conflict if it points to another one.
func (p *push) refusal(ctx context.Context, tag string, err error) error {
	resp, responded := errors.AsType[*responseError](err)
	assumed := p.trust.current() == trustTag // nothing was accepted yet, and blobs may be missing
	if !responded || !resp.keepsTag() || assumed && isOneOf(resp.status, http.StatusBadRequest, http.StatusForbidden) {
		return err
	}
	i := slices.Index(p.tags, tag)
	if i < 0 { // a digest
		return err
	}
	have := p.states[i] // another push may have set it meanwhile
	desc, asked := p.repo.resolve(ctx, tag)
	switch {
	case asked == nil && desc.Digest == p.manifest.Digest:
		return nil
	case asked == nil:
		have = tagState{exists: true, digest: desc.Digest}
	case hasStatus(asked, http.StatusNotFound):
		have = tagState{}
	case p.refused != nil: // nobody knows
		have.exists = resp.isConflict()
	}
	if !have.exists || have.digest == p.manifest.Digest {
		return err
	}
	return &tagRefusal{&TagConflictError{Tag: tag, Have: have.digest, Want: p.manifest.Digest}, err}
}

// tagRefusal is a tag that the registry does not move, with its response.
type tagRefusal struct {
	conflict *TagConflictError
	err      error
}

func (e *tagRefusal) Error() string { return e.err.Error() }

func (e *tagRefusal) Unwrap() error { return e.err }

// isAmbiguous reports whether a failed request may have taken effect.
func isAmbiguous(err error) bool {
	resp, ok := errors.AsType[*responseError](err)
	return err != nil && isRetryable(err) && (!ok || resp.status >= http.StatusInternalServerError)
}

// lacksBlobs reports whether the registry refused a manifest because it lacks a blob
// (distribution-spec v1.1, "Error Codes").
func lacksBlobs(err error) bool {
	if is[*lackError](err) {
		return true
	}
	resp, ok := errors.AsType[*responseError](err)
	return ok && (resp.code == codeManifestBlobUnknown || resp.code == codeBlobUnknown)
}

// mayLackBlobs reports whether err can mean that. Some registries use other codes.
func mayLackBlobs(err error) bool {
	return hasStatus(err, http.StatusBadRequest, http.StatusNotFound, http.StatusInternalServerError)
}
