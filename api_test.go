package oci_test

import (
	"context"
	"reflect"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/stretchr/testify/assert"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/reference"
	"github.com/kubeoci/oci/registry"
)

// Every name that embedders write, with its exact type. This need not run: it
// does not compile where one is gone or has changed.
var (
	_ error = oci.ErrSourcePathRequired
	_ error = oci.ErrSourcePathNotFound
	_ error = oci.ErrSourcePathNotDirectory
	_ error = oci.ErrRegistryEndpointRequired
	_ error = oci.ErrRepositoryRequired
	_ error = oci.ErrVersionRequired
	_ error = oci.ErrNoManifestFiles
	_ error = oci.ErrInvalidName

	_ error = oci.ErrInvalidOCIScheme
	_ error = oci.ErrInvalidOCIFormat
	_ error = oci.ErrInvalidPort

	_ error = oci.ErrRegistryUnreachable
	_ error = oci.ErrRegistryAuthRequired
	_ error = oci.ErrRegistryPermissionDenied
	_ error = oci.ErrRegistryNotFound

	_ oci.GitOpsEngine = oci.GitOpsEngineNone
	_ oci.GitOpsEngine = oci.GitOpsEngineFlux
	_ oci.GitOpsEngine = oci.GitOpsEngineArgoCD

	_ func() oci.WorkloadArtifactBuilder                                                            = oci.NewWorkloadArtifactBuilder
	_ func() oci.RegistryVerifier                                                                   = oci.NewRegistryVerifier
	_ func(string) (*oci.Reference, error)                                                          = oci.ParseReference
	_ func(context.Context, oci.VerifyOptions, time.Duration) error                                 = oci.VerifyRegistryAccessWithTimeout
	_ func(context.Context, oci.EmptyBuildOptions) (oci.BuildResult, error)                         = oci.BuildEmpty
	_ func(oci.BuildOptions) (oci.ValidatedBuildOptions, error)                                     = oci.BuildOptions.Validate
	_ func(oci.EmptyBuildOptions) (oci.ValidatedEmptyBuildOptions, error)                           = oci.EmptyBuildOptions.Validate
	_ func(*oci.Reference) string                                                                   = (*oci.Reference).FullRepository
	_ func(*oci.Reference) string                                                                   = (*oci.Reference).String
	_ func(oci.WorkloadArtifactBuilder, context.Context, oci.BuildOptions) (oci.BuildResult, error) = oci.WorkloadArtifactBuilder.Build
	_ func(oci.RegistryVerifier, context.Context, oci.VerifyOptions) error                          = oci.RegistryVerifier.VerifyAccess
)

// The types are the subpackages' own, so that values pass between them.
var (
	_ *reference.Reference  = (*oci.Reference)(nil)
	_ packager.GitOpsEngine = oci.GitOpsEngine("")
	_ packager.EnginePaths  = oci.EnginePaths{}
	_ registry.Options      = oci.RegistryOptions{}
	_ registry.Credential   = oci.RegistryCredential{}
	_ manifests.Skipped     = oci.Skipped{}
)

// Fields, assigned from variables: unlike a constant, these fit one type only.
var (
	text   string
	engine oci.GitOpsEngine
	port   int32
	yes    bool

	_ = oci.BuildOptions{
		Name: text, SourcePath: text, RegistryEndpoint: text, Repository: text, Version: text,
		GitOpsEngine: engine, Username: text, Password: text,
	}
	_ = oci.EmptyBuildOptions{
		Name: text, RegistryEndpoint: text, Repository: text, Version: text,
		GitOpsEngine: engine, Username: text, Password: text,
	}
	_ = oci.OCIArtifact{
		Name: text, Version: text, RegistryEndpoint: text, Repository: text, Tag: text, SourcePath: text,
		CreatedAt: time.Time{}, Digest: digest.Digest(text), MediaType: text, Paths: oci.EnginePaths{Flux: text, ArgoCD: text},
	}
	_ = oci.BuildResult{Artifact: oci.OCIArtifact{}}
	_ = oci.VerifyOptions{RegistryEndpoint: text, Repository: text, Username: text, Password: text, Insecure: yes}
	_ = oci.Reference{Host: text, Port: port, Repository: text, Variant: text, Ref: text}
)

func TestInterfacesAreFrozen(t *testing.T) {
	assert.Equal(t, 1, reflect.TypeFor[oci.WorkloadArtifactBuilder]().NumMethod())
	assert.Equal(t, 1, reflect.TypeFor[oci.RegistryVerifier]().NumMethod())
}

func TestValidatedOptionsHaveTheSameFields(t *testing.T) {
	assert.True(t, reflect.TypeFor[oci.BuildOptions]().ConvertibleTo(reflect.TypeFor[oci.ValidatedBuildOptions]()))
	assert.True(t, reflect.TypeFor[oci.EmptyBuildOptions]().ConvertibleTo(reflect.TypeFor[oci.ValidatedEmptyBuildOptions]()))
}

// errors.Is works from either side only if the values are one.
func TestSentinelsAreThoseOfTheSubpackages(t *testing.T) {
	same := map[error]error{
		oci.ErrSourcePathRequired:       manifests.ErrPathRequired,
		oci.ErrSourcePathNotFound:       manifests.ErrPathNotFound,
		oci.ErrSourcePathNotDirectory:   manifests.ErrPathNotDirectory,
		oci.ErrNoManifestFiles:          manifests.ErrNoManifestFiles,
		oci.ErrInvalidOCIScheme:         reference.ErrInvalidOCIScheme,
		oci.ErrInvalidOCIFormat:         reference.ErrInvalidOCIFormat,
		oci.ErrInvalidPort:              reference.ErrInvalidPort,
		oci.ErrRegistryUnreachable:      registry.ErrUnreachable,
		oci.ErrRegistryAuthRequired:     registry.ErrAuthRequired,
		oci.ErrRegistryPermissionDenied: registry.ErrPermissionDenied,
		oci.ErrRegistryNotFound:         registry.ErrNotFound,
		oci.ErrTagConflict:              registry.ErrTagConflict,
	}
	assert.Len(t, same, 12, "two sentinels are one")
	for facade, own := range same {
		assert.Same(t, own, facade)
	}
}
