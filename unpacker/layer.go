package unpacker

import (
	"context"
	"errors"
	"fmt"
	"io"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"

	"github.com/kubeoci/oci/internal/calls"
	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
)

// reader is an [io.Reader] without the other methods that io.Copy would use.
type reader struct{ io.Reader }

// fetchLayer verifies a layer and returns the verified bytes, which it fetches only
// once, because a source can return other bytes the next time. spooler holds them
// until it is closed.
func fetchLayer(ctx context.Context, src Fetcher, layer ocispec.Descriptor, spooler *packager.Store, opts Options) (io.ReadCloser, error) {
	if err := checkDescriptor(layer); err != nil {
		return nil, err
	}
	if layer.Size > opts.MaxCompressedSize {
		return nil, &BlobError{layer, fmt.Sprintf("it has %d bytes", layer.Size), &manifests.LimitError{Limit: "MaxCompressedSize", Max: opts.MaxCompressedSize}}
	}
	return calls.Await(ctx, func(ctx context.Context) (io.ReadCloser, error) {
		return copyLayer(ctx, src, layer, spooler)
	})
}

// copyLayer is the part of fetchLayer that may block in src.
func copyLayer(ctx context.Context, src Fetcher, layer ocispec.Descriptor, spooler *packager.Store) (io.ReadCloser, error) {
	blob, err := fetch(ctx, src, layer)
	if err != nil {
		return nil, err
	}
	if _, verified := src.(*packager.Store); verified { // by its Push
		return blob, nil
	}
	defer func() { _ = blob.Close() }() // read-only
	source := &contextReader{ctx: ctx, r: blob}
	switch err := spooler.Push(ctx, layer, source); {
	case source.err != nil:
		return nil, fetchError(layer, source.err)
	case err != nil:
		return nil, spoolError(layer, spooler.TempDir, err)
	}
	return spooler.Fetch(ctx, layer)
}

// fetch returns the content of src.
func fetch(ctx context.Context, src Fetcher, desc ocispec.Descriptor) (io.ReadCloser, error) {
	blob, err := src.Fetch(ctx, desc)
	if err == nil && blob == nil {
		err = errNoContent
	}
	if err != nil {
		return nil, fetchError(desc, err)
	}
	return blob, nil
}

var errNoContent = errors.New("the source returned neither content nor an error")

// fetchDocument returns the verified content of a small blob, which may be at most
// maxManifestSize bytes long.
func fetchDocument(ctx context.Context, src Fetcher, desc ocispec.Descriptor) ([]byte, error) {
	return calls.Await(ctx, func(ctx context.Context) ([]byte, error) {
		blob, err := fetch(ctx, src, desc)
		if err != nil {
			return nil, err
		}
		defer func() { _ = blob.Close() }() // read-only
		data, err := content.ReadAll(&contextReader{ctx: ctx, r: blob}, desc)
		if err != nil {
			return nil, fetchError(desc, err)
		}
		return data, nil
	})
}

func spoolError(layer ocispec.Descriptor, dir string, err error) error {
	err = fetchError(layer, err)
	if _, ok := errors.AsType[*BlobError](err); ok {
		return err
	}
	return &TargetError{dir, systemError(err)}
}

// contextReader fails when the context ends, and records its first error.
type contextReader struct {
	ctx context.Context
	r   io.Reader
	err error // never io.EOF
}

func (c *contextReader) Read(p []byte) (n int, err error) {
	if err = c.ctx.Err(); err == nil {
		n, err = c.r.Read(p)
	}
	if err != nil && err != io.EOF {
		c.err = err
	}
	return n, err
}
