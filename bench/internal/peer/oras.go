package peer

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content/file"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/credentials"
	"oras.land/oras-go/v2/registry/remote/retry"
)

// dockerConfig returns the path of the user's Docker configuration.
func dockerConfig() string { return filepath.Join(os.Getenv("DOCKER_CONFIG"), "config.json") }

func orasRepository(j Job) (*remote.Repository, error) {
	repo, err := remote.NewRepository(j.Ref())
	if err != nil {
		return nil, err
	}
	config, err := credentials.NewStoreFromDocker(credentials.StoreOptions{})
	if err != nil {
		return nil, err
	}
	repo.PlainHTTP = !j.TLS
	repo.Client = &auth.Client{
		Client:     retry.DefaultClient,
		Cache:      auth.NewCache(),
		Credential: credentials.Credential(config),
	}
	return repo, nil
}

// pushORAS pushes with oras.land/oras-go/v2, in the steps of `oras push`.
func pushORAS(ctx context.Context, j Job) (err error) {
	repo, err := orasRepository(j)
	if err != nil {
		return err
	}
	store, err := file.New("")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	layer, err := store.Add(ctx, filepath.Base(j.Dir), ocispec.MediaTypeImageLayerGzip, j.Dir)
	if err != nil {
		return err
	}
	manifest, err := oras.PackManifest(ctx, store, oras.PackManifestVersion1_1, oras.MediaTypeUnknownArtifact,
		oras.PackManifestOptions{Layers: []ocispec.Descriptor{layer}})
	if err != nil {
		return err
	}
	if err := store.Tag(ctx, manifest, j.Tag); err != nil {
		return err
	}
	ctx = auth.AppendRepositoryScope(ctx, repo.Reference, auth.ActionPull, auth.ActionPush)
	_, err = oras.Copy(ctx, store, j.Tag, repo, j.Tag, copyOptions())
	return err
}

// pullORAS pulls and unpacks, as `oras pull` does.
func pullORAS(ctx context.Context, j Job) (err error) {
	repo, err := orasRepository(j)
	if err != nil {
		return err
	}
	store, err := file.New(j.Dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	_, err = oras.Copy(ctx, repo, j.Tag, store, j.Tag, copyOptions())
	return err
}

func copyOptions() oras.CopyOptions {
	opts := oras.DefaultCopyOptions
	opts.Concurrency = 5 // the default of the program
	return opts
}
