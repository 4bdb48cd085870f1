package oci_test

import (
	"context"
	"reflect"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/reference"
	"github.com/kubeoci/oci/registry"
)

// Every name that embedders write, with its exact type. It need not run: it does not
// compile if a name is missing or has another type.
var (
	_ error = oci.ErrSourcePathRequired
	_ error = oci.ErrSourcePathNotFound
	_ error = oci.ErrSourcePathNotDirectory
	_ error = oci.ErrRegistryEndpointRequired
	_ error = oci.ErrRepositoryRequired
	_ error = oci.ErrVersionRequired
	_ error = oci.ErrNoManifestFiles
	_ error = oci.ErrTwoSources
	_ error = oci.ErrInvalidArtifactName
	_ error = oci.ErrInvalidCredential
	_ error = oci.ErrInvalidOptions

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

	_ func(context.Context, oci.BuildOptions) (oci.BuildResult, error)                                         = oci.Build
	_ func(*oci.Builder, context.Context, oci.BuildOptions) (oci.BuildResult, error)                           = (*oci.Builder).Build
	_ func(*oci.Builder, context.Context, oci.EmptyBuildOptions) (oci.BuildResult, error)                      = (*oci.Builder).BuildEmpty
	_ func(*oci.Builder, context.Context, []oci.BuildOptions, oci.BuildAllOptions) (oci.BuildAllResult, error) = (*oci.Builder).BuildAll
	_ func(context.Context, []oci.BuildOptions, oci.BuildAllOptions) (oci.BuildAllResult, error)               = oci.BuildAll
	_ func(context.Context, oci.BuildOptions, ...string) ([]oci.BuildOptions, error)                           = oci.Workloads
	_ func(*oci.Builder)                                                                                       = (*oci.Builder).Close
	_ func(context.Context, oci.ArtifactExistsOptions) (bool, error)                                           = oci.ArtifactExists
	_ func(error) string                                                                                       = oci.Hint
	_ func(error) bool                                                                                         = oci.Retryable
	_ func() oci.WorkloadArtifactBuilder                                                                       = oci.NewWorkloadArtifactBuilder
	_ func() oci.RegistryVerifier                                                                              = oci.NewRegistryVerifier
	_ func(string) (*oci.Reference, error)                                                                     = oci.ParseReference
	_ func(context.Context, oci.VerifyOptions, time.Duration) error                                            = oci.VerifyRegistryAccessWithTimeout
	_ func(context.Context, oci.EmptyBuildOptions) (oci.BuildResult, error)                                    = oci.BuildEmpty
	_ func(oci.BuildOptions) (oci.ValidatedBuildOptions, error)                                                = oci.BuildOptions.Validate
	_ func(oci.EmptyBuildOptions) (oci.ValidatedEmptyBuildOptions, error)                                      = oci.EmptyBuildOptions.Validate
	_ func(*oci.Reference) string                                                                              = (*oci.Reference).FullRepository
	_ func(*oci.Reference) string                                                                              = (*oci.Reference).String
	_ func(oci.WorkloadArtifactBuilder, context.Context, oci.BuildOptions) (oci.BuildResult, error)            = oci.WorkloadArtifactBuilder.Build
	_ func(oci.RegistryVerifier, context.Context, oci.VerifyOptions) error                                     = oci.RegistryVerifier.VerifyAccess
)

// The types are those of the subpackages, so that values pass between them.
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
	_ = oci.ArtifactExistsOptions{RegistryEndpoint: text, Repository: text, Version: text, Username: text, Password: text, Insecure: yes}
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

// errors.Is works from either side only if both are one value.
func TestSentinelsAreThoseOfTheSubpackages(t *testing.T) {
	same := map[error]error{
		oci.ErrSourcePathRequired:       manifests.ErrPathRequired,
		oci.ErrSourcePathNotFound:       manifests.ErrPathNotFound,
		oci.ErrSourcePathNotDirectory:   manifests.ErrPathNotDirectory,
		oci.ErrTwoSources:               manifests.ErrTwoSources,
		oci.ErrNoManifestFiles:          manifests.ErrNoManifestFiles,
		oci.ErrInvalidOCIScheme:         reference.ErrInvalidOCIScheme,
		oci.ErrInvalidOCIFormat:         reference.ErrInvalidOCIFormat,
		oci.ErrInvalidPort:              reference.ErrInvalidPort,
		oci.ErrRegistryUnreachable:      registry.ErrUnreachable,
		oci.ErrRegistryAuthRequired:     registry.ErrAuthRequired,
		oci.ErrRegistryPermissionDenied: registry.ErrPermissionDenied,
		oci.ErrRegistryNotFound:         registry.ErrNotFound,
		oci.ErrRegistryTLSMismatch:      registry.ErrTLSMismatch,
		oci.ErrRegistryNotRegistry:      registry.ErrNotRegistry,
		oci.ErrRegistryTagConflict:      registry.ErrTagConflict,
		oci.ErrRegistryRateLimited:      registry.ErrRateLimited,
		oci.ErrRegistryTooLarge:         registry.ErrTooLarge,
		oci.ErrRegistryInvalid:          registry.ErrInvalid,
		oci.ErrRegistryUnsupported:      registry.ErrUnsupported,
		oci.ErrRegistryServer:           registry.ErrServer,
		oci.ErrRegistryCorrupt:          registry.ErrCorrupt,
		oci.ErrInvalidCredential:        registry.ErrInvalidCredential,
		oci.ErrInvalidOptions:           registry.ErrInvalidOptions,
	}
	assert.Len(t, same, 23, "two sentinels are one")
	for facade, own := range same {
		assert.Same(t, own, facade)
	}
}

func TestBuildOptionsStaySmall(t *testing.T) {
	exported := 0
	for _, field := range reflect.VisibleFields(reflect.TypeFor[oci.BuildOptions]()) {
		if field.IsExported() {
			exported++
		}
	}
	assert.LessOrEqual(t, exported, 20)
}

// The options of an empty artifact are those of a build without the source: a field of the
// same name has the same type.
func TestEmptyBuildOptionsShareTheirFields(t *testing.T) {
	build := reflect.TypeFor[oci.BuildOptions]()
	for _, field := range reflect.VisibleFields(reflect.TypeFor[oci.EmptyBuildOptions]()) {
		shared, found := build.FieldByName(field.Name)
		require.True(t, found, field.Name)
		assert.Equal(t, shared.Type, field.Type, field.Name)
		assert.Equal(t, shared.Tag, field.Tag, field.Name)
	}
}
