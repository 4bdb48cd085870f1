package oci

import (
	"errors"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/reference"
	"github.com/kubeoci/oci/registry"
)

// What is wrong with the options of a build. All of it is found before
// anything is read or sent, except [ErrNoManifestFiles].
var (
	// ErrSourcePathRequired reports options without a source path.
	ErrSourcePathRequired = manifests.ErrPathRequired
	// ErrSourcePathNotFound reports a source path that does not exist.
	ErrSourcePathNotFound = manifests.ErrPathNotFound
	// ErrSourcePathNotDirectory reports a source path that is no directory.
	ErrSourcePathNotDirectory = manifests.ErrPathNotDirectory
	// ErrNoManifestFiles reports a source directory without manifests.
	ErrNoManifestFiles = manifests.ErrNoManifestFiles

	// ErrRegistryEndpointRequired reports options without a registry.
	ErrRegistryEndpointRequired = errors.New("registry endpoint is required")
	// ErrRepositoryRequired reports options from which no repository follows.
	ErrRepositoryRequired = errors.New("repository is required")
	// ErrVersionRequired reports options without a version.
	ErrVersionRequired = errors.New("version is required")
	// ErrInvalidPath reports a path that leads out of the source directory.
	ErrInvalidPath = errors.New("invalid path")
	// ErrInvalidName reports a name that no artifact can have.
	ErrInvalidName = errors.New("invalid artifact name")
)

// What is wrong with a reference or a part of one. See package reference for
// finer distinctions: an illegal host, repository, tag or digest matches
// ErrInvalidOCIFormat and a sentinel of its own.
var (
	// ErrInvalidOCIScheme reports a scheme other than oci://, or, for an
	// endpoint, other than http, https and oci.
	ErrInvalidOCIScheme = reference.ErrInvalidOCIScheme
	// ErrInvalidOCIFormat reports text that has not the form of a reference, or
	// a part of one that is illegal.
	ErrInvalidOCIFormat = reference.ErrInvalidOCIFormat
	// ErrInvalidPort reports a port that is not between 1 and 65535.
	ErrInvalidPort = reference.ErrInvalidPort
)

// What a registry's refusal, or its silence, comes down to.
var (
	// ErrRegistryUnreachable reports that no registry answered.
	ErrRegistryUnreachable = registry.ErrUnreachable
	// ErrRegistryAuthRequired reports that there was no credential.
	ErrRegistryAuthRequired = registry.ErrAuthRequired
	// ErrRegistryPermissionDenied reports that the credential, or what its
	// owner wanted to do, was refused.
	ErrRegistryPermissionDenied = registry.ErrPermissionDenied
	// ErrRegistryNotFound reports a repository or reference that does not exist.
	ErrRegistryNotFound = registry.ErrNotFound
	// ErrTagConflict reports a tag that was not to be moved, and would have to.
	ErrTagConflict = registry.ErrTagConflict
)

// GitOpsEngine is the engine an artifact is laid out for. The empty string
// means [GitOpsEngineNone].
type GitOpsEngine = packager.GitOpsEngine

const (
	// GitOpsEngineNone lays the tree out at the root and under the prefix.
	GitOpsEngineNone = packager.GitOpsEngineNone
	// GitOpsEngineFlux lays the tree out at the root.
	GitOpsEngineFlux = packager.GitOpsEngineFlux
	// GitOpsEngineArgoCD lays the tree out under the prefix.
	GitOpsEngineArgoCD = packager.GitOpsEngineArgoCD
)

// EnginePaths are the paths under which the engines find the tree.
type EnginePaths = packager.EnginePaths

// Reference names an artifact in a registry.
type Reference = reference.Reference

// ParseReference parses oci://host[:port]/repository[/variant][:tag|@digest].
// The empty string gives nil and no error. See [reference.Parse].
func ParseReference(s string) (*Reference, error) { return reference.Parse(s) }

// RegistryOptions say how to connect to a registry.
type RegistryOptions = registry.Options

// RegistryCredential is what a registry is shown.
type RegistryCredential = registry.Credential

// Skipped is an entry of the source directory that was left out.
type Skipped = manifests.Skipped
