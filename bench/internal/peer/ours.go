package peer

import (
	"context"
	"errors"
	"fmt"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/bench/internal/process/usage"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/preflight"
	"github.com/kubeoci/oci/registry"
	"github.com/kubeoci/oci/unpacker"
)

// pushOurs pushes with one Builder.
func pushOurs(ctx context.Context, j Job) (usage.Usage, error) {
	var builder oci.Builder
	defer builder.Close()
	opts := j.build()
	if j.Options.Before != "" {
		before := opts
		before.SourcePath, before.Repository = j.Options.Before, j.Repository+"-before"
		if _, err := builder.Build(ctx, before); err != nil {
			return usage.Usage{}, err
		}
	}
	if j.Options.Workloads != "" {
		return pushWorkloads(ctx, &builder, opts, j.Options)
	}
	return usage.During(func() error {
		if j.Options.Builds == 0 {
			_, err := builder.Build(ctx, opts)
			return err
		}
		return builds(ctx, &builder, opts, j.Options)
	})
}

// builds pushes to a number of repositories.
func builds(ctx context.Context, builder *oci.Builder, opts oci.BuildOptions, o Options) error {
	errs := make(chan error, o.Builds)
	one := func(n int) {
		opts := opts
		opts.Repository += fmt.Sprintf("-%d", n)
		_, err := builder.Build(ctx, opts)
		errs <- err
	}
	for n := range o.Builds {
		if o.AtOnce {
			go one(n)
		} else {
			one(n)
		}
	}
	var all error
	for range o.Builds {
		all = errors.Join(all, <-errs)
	}
	return all
}

// pushWorkloads pushes each directory that matches a pattern.
func pushWorkloads(ctx context.Context, builder *oci.Builder, base oci.BuildOptions, o Options) (usage.Usage, error) {
	return usage.During(func() error {
		builds, err := oci.Workloads(ctx, base, o.Workloads)
		if err != nil {
			return err
		}
		if o.AtOnce {
			_, err := builder.BuildAll(ctx, builds, oci.BuildAllOptions{})
			return err
		}
		for _, opts := range builds {
			if _, err := builder.Build(ctx, opts); err != nil {
				return err
			}
		}
		return nil
	})
}

func (j Job) endpoint() string {
	if j.TLS {
		return "https://" + j.Host
	}
	return j.Host
}

func (j Job) build() oci.BuildOptions {
	o := j.Options
	opts := oci.BuildOptions{
		SourcePath: j.Dir, RegistryEndpoint: j.endpoint(), Repository: j.Repository, Version: j.Tag, Tags: o.Tags,
		Pack: oci.PackOptions{Annotations: o.Annotations},
	}
	opts.Registry.DockerConfig = dockerConfig()
	opts.Preflight.DirectoryRecurse, opts.Push.AssumeBlobs = o.Recurse, o.AssumeBlobs
	if o.Root {
		opts.Layout = packager.LayoutRoot
	}
	if o.Unchecked {
		opts.Preflight.Policy = oci.PreflightOff
	}
	if o.CacheDir != "" || o.CacheMemory {
		opts.Cache = &oci.Cache{Layer: packager.Cache{Dir: o.CacheDir}, Preflight: preflight.Cache{Dir: o.CacheDir}}
	}
	return opts
}

// pullOurs pulls and unpacks.
func pullOurs(ctx context.Context, j Job) error {
	client, err := registry.NewClient(j.endpoint(), registry.Options{DockerConfig: dockerConfig()})
	if err != nil {
		return err
	}
	defer client.Close()
	store := new(packager.Store)
	defer func() { _ = store.Close() }() // it only has temporary files
	manifest, err := client.Pull(ctx, j.Repository, j.Tag, store, registry.PullOptions{})
	if err != nil {
		return err
	}
	_, err = unpacker.Unpack(ctx, store, manifest, j.Dir, unpacker.Options{})
	return err
}
