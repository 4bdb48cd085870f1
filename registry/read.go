package registry

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote/auth"

	"github.com/kubeoci/oci/internal/calls"
	"github.com/kubeoci/oci/reference"
)

// Resolve returns the descriptor of the manifest under ref, a tag or a digest.
//
// Errors are those of [Client.Lookup]. They match [ErrNotFound] if the repository or ref
// does not exist.
func (c *Client) Resolve(ctx context.Context, repository, ref string) (desc ocispec.Descriptor, err error) {
	err = c.read(ctx, opResolve, repository, ref, func(ctx context.Context, repo *remote) error {
		return c.retry(ctx, nil, func(ctx context.Context) (err error) {
			desc, err = repo.resolve(ctx, ref)
			return err
		})
	})
	return desc, err
}

// read calls f within the time limit of a read.
func (c *Client) read(ctx context.Context, op, name, ref string, f func(context.Context, *remote) error) error {
	if err := calls.NotNil(ctx); err != nil {
		return err
	}
	repo, err := c.remote(name, auth.ActionPull)
	if err != nil {
		return err
	}
	if err := checkRef(ref); err != nil {
		return err
	}
	limited, cancel := limit(ctx, c.timeout, new(call))
	defer cancel()
	return c.fail(limited, op, repo.at(ref), f(limited, repo))
}

// Exists reports whether the repository has a manifest under ref, a tag or a
// digest. The errors are those of [Client.Resolve] except [ErrNotFound].
func (c *Client) Exists(ctx context.Context, repository, ref string) (bool, error) {
	_, err := c.Resolve(ctx, repository, ref)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// PullOptions configure a pull. The zero value is the default.
type PullOptions struct {
	// MaxSize limits the bytes of the config and the layers together, as the manifest
	// declares them. The default is 1 GiB, which is more than package unpacker unpacks
	// by default. A negative number is [ErrInvalidOptions].
	MaxSize int64
	// OnEvent receives progress. See [Event].
	OnEvent func(Event) `json:"-"`
}

// defaultMaxPull is the default of PullOptions.MaxSize.
const defaultMaxPull = 1 << 30

// Pull copies the image manifest under ref, a tag or a digest, to dst, after its config
// and layers, and returns its descriptor. Content that does not match its descriptor
// is rejected before dst has received all of it. Pull does not unpack layers: package
// unpacker does. A caller that passes a packager.Store closes it after that, because it may
// have temporary files.
//
// Errors are those of [Client.Resolve], [ErrCorrupt], or those of dst. They match
// [ErrUnsupported] for anything but an image manifest, and [ErrTooLarge] for one of
// more than 4 MiB or 1,000 blobs, and for blobs of more than [PullOptions.MaxSize], of
// which none is then asked for. All of it takes at most [Options.Timeout]. If dst still
// blocks when ctx ends, it is left running.
func (c *Client) Pull(ctx context.Context, repository, ref string, dst Pusher, opts PullOptions) (desc ocispec.Descriptor, err error) {
	if opts.MaxSize < 0 {
		return desc, invalidOption("set PullOptions.MaxSize to a positive number, or to 0 for the default", "MaxSize is %d", opts.MaxSize)
	}
	if dst == nil {
		return desc, errNoTarget
	}
	events := newReporter(opts.OnEvent)
	defer events.Close() // dst may read on if it was given up
	err = c.read(ctx, opPull, repository, ref, func(ctx context.Context, repo *remote) (err error) {
		ctx, events.Fail = context.WithCancel(ctx)
		desc, err = pull(ctx, repo, ref, dst, cmp.Or(opts.MaxSize, defaultMaxPull), events)
		events.Flush(ctx)
		events.Fail()
		return err
	})
	return desc, err
}

func pull(ctx context.Context, repo *remote, ref string, dst Pusher, limit int64, events *reporter) (desc ocispec.Descriptor, err error) {
	var data []byte
	err = repo.client.retry(ctx, events.retries(ctx, desc, ref), func(ctx context.Context) (err error) {
		desc, data, err = repo.manifest(ctx, ref)
		return err
	})
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	if err := checkManifest(desc); err != nil {
		return ocispec.Descriptor{}, err
	}
	blobs, err := blobsOf(data)
	if local, ok := errors.AsType[*localError](err); ok && local.kind != nil {
		return ocispec.Descriptor{}, err
	}
	if err != nil { // and it had no digest to compare with
		return ocispec.Descriptor{}, &malformedError{what: "not a manifest", status: http.StatusOK, contentType: desc.MediaType}
	}
	if err := checkBlobs(blobs, limit); err != nil {
		return ocispec.Descriptor{}, err
	}
	for _, blob := range blobs {
		found, err := exists(ctx, dst, blob)
		if err != nil {
			return ocispec.Descriptor{}, err
		}
		if !found {
			err = repo.client.retry(ctx, events.retries(ctx, blob, ""), func(ctx context.Context) error {
				return repo.fetch(ctx, blob, dst, events)
			})
		}
		if err != nil {
			return ocispec.Descriptor{}, err
		}
		events.Send(ctx, Event{Descriptor: blob, Bytes: blob.Size, Skipped: found})
	}
	if err := store(ctx, dst, desc, bytes.NewReader(data)); err != nil {
		return ocispec.Descriptor{}, err
	}
	events.Send(ctx, Event{Descriptor: desc, Bytes: desc.Size})
	return desc, nil
}

// fetch copies a blob to dst.
func (r *remote) fetch(ctx context.Context, blob ocispec.Descriptor, dst Pusher, events *reporter) error {
	resp, err := r.ask(ctx, request{method: http.MethodGet, url: r.url("blobs/"+blob.Digest.String(), nil)}, http.StatusOK)
	if hasStatus(err, http.StatusNotFound) {
		return &corruptError{blob: blob, missing: true}
	}
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }() // only read from
	if resp.ContentLength != blob.Size && newResponseError(resp).contentType == "text/html" {
		return malformed(resp, "not a blob")
	}
	if resp.ContentLength >= 0 && resp.ContentLength != blob.Size {
		return &corruptError{blob: blob}
	}
	return store(ctx, dst, blob, events.progress(newVerifiedReader(resp.Body, blob), blob))
}

// connectionError marks a failure to read a body, as net/http does.
func connectionError(err error) error { return &url.Error{Op: "Get", Err: err} }

// store pushes content to dst unless dst has it. Its error is that of the side that
// failed.
func store(ctx context.Context, dst Pusher, desc ocispec.Descriptor, r io.Reader) error {
	source := &watchedReader{Reader: r}
	_, err := calls.Prompt(ctx, func() (struct{}, error) { return struct{}{}, dst.Push(ctx, desc, source) })
	calls.Rethrow(source.failed())
	switch failed := source.failed(); {
	case errors.Is(err, errdef.ErrAlreadyExists):
		return nil
	case is[*corruptError](failed):
		return failed
	case failed != nil:
		return connectionError(failed)
	case err != nil:
		return &localError{nil, fmt.Errorf("store %s: %w", desc.Digest, err)}
	}
	return nil
}

// checkRef accepts a tag or a digest.
func checkRef(ref string) error {
	if strings.Contains(ref, ":") {
		return reference.CheckDigest(ref)
	}
	return reference.CheckTag(ref)
}
