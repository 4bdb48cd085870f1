package registry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/errcode"

	"github.com/kubeoci/oci/reference"
)

// Resolve returns the descriptor of the manifest that ref, a tag or a digest,
// stands for.
//
// Errors are those of [Client.Push]; a repository or ref that does not exist is
// [ErrNotFound].
func (c *Client) Resolve(ctx context.Context, repository, ref string) (ocispec.Descriptor, error) {
	repo, err := c.repository(repository)
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	if err := checkRef(ref); err != nil {
		return ocispec.Descriptor{}, err
	}
	desc, err := repo.Resolve(ctx, ref)
	if err != nil {
		repo.Reference.Reference = ref // for the message
		return ocispec.Descriptor{}, c.fail(ctx, "resolve", repo.Reference.String(), markMalformed(err))
	}
	return desc, nil
}

// markMalformed finds the errors of a HEAD request for which oras-go has no type:
// the answer says success and is not that of a registry.
func markMalformed(err error) error {
	_, refused := errors.AsType[*errcode.ErrorResponse](err)
	if refused || errors.Is(err, errdef.ErrNotFound) || !isAnswer(err) {
		return err
	}
	return fmt.Errorf("%w: %w", errMalformed, err)
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

// Pull copies the image manifest that ref, a tag or a digest, stands for to dst,
// after its config and layers, and returns its descriptor. Whether a blob is
// what its descriptor says is for dst to verify, as packager.Store and the
// stores of oras-go do. Pull unpacks nothing.
//
// Errors are those of [Client.Resolve], or of dst. What is under ref and not an
// image manifest of at most 4 MiB is refused.
func (c *Client) Pull(ctx context.Context, repository, ref string, dst content.Storage) (ocispec.Descriptor, error) {
	desc, err := c.Resolve(ctx, repository, ref)
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	repo, err := c.repository(repository)
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	if err := pull(ctx, repo, desc, dst); err != nil {
		repo.Reference.Reference = ref // for the message
		return ocispec.Descriptor{}, c.fail(ctx, "pull", repo.Reference.String(), err)
	}
	return desc, nil
}

func pull(ctx context.Context, repo *remote.Repository, manifest ocispec.Descriptor, dst content.Storage) error {
	if err := checkManifest(manifest); err != nil {
		return err
	}
	data, err := readAll(ctx, repo, manifest)
	if err != nil {
		return err
	}
	blobs, err := blobsOf(data)
	if err != nil {
		return err
	}
	for _, blob := range blobs {
		r, err := repo.Blobs().Fetch(ctx, blob)
		if errors.Is(err, errdef.ErrNotFound) {
			return &localError{fmt.Errorf("%s is named by the manifest, and the registry does not have it", blob.Digest)}
		}
		if err != nil {
			return err
		}
		err = store(ctx, dst, blob, r)
		_ = r.Close() // only read from
		if err != nil {
			return err
		}
	}
	return store(ctx, dst, manifest, bytes.NewReader(data))
}

// readAll reads a manifest, and verifies it.
func readAll(ctx context.Context, repo *remote.Repository, manifest ocispec.Descriptor) ([]byte, error) {
	r, err := repo.Fetch(ctx, manifest)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }() // only read from
	source := &watchedReader{Reader: r}
	data, err := content.ReadAll(source, manifest)
	if failed := source.failed(); failed != nil {
		return nil, connectionError(failed)
	}
	return data, err
}

// connectionError is a failure to read a body, as if it came from net/http.
func connectionError(err error) error { return &url.Error{Op: "Get", Err: err} }

// store pushes content to dst unless dst has it, and tells whose fault it is if
// that fails.
func store(ctx context.Context, dst content.Pusher, desc ocispec.Descriptor, r io.Reader) error {
	source := &watchedReader{Reader: r}
	err := dst.Push(ctx, desc, source)
	switch {
	case errors.Is(err, errdef.ErrAlreadyExists):
		return nil
	case source.failed() != nil:
		return connectionError(source.failed())
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
