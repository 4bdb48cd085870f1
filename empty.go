package oci

import (
	"cmp"
	"context"
	"embed"
	"fmt"
	"io/fs"
	"time"

	"github.com/kubeoci/oci/internal/redact"
	"github.com/kubeoci/oci/manifests"
)

// EmptyBuildOptions are [BuildOptions] without a source, for an artifact that
// renders to nothing, deliberately. RegistryEndpoint, Repository and Version are
// required. Every field means what it does there, except that Prefix is Name by
// default.
type EmptyBuildOptions struct {
	Name             string
	RegistryEndpoint string
	Repository       string
	Version          string
	GitOpsEngine     GitOpsEngine
	Username         string
	Password         string `json:"-"`

	Tags          []string
	Prefix        string
	Annotations   map[string]string
	Created       time.Time
	ArtifactType  string
	ImmutableTags bool
	Force         bool
	Registry      RegistryOptions
	OnEvent       func(Event) `json:"-"`
}

// ValidatedEmptyBuildOptions are EmptyBuildOptions in which every default is
// filled in and every field is well-formed, as in [ValidatedBuildOptions].
type ValidatedEmptyBuildOptions EmptyBuildOptions

// Format keeps the password out of what fmt prints.
func (o EmptyBuildOptions) Format(f fmt.State, _ rune) {
	o.RegistryEndpoint = printable(o.RegistryEndpoint)
	redact.Format(f, o)
}

// Format keeps the password out of what fmt prints.
func (o ValidatedEmptyBuildOptions) Format(f fmt.State, _ rune) {
	o.RegistryEndpoint = printable(o.RegistryEndpoint)
	redact.Format(f, o)
}

// Validate checks the options and fills in the defaults. The errors are those
// of [BuildOptions.Validate] that do not concern the source.
func (o EmptyBuildOptions) Validate() (ValidatedEmptyBuildOptions, error) {
	v, err := o.validate()
	if err != nil {
		return ValidatedEmptyBuildOptions{}, err
	}
	o.Name, o.Prefix = v.Name, v.Prefix
	o.RegistryEndpoint, o.Registry = v.RegistryEndpoint, v.Registry
	o.Repository, o.Tags = v.Repository, v.Tags
	o.GitOpsEngine, o.Annotations = v.GitOpsEngine, v.Annotations
	return ValidatedEmptyBuildOptions(o), nil
}

func (o EmptyBuildOptions) validate() (ValidatedBuildOptions, error) {
	v, err := BuildOptions{
		Name:             o.Name,
		RegistryEndpoint: o.RegistryEndpoint,
		Repository:       o.Repository,
		Version:          o.Version,
		GitOpsEngine:     o.GitOpsEngine,
		Username:         o.Username,
		Password:         o.Password,
		Tags:             o.Tags,
		Prefix:           o.Prefix,
		Annotations:      o.Annotations,
		Created:          o.Created,
		ArtifactType:     o.ArtifactType,
		ImmutableTags:    o.ImmutableTags,
		Force:            o.Force,
		Registry:         o.Registry,
		OnEvent:          o.OnEvent,
		Preflight:        PreflightOff, // that it renders nothing is the point of it
	}.validateTarget("")
	v.Prefix = cmp.Or(v.Prefix, v.Name)
	return v, err
}

//go:embed empty/kustomization.yaml
var emptyTree embed.FS

// BuildEmpty builds and pushes an artifact that holds a kustomization without
// resources. Flux and Argo CD render it to nothing, and where pruning is on
// they delete what an earlier artifact brought.
//
// Errors are those of [EmptyBuildOptions.Validate], [packager.Pack] and
// [registry.Client.Push].
func BuildEmpty(ctx context.Context, opts EmptyBuildOptions) (BuildResult, error) {
	if err := checkContext(ctx); err != nil {
		return BuildResult{}, err
	}
	v, err := opts.validate()
	if err != nil {
		return BuildResult{}, err
	}
	tree, err := fs.Sub(emptyTree, "empty")
	if err != nil {
		return BuildResult{}, err
	}
	set, err := manifests.CollectFS(ctx, tree, manifests.Options{})
	if err != nil {
		return BuildResult{}, err
	}
	return v.build(ctx, set, opts.Repository)
}
