package oci

import (
	"context"
	"io"
	"io/fs"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/preflight"
	"github.com/kubeoci/oci/reference"
	"github.com/kubeoci/oci/registry"
)

// GitOpsEngine names the engine that reads an artifact. The empty string means
// [GitOpsEngineNone].
type GitOpsEngine = packager.GitOpsEngine

const (
	// GitOpsEngineNone names no engine: the artifact is for both.
	GitOpsEngineNone = packager.GitOpsEngineNone
	// GitOpsEngineFlux is Flux, which reads an artifact as an OCIRepository.
	GitOpsEngineFlux = packager.GitOpsEngineFlux
	// GitOpsEngineArgoCD is Argo CD, which reads an artifact as an OCI source.
	GitOpsEngineArgoCD = packager.GitOpsEngineArgoCD
)

// Layout selects where the files lie in an artifact.
type Layout = packager.Layout

const (
	// LayoutRoot places the tree at the root, where both engines can read it.
	LayoutRoot = packager.LayoutRoot
	// LayoutPrefix places the tree in the directory Pack.Prefix.
	LayoutPrefix = packager.LayoutPrefix
	// LayoutBoth places the tree in both.
	LayoutBoth = packager.LayoutBoth
)

// EnginePaths are the paths under which the engines find the tree.
type EnginePaths = packager.EnginePaths

// Options of the stages, for the fields of [BuildOptions].
type (
	// CollectOptions select the files of a source.
	CollectOptions = manifests.Options
	// Root is a further tree and its place in the artifact.
	Root = manifests.Root
	// PackOptions select how files become an artifact.
	PackOptions = packager.Options
	// PreflightOptions select the policy and the path to check.
	PreflightOptions = preflight.Options
	// PushOptions select which tags may be moved.
	PushOptions = registry.PushOptions
	// RegistryOptions configure a connection.
	RegistryOptions = registry.Options
	// RegistryCredential is a credential for a registry.
	RegistryCredential = registry.Credential
)

// PreflightPolicy decides what happens to an artifact with findings.
type PreflightPolicy = preflight.Policy

const (
	// PreflightReport, the default, refuses an artifact with an error and reports all
	// other findings.
	PreflightReport = preflight.PolicyReport
	// PreflightEnforce refuses an artifact with a finding of PreflightOptions.Severity or
	// worse.
	PreflightEnforce = preflight.PolicyEnforce
	// PreflightOff checks nothing.
	PreflightOff = preflight.PolicyOff
)

// Finding describes a problem that preflight found.
type Finding = preflight.Finding

// Skipped is an entry of the source that is not in the artifact, and why.
type Skipped = manifests.Skipped

// Reference names an artifact in a registry.
type Reference = reference.Reference

// ParseReference parses oci://host[:port]/repository[/variant][:tag|@digest], with blanks
// around it trimmed. The empty string gives nil and no error; blanks alone are an error. See
// [reference.Parse].
func ParseReference(s string) (*Reference, error) {
	if trimmed := trimBlanks(s); trimmed != "" {
		s = trimmed
	}
	return reference.Parse(s)
}

// SourceFromReader reads all of r, multi-document YAML such as the output of a template
// engine on standard input, and returns it as a Source with one file. See
// [manifests.FromReader] for its name, its limit and the errors.
func SourceFromReader(ctx context.Context, r io.Reader) (fs.FS, error) {
	return manifests.FromReader(ctx, r)
}

// Cache remembers the compressed and the checked files of a tree, so that the next build
// of it processes changed files only. The result of a build does not depend on it.
//
// The zero value is ready to use and safe for concurrent use. It serves one tree; another
// tree replaces the content.
type Cache struct {
	// Layer holds compressed parts of the layer.
	Layer packager.Cache
	// Preflight holds the parsed objects of each file, and the findings.
	Preflight preflight.Cache
}
