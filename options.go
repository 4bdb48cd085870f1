package oci

import "io/fs"

// BuildOptions describe a build: the source, the destination and, stage by stage,
// how to get from one to the other. RegistryEndpoint, Version and a source are
// required. The zero value of every other field is the default in its comment.
type BuildOptions struct {
	// Name is the title to record in the artifact. Text that is not one segment of a
	// repository, such as "org/My App", is normalised ("org-my-app"). By default
	// nothing is recorded, and the result names the artifact after the last segment
	// of Repository.
	Name string
	// SourcePath is the directory that holds the manifests. A build needs exactly one
	// of SourcePath and Source, or Roots alone.
	SourcePath string
	// RegistryEndpoint is host[:port]. A scheme before it, http:// or https://, selects
	// the protocol; see [registry.Options.Scheme] for the default.
	RegistryEndpoint string
	// Repository is the path below the endpoint. A legal one is kept. Upper-case letters,
	// blanks and other characters are normalised, see BuildResult.RequestedRepository; the
	// host of RegistryEndpoint, a port, a tag, a digest and empty segments are refused.
	// Default: the base name of SourcePath.
	Repository string
	// Version is the tag to push. It is not recorded in the artifact. It is empty if
	// Push.DigestOnly is set.
	Version string
	// GitOpsEngine names the engine that reads the artifact. GitOpsEngineNone, the
	// default, means both.
	GitOpsEngine GitOpsEngine
	// Username and Password are the credential: both or none. Default: the credential
	// that Registry finds, or none.
	Username string
	Password string `json:"-"`

	// Source is a tree in place of SourcePath, such as the result of [SourceFromReader].
	// It must not change during the build, and must be safe for concurrent use. An embed.FS
	// keeps the name of the embedded directory: pass fs.Sub(files, "deploy").
	Source fs.FS `json:"-"`
	// Roots are further trees. Each is placed in the directory Root.Path of the
	// artifact; see [manifests.CollectRoots].
	Roots []Root
	// Layout selects where the files lie in the artifact. Default: the layout of
	// GitOpsEngine, which is LayoutRoot for Flux, LayoutPrefix for Argo CD and
	// LayoutBoth for GitOpsEngineNone.
	Layout Layout
	// Tags are set after Version, in this order.
	Tags []string
	// Insecure selects plain HTTP. Certificates are still verified where TLS is used,
	// there is no fall-back, and no credential is sent over plain HTTP to a host that
	// is not loopback unless Registry.AllowPlainHTTPCredentials is set. Together with
	// https:// it is ErrInvalidOptions.
	Insecure bool
	// Collect selects files and sets limits.
	Collect CollectOptions
	// Pack selects annotations, compression and the prefix of the layout. Default of
	// Pack.Prefix: the base name of SourcePath, or without one Name or "manifests".
	Pack PackOptions
	// Preflight decides what happens to an artifact that an engine would refuse, or
	// render otherwise than expected. By default certain failures are errors and
	// everything else is reported.
	Preflight PreflightOptions
	// Push decides which tags may be moved. Push.OnEvent is called in addition to
	// OnEvent.
	Push PushOptions
	// Registry configures the connection. If Username and Password are set,
	// Registry.Credential must be empty or the same.
	Registry RegistryOptions
	// Cache makes repeated builds of the same tree compress and check only changed
	// files. The result does not depend on it. Default: none.
	Cache *Cache `json:"-"`
	// OnEvent receives the progress of the build or plan before Build or Plan returns, as
	// [registry.Event] describes.
	OnEvent func(Event) `json:"-"`

	derivedName string // the Name that Validate filled in, which is not recorded
}

// EmptyBuildOptions are [BuildOptions] without a source, for an artifact that
// renders to nothing on purpose. RegistryEndpoint, Repository and Version are
// required. Every field means the same as in BuildOptions, except that the default of
// Pack.Prefix is Name or the last segment of Repository.
type EmptyBuildOptions struct {
	Name             string
	RegistryEndpoint string
	Repository       string
	Version          string
	GitOpsEngine     GitOpsEngine
	Username         string
	Password         string `json:"-"`

	Layout   Layout
	Tags     []string
	Insecure bool
	Pack     PackOptions
	Push     PushOptions
	Registry RegistryOptions
	OnEvent  func(Event) `json:"-"`

	derivedName string
}

// ValidatedBuildOptions are BuildOptions in which every field is well-formed and has its
// default: SourcePath is absolute, RegistryEndpoint is host[:port] without a scheme,
// Registry.Scheme has the scheme of the connection, and Repository, Name, Version and Tags
// are legal. Collect has its limits; the numbers in the options of other stages stay zero.
// Validating them again, or building from them, gives the same result as the options before.
// In JSON, a Name that was derived is empty, so that a later build does not record it.
type ValidatedBuildOptions BuildOptions

// ValidatedEmptyBuildOptions are EmptyBuildOptions in which every default is filled in
// and every field is well-formed, as in [ValidatedBuildOptions].
type ValidatedEmptyBuildOptions EmptyBuildOptions

// WithReference returns o with RegistryEndpoint, Repository and Version from ref: its
// registry, its repository and variant, and its tag. A nil ref changes nothing. A digest
// is refused by Validate, because a digest cannot be pushed to.
func (o BuildOptions) WithReference(ref *Reference) BuildOptions {
	fillReference(ref, &o.RegistryEndpoint, &o.Repository, &o.Version)
	return o
}

// WithReference is [BuildOptions.WithReference].
func (o EmptyBuildOptions) WithReference(ref *Reference) EmptyBuildOptions {
	fillReference(ref, &o.RegistryEndpoint, &o.Repository, &o.Version)
	return o
}

func fillReference(ref *Reference, endpoint, repository, version *string) {
	if ref != nil {
		*endpoint, *repository, *version = ref.Registry(), ref.FullRepository(), ref.Ref
	}
}
