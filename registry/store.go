package registry

import (
	"context"
	"io"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/kubeoci/oci/internal/calls"
	"github.com/kubeoci/oci/internal/guard"
)

// Fetcher is a content store to push from. packager.Store and the content stores
// of oras-go are Fetchers.
type Fetcher interface {
	// Fetch returns a reader of the content that desc describes.
	Fetch(ctx context.Context, desc ocispec.Descriptor) (io.ReadCloser, error)
}

// promptSource is a Fetcher for one that may block: it returns shortly after the end of the
// context.
type promptSource struct{ Fetcher }

func (s promptSource) Fetch(ctx context.Context, desc ocispec.Descriptor) (io.ReadCloser, error) {
	return guard.Open(ctx, func() (io.ReadCloser, error) { return s.Fetcher.Fetch(ctx, desc) })
}

// Pusher is a content store to pull into. packager.Store and the content stores
// of oras-go are Pushers.
//
// A Pusher may have a method Exists(context.Context, ocispec.Descriptor) (bool,
// error), as those have: content that exists is not fetched.
type Pusher interface {
	// Push stores the content that desc describes. If the content exists already,
	// it may return an error that matches packager.ErrBlobExists.
	Push(ctx context.Context, desc ocispec.Descriptor, content io.Reader) error
}

// exister is an optional interface of a Pusher.
type exister interface {
	Exists(ctx context.Context, desc ocispec.Descriptor) (bool, error)
}

// exists reports whether dst has the content, if dst can tell.
func exists(ctx context.Context, dst Pusher, desc ocispec.Descriptor) (bool, error) {
	store, ok := dst.(exister)
	if !ok {
		return false, nil
	}
	found, err := calls.Prompt(ctx, func() (bool, error) { return store.Exists(ctx, desc) })
	if err != nil {
		return false, &localError{nil, err}
	}
	return found, nil
}
