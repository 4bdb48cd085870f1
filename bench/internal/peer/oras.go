package peer

import (
	"context"
	"path/filepath"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content/file"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/credentials"
	"oras.land/oras-go/v2/registry/remote/retry"
)

// ORAS pushes dir to ref, host/repository:tag, with oras.land/oras-go/v2, in the steps
// of `oras push`.
func ORAS(ctx context.Context, ref, dir string) (err error) {
	repo, err := remote.NewRepository(ref)
	if err != nil {
		return err
	}
	config, err := credentials.NewStoreFromDocker(credentials.StoreOptions{})
	if err != nil {
		return err
	}
	repo.PlainHTTP = true
	repo.Client = &auth.Client{
		Client:     retry.DefaultClient,
		Cache:      auth.NewCache(),
		Credential: credentials.Credential(config),
	}

	store, err := file.New("")
	if err != nil {
		return err
	}
	defer func() {
		if closed := store.Close(); err == nil {
			err = closed
		}
	}()
	layer, err := store.Add(ctx, filepath.Base(dir), ocispec.MediaTypeImageLayerGzip, dir)
	if err != nil {
		return err
	}
	manifest, err := oras.PackManifest(ctx, store, oras.PackManifestVersion1_1, oras.MediaTypeUnknownArtifact,
		oras.PackManifestOptions{Layers: []ocispec.Descriptor{layer}})
	if err != nil {
		return err
	}
	tag := repo.Reference.Reference
	if err := store.Tag(ctx, manifest, tag); err != nil {
		return err
	}
	ctx = auth.AppendRepositoryScope(ctx, repo.Reference, auth.ActionPull, auth.ActionPush)
	opts := oras.DefaultCopyOptions
	opts.Concurrency = 5 // the default of oras push
	_, err = oras.Copy(ctx, store, tag, repo, tag, opts)
	return err
}
