package registry

import (
	"context"
	"errors"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content"

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
	repo.Reference.Reference = ref // for the message
	return desc, c.fail(ctx, "resolve", repo.Reference.String(), err)
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

// Pull copies the manifest that ref, a tag or a digest, stands for to dst, with
// everything that it names, and returns its descriptor. Whether the bytes are
// those that were asked for is for dst to verify, as [packager.Store] and the
// stores of oras-go do. Pull unpacks nothing.
//
// Errors are those of [Client.Resolve], or of dst.
//
// [packager.Store]: https://pkg.go.dev/github.com/kubeoci/oci/packager#Store
func (c *Client) Pull(ctx context.Context, repository, ref string, dst content.Storage) (ocispec.Descriptor, error) {
	desc, err := c.Resolve(ctx, repository, ref)
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	repo, err := c.repository(repository)
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	err = oras.CopyGraph(ctx, repo, dst, desc, oras.CopyGraphOptions{MaxMetadataBytes: maxManifestBytes})
	if copyErr, ok := errors.AsType[*oras.CopyError](err); ok && copyErr.Origin == oras.CopyErrorOriginDestination {
		err = &localError{copyErr.Err}
	}
	if err != nil {
		return ocispec.Descriptor{}, c.fail(ctx, "pull from", repo.Reference.String(), err)
	}
	return desc, nil
}

func checkRef(ref string) error {
	if digest.Digest(ref).Validate() == nil {
		return nil
	}
	return reference.CheckTag(ref)
}
