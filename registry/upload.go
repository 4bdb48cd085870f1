package registry

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/registry/remote/errcode"

	"github.com/kubeoci/oci/internal/ordered"
)

// blobs uploads those that the repository does not have. Those that are known
// are not asked for.
func (p *push) blobs(ctx context.Context, blobs []ocispec.Descriptor) error {
	parallel := min(len(blobs), maxParallel)
	if p.refused != nil {
		parallel = 1 // it may be for the password, which is not to be shown in vain by all
	}
	exists := make([]*bool, parallel)
	for i := range exists {
		exists[i] = new(bool)
	}
	return ordered.Each(ctx, len(blobs), exists, func(ctx context.Context, exists *bool, i int) (err error) {
		if *exists = p.isKnown(blobs[i]); !*exists {
			*exists, err = p.upload(ctx, blobs[i])
		}
		return err
	}, func(exists *bool, i int) error {
		p.emit(PushEvent{Descriptor: blobs[i], Skipped: *exists})
		return nil
	})
}

// isKnown reports whether a manifest names the blob which a tag pointed to.
func (p *push) isKnown(blob ocispec.Descriptor) bool {
	size, found := p.known[blob.Digest]
	return found && size == blob.Size
}

// upload uploads a blob, unless the repository has it. To mount a blob from the
// repository itself asks for it and opens an upload, in one request
// (distribution-spec v1.1, "Mounting a blob from another repository").
func (p *push) upload(ctx context.Context, desc ocispec.Descriptor) (exists bool, err error) {
	blob := &blobSource{desc: desc, src: p.src}
	err = p.repo.Mount(ctx, desc, p.repo.Reference.Repository, func() (io.ReadCloser, error) { return blob.open(ctx) })
	if !blob.opened && mayNotMount(err) {
		err = blob.push(ctx, p.repo.Blobs())
	}
	if failed := blob.failed(); failed != nil {
		return false, &localError{failed}
	}
	return err == nil && !blob.opened, err
}

// mayNotMount reports whether err can mean that the registry knows nothing of
// mounting.
func mayNotMount(err error) bool {
	answer, ok := errors.AsType[*errcode.ErrorResponse](err)
	return ok && slices.Contains([]int{
		http.StatusBadRequest, http.StatusNotFound, http.StatusMethodNotAllowed,
		http.StatusUnprocessableEntity, http.StatusNotImplemented,
	}, answer.StatusCode)
}

// blobSource is a blob of a content store, on its way to the registry.
type blobSource struct {
	desc   ocispec.Descriptor
	src    content.Fetcher
	opened bool
	body   *watchedReader
}

func (b *blobSource) open(ctx context.Context) (io.ReadCloser, error) {
	b.opened = true
	r, err := b.src.Fetch(ctx, b.desc)
	if err != nil {
		return nil, &localError{err}
	}
	b.body = &watchedReader{Reader: content.NewVerifyReader(r, b.desc)}
	return struct {
		io.Reader
		io.Closer
	}{b.body, r}, nil
}

func (b *blobSource) push(ctx context.Context, dst content.Pusher) error {
	r, err := b.open(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }() // only read from
	return dst.Push(ctx, b.desc, r)
}

// failed returns the error with which the content store failed, if it did.
func (b *blobSource) failed() error {
	if b.body == nil {
		return nil
	}
	return b.body.failed()
}
