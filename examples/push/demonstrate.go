package main

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/examples/cli"
	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/registry"
)

// demonstrate pushes to a registry that lives as long as this call, and reads
// the artifact back.
func demonstrate(ctx context.Context, env cli.Env, opts oci.BuildOptions, asJSON bool) (err error) {
	server, err := memregistry.Start(memregistry.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }()

	opts.RegistryEndpoint, opts.Version = server.Host, sampleTag
	result, err := build(ctx, env, opts)
	if err != nil {
		return err
	}
	files, err := readBack(ctx, result.Artifact)
	if err != nil {
		return fmt.Errorf("read back: %w", err)
	}
	if err := printResult(env.Stdout, result, asJSON); err != nil || asJSON {
		return err
	}
	return printFiles(env.Stdout, files)
}

// readBack does what a consumer does: it resolves the tag, takes the only layer
// of the manifest, and unpacks that, here only to list it.
func readBack(ctx context.Context, artifact oci.OCIArtifact) ([]tar.Header, error) {
	client, err := registry.NewClient(artifact.RegistryEndpoint, registry.Options{})
	if err != nil {
		return nil, err
	}
	defer client.Close()
	store := new(packager.Store)
	defer func() { _ = store.Close() }() // it has served
	desc, err := client.Pull(ctx, artifact.Repository, artifact.Tag, store, registry.PullOptions{})
	if err != nil {
		return nil, err
	}
	data, err := content.FetchAll(ctx, store, desc)
	if err != nil {
		return nil, err
	}
	var manifest ocispec.Manifest
	if err := json.Unmarshal(data, &manifest); err != nil {
		return nil, err
	}
	if len(manifest.Layers) != 1 {
		return nil, fmt.Errorf("%d layers instead of one", len(manifest.Layers))
	}
	layer, err := store.Fetch(ctx, manifest.Layers[0])
	if err != nil {
		return nil, err
	}
	defer func() { _ = layer.Close() }() // only read from
	return list(layer)
}

// list returns the headers of the files in a gzip-compressed tar.
func list(r io.Reader) ([]tar.Header, error) {
	uncompressed, err := gzip.NewReader(r)
	if err != nil {
		return nil, err
	}
	var files []tar.Header
	for archive := tar.NewReader(uncompressed); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		if header.Typeflag == tar.TypeReg {
			files = append(files, *header)
		}
	}
}
