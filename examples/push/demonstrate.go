package main

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/examples/cli"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/registry"
	"github.com/kubeoci/oci/unpacker"
)

// demonstrate pushes to a registry in memory, which it stops at the end, and reads the
// artifact back.
func (c *config) demonstrate(ctx context.Context, env cli.Env, opts oci.BuildOptions) (err error) {
	host, stop, err := cli.StartRegistry()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()

	opts.RegistryEndpoint, opts.Version = host, sampleTag
	result, err := c.build(ctx, env, opts)
	if err != nil {
		return err
	}
	files, err := readBack(ctx, result.Artifact)
	if err != nil {
		return fmt.Errorf("read back: %w", err)
	}
	if !c.json {
		if err := printFiles(env.Stdout, files, c.verbose); err != nil {
			return err
		}
	}
	return c.printResult(env, result)
}

// readBack pulls the artifact by its tag and unpacks it in memory, as a consumer would.
func readBack(ctx context.Context, artifact oci.OCIArtifact) ([]unpacker.File, error) {
	client, err := registry.NewClient(artifact.RegistryEndpoint, registry.Options{})
	if err != nil {
		return nil, err
	}
	defer client.Close()
	store := new(packager.Store)
	defer func() { _ = store.Close() }() // it only has temporary files
	manifest, err := client.Pull(ctx, artifact.Repository, artifact.Tag, store, registry.PullOptions{})
	if err != nil {
		return nil, err
	}
	// The artifact was packed here: what package packager allows is no danger.
	_, unpacked, err := unpacker.UnpackFS(ctx, store, manifest, unpacker.Options{
		MaxSize: packager.MaxArchiveSize, MaxEntries: math.MaxInt, MaxNamesSize: packager.MaxArchiveSize,
	})
	return unpacked.Files, err
}
