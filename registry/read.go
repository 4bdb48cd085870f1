package registry

import (
	"bytes"
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

	"github.com/kubeoci/oci/reference"
)

// Resolve returns the descriptor of the manifest that ref, a tag or a digest,
// stands for.
//
// Errors are those of [Client.Push]; a repository or ref that does not exist is
// [ErrNotFound].
func (c *Client) Resolve(ctx context.Context, name, ref string) (desc ocispec.Descriptor, err error) {
	err = c.read(ctx, "resolve", name, ref, func(ctx context.Context, repo *repository) error {
		return c.retry(ctx, nil, func(ctx context.Context) (err error) {
			desc, err = repo.resolve(ctx, ref)
			return err
		})
	})
	return desc, err
}

// read calls f within the time that reading may take.
func (c *Client) read(ctx context.Context, op, name, ref string, f func(context.Context, *repository) error) error {
	repo, err := c.repository(name, auth.ActionPull)
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

// PullOptions say how to pull. The zero value pulls.
type PullOptions struct {
	// OnEvent is told what happens, from the goroutine that called Pull or one
	// that reads in its stead. What it waits for, the pull waits for.
	OnEvent func(Event) `json:"-"`
}

// Pull copies the image manifest that ref, a tag or a digest, stands for to dst,
// after its config and layers, and returns its descriptor. What is not what its
// descriptor says fails before dst has all of it. Pull unpacks nothing.
//
// Errors are those of [Client.Resolve], [ErrCorrupt], or those of dst. What is
// under ref and not an image manifest of at most 4 MiB is refused. All of it
// takes at most [Options.Timeout].
func (c *Client) Pull(ctx context.Context, name, ref string, dst Pusher, opts PullOptions) (desc ocispec.Descriptor, err error) {
	err = c.read(ctx, "pull", name, ref, func(ctx context.Context, repo *repository) (err error) {
		desc, err = pull(ctx, repo, ref, dst, &reporter{report: opts.OnEvent})
		return err
	})
	return desc, err
}

func pull(ctx context.Context, repo *repository, ref string, dst Pusher, events *reporter) (desc ocispec.Descriptor, err error) {
	var data []byte
	err = repo.client.retry(ctx, events.retries(desc, ""), func(ctx context.Context) (err error) {
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
	if err != nil { // and it had no digest that it could have been told by
		return ocispec.Descriptor{}, &malformedError{"not a manifest", http.StatusOK, desc.MediaType}
	}
	for _, blob := range blobs {
		found, err := exists(ctx, dst, blob)
		if err != nil {
			return ocispec.Descriptor{}, err
		}
		if !found {
			err = repo.client.retry(ctx, events.retries(blob, ""), func(ctx context.Context) error {
				return repo.fetch(ctx, blob, dst, events)
			})
		}
		if err != nil {
			return ocispec.Descriptor{}, err
		}
		events.emit(Event{Descriptor: blob, Bytes: blob.Size, Skipped: found})
	}
	if err := store(ctx, dst, desc, bytes.NewReader(data)); err != nil {
		return ocispec.Descriptor{}, err
	}
	events.emit(Event{Descriptor: desc, Bytes: desc.Size})
	return desc, nil
}

// fetch copies a blob to dst.
func (r *repository) fetch(ctx context.Context, blob ocispec.Descriptor, dst Pusher, events *reporter) error {
	if err := blob.Digest.Validate(); err != nil || blob.Size < 0 {
		return &localError{fmt.Errorf("%.100q of %d bytes is no blob: %w", blob.Digest, blob.Size, errdef.ErrInvalidDigest)}
	}
	resp, err := r.ask(ctx, request{method: http.MethodGet, url: r.url("blobs/"+blob.Digest.String(), nil)}, http.StatusOK)
	if hasStatus(err, http.StatusNotFound) {
		return &corruptError{blob: blob, missing: true}
	}
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }() // only read from
	if resp.ContentLength != blob.Size && newAnswerError(resp).contentType == "text/html" {
		return malformed(resp, "not a blob")
	}
	if resp.ContentLength >= 0 && resp.ContentLength != blob.Size {
		return &corruptError{blob: blob}
	}
	return store(ctx, dst, blob, events.progress(newVerifiedReader(resp.Body, blob), blob))
}

// connectionError is a failure to read a body, as if it came from net/http.
func connectionError(err error) error { return &url.Error{Op: "Get", Err: err} }

// store pushes content to dst unless dst has it, and tells whose fault it is if
// that fails.
func store(ctx context.Context, dst Pusher, desc ocispec.Descriptor, r io.Reader) error {
	source := &watchedReader{Reader: r}
	err := dst.Push(ctx, desc, source)
	switch failed := source.failed(); {
	case errors.Is(err, errdef.ErrAlreadyExists):
		return nil
	case is[*corruptError](failed):
		return failed
	case failed != nil:
		return connectionError(failed)
	case err != nil:
		return &localError{fmt.Errorf("store %s: %w", desc.Digest, err)}
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
