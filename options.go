package oci

import (
	"cmp"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/kubeoci/oci/internal/redact"
	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/preflight"
	"github.com/kubeoci/oci/reference"
	"github.com/kubeoci/oci/registry"
)

// BuildOptions say what to build and where to push it. SourcePath,
// RegistryEndpoint and Version are required; the zero value of every other
// field is the default that its comment names.
type BuildOptions struct {
	// Name is the title of the artifact. Default: the last segment of
	// Repository. A name that could not be such a segment is brought into that
	// form.
	Name string
	// SourcePath is the directory that holds the manifests. Its base name is the
	// default of Repository and Prefix: set these where it differs between
	// checkouts.
	SourcePath string
	// RegistryEndpoint is host[:port]. A scheme in front of it, http:// or
	// https://, says how to connect.
	RegistryEndpoint string
	// Repository is where to push to, below the endpoint. Default: the base
	// name of SourcePath. A legal repository is kept as it is; an illegal one is
	// brought into legal form, see BuildResult.RequestedRepository.
	Repository string
	// Version is the tag to push. It is recorded in the artifact, as Name is.
	Version string
	// GitOpsEngine selects the layout. Default: GitOpsEngineNone.
	GitOpsEngine GitOpsEngine
	// Username and Password are the credential, both or none. Default: what
	// Registry says.
	Username string
	Password string `json:"-"`

	// Tags are set in addition to Version, in this order and after it.
	Tags []string
	// Prefix is the folder under which GitOpsEngineArgoCD and GitOpsEngineNone
	// put the tree. Default: the base name of SourcePath.
	Prefix string
	// Annotations are added to the manifest. The keys of the creation time, the
	// title and the version are refused: Created, Name and Version set them.
	Annotations map[string]string
	// Created is the creation time to record. Default: the Unix epoch, so that
	// the same files give the same digest.
	Created time.Time
	// ArtifactType is the manifest's artifactType. Default: none.
	ArtifactType string
	// Include takes further files besides .yaml, .yml, .json and what
	// kustomizations name: patterns for their names, such as "*.properties". See
	// [manifests.Options].
	Include []string
	// Ignore leaves files and folders out, as rules in a .sourceignore file at the
	// root of SourcePath would, and wins over those. Such files are obeyed in any
	// folder. See [manifests.Options].
	Ignore []string
	// Roots are further trees, each of which is put into the folder of its Path
	// below what is in SourcePath: see [manifests.CollectRoots].
	Roots []manifests.Root
	// IgnoreFluxDefaults leaves out what Flux would leave out by default: see
	// [manifests.Options].
	IgnoreFluxDefaults bool
	// Symlinks says what to do about symbolic links. Default:
	// [manifests.SymlinksFollow], which takes those that stay inside SourcePath
	// and refuses the others.
	Symlinks manifests.SymlinkPolicy
	// SkipSpecial leaves out FIFOs, sockets and devices with a manifest's name, an
	// error otherwise.
	SkipSpecial bool
	// AllowEmptyFiles takes manifest files of no bytes, an error otherwise.
	AllowEmptyFiles bool
	// CompressionLevel is how hard to compress, from 1, the fastest, to 9.
	// Default: [packager.DefaultLevel].
	CompressionLevel int
	// Cache lets whoever builds from the same directory again and again, within
	// one process, compress and check only what changed. Default: none.
	Cache *Cache `json:"-"`
	// ImmutableTags refuses to move a tag that points to another manifest, with
	// ErrTagConflict.
	ImmutableTags bool
	// Force pushes even if nothing changed.
	Force bool
	// Path is the folder in the source directory that an engine is to render,
	// such as "clusters/production", for a tree that holds more. Default: all of
	// it. It changes nothing in the artifact.
	Path string
	// Preflight says what to do about what an engine would refuse, or render
	// otherwise than expected. Default: PreflightReport.
	Preflight PreflightPolicy
	// PreflightSeverity is from where on PreflightEnforce refuses. Default:
	// preflight.Warning.
	PreflightSeverity preflight.Severity
	// Registry says how to connect. Its Credential must be that of Username and
	// Password, or empty, where those are set.
	Registry RegistryOptions
	// OnEvent is told what happens, one event at a time and before Build returns,
	// but from several goroutines.
	OnEvent func(Event) `json:"-"`
}

// ValidatedBuildOptions are BuildOptions in which every default is filled in
// and every field is well-formed: SourcePath is absolute, RegistryEndpoint is
// host[:port] without a scheme, Scheme is set in Registry, and
// Repository, Name, Version and Tags are legal. To validate them again changes
// nothing.
type ValidatedBuildOptions BuildOptions

// Format keeps the password out of what fmt prints.
func (o BuildOptions) Format(f fmt.State, _ rune) {
	o.RegistryEndpoint = printable(o.RegistryEndpoint)
	redact.Format(f, o)
}

// Format keeps the password out of what fmt prints.
func (o ValidatedBuildOptions) Format(f fmt.State, _ rune) {
	o.RegistryEndpoint = printable(o.RegistryEndpoint)
	redact.Format(f, o)
}

// printable is an endpoint unless it may hold a password, which package reference
// refuses as well.
func printable(endpoint string) string {
	if strings.ContainsAny(endpoint, "@%?") {
		return "[redacted]"
	}
	return endpoint
}

// Validate checks the options and fills in the defaults. It reads nothing but
// whether SourcePath is a directory. The options themselves are not changed.
//
// Errors match [ErrSourcePathRequired], [ErrSourcePathNotFound],
// [ErrSourcePathNotDirectory], [ErrRegistryEndpointRequired],
// [ErrRepositoryRequired], [ErrVersionRequired], [ErrInvalidName],
// [ErrInvalidOCIFormat] (for the endpoint, the repository and the tags),
// [ErrInvalidOCIScheme], [ErrInvalidPort], [packager.ErrUnknownEngine],
// [packager.ErrInvalidPrefix], [packager.ErrInvalidAnnotation],
// [packager.ErrInvalidArtifactType], [packager.ErrInvalidLevel],
// [manifests.ErrInvalidPattern], [manifests.ErrInvalidIgnore],
// [manifests.ErrUnknownSymlinkPolicy],
// [manifests.ErrInvalidName] (for the path of a root), [ErrInvalidPath], [ErrUnknownPolicy], [preflight.ErrUnknownSeverity],
// [registry.ErrInvalidCredential] or [registry.ErrInvalidOptions].
func (o BuildOptions) Validate() (ValidatedBuildOptions, error) {
	root, err := manifests.Root{Dir: o.SourcePath}.Resolve()
	if err != nil {
		return ValidatedBuildOptions{}, err
	}
	source := root.Dir
	o.SourcePath = source
	if o.Roots, err = validRoots(o.Roots); err != nil {
		return ValidatedBuildOptions{}, err
	}
	base := filepath.Base(source)
	o.Prefix = cmp.Or(o.Prefix, base)
	o.Symlinks = cmp.Or(o.Symlinks, manifests.SymlinksFollow)
	return o.validateTarget(base)
}

// validateTarget checks all but the source. The repository is derived from
// fallback where none is given.
func (o BuildOptions) validateTarget(fallback string) (_ ValidatedBuildOptions, err error) {
	if o.RegistryEndpoint, o.Registry, err = connection(o.RegistryEndpoint, o.Username, o.Password, o.Registry); err != nil {
		return ValidatedBuildOptions{}, err
	}
	if o.Repository, err = repositoryName(o.Repository, fallback); err != nil {
		return ValidatedBuildOptions{}, err
	}
	if o.Name, err = artifactName(o.Name, o.Repository); err != nil {
		return ValidatedBuildOptions{}, err
	}
	if o.Tags, err = distinctTags(o.Version, o.Tags); err != nil {
		return ValidatedBuildOptions{}, err
	}
	if _, err := reference.Parse(artifactReference(o.RegistryEndpoint, o.Repository, o.Version)); err != nil {
		return ValidatedBuildOptions{}, err // too long in all
	}
	if o.GitOpsEngine, err = packager.ParseGitOpsEngine(string(o.GitOpsEngine)); err != nil {
		return ValidatedBuildOptions{}, err
	}
	if o.Path = path.Clean(cmp.Or(filepath.ToSlash(o.Path), ".")); !fs.ValidPath(o.Path) {
		return ValidatedBuildOptions{}, fmt.Errorf("%w: %.80q is not below the source directory", ErrInvalidPath, o.Path)
	}
	if o.Preflight, err = ParsePreflightPolicy(string(o.Preflight)); err != nil {
		return ValidatedBuildOptions{}, err
	}
	if o.PreflightSeverity != 0 && o.PreflightSeverity.String() == "" {
		return ValidatedBuildOptions{}, fmt.Errorf("%w: %d", preflight.ErrUnknownSeverity, o.PreflightSeverity)
	}
	o.Annotations = maps.Clone(o.Annotations)
	o.Include, o.Ignore = slices.Clone(o.Include), slices.Clone(o.Ignore)
	v := ValidatedBuildOptions(o)
	if _, err := v.collectOptions().Resolve(); err != nil {
		return ValidatedBuildOptions{}, err
	}
	if err := v.checkPacking(); err != nil {
		return ValidatedBuildOptions{}, err
	}
	return v, nil
}

// validRoots checks the roots and makes their directories absolute.
func validRoots(roots []manifests.Root) ([]manifests.Root, error) {
	roots = slices.Clone(roots)
	for i, r := range roots {
		var err error
		if roots[i], err = r.Resolve(); err != nil {
			return nil, err
		}
	}
	return roots, nil
}

// connection splits an endpoint into host[:port] and how to connect to it.
func connection(endpoint, username, password string, opts RegistryOptions) (string, RegistryOptions, error) {
	if strings.TrimSpace(endpoint) == "" {
		return "", opts, &hintError{ErrRegistryEndpointRequired, "name the registry, such as ghcr.io or localhost:5000"}
	}
	parsed, err := reference.ParseEndpoint(endpoint)
	if err != nil {
		return "", opts, err
	}
	if username != "" || password != "" {
		given := registry.Credential{Username: username, Password: password}
		if !opts.Credential.IsZero() && opts.Credential != given {
			return "", opts, fmt.Errorf("%w: given twice, as user name and password and in the registry options", registry.ErrInvalidCredential)
		}
		opts.Credential = given
	}
	opts.ClientCertificates = slices.Clone(opts.ClientCertificates)
	opts, err = opts.ForEndpoint(endpoint)
	return parsed.String(), opts, err
}

// checkPacking finds what packing would refuse, and annotations that are taken.
func (v ValidatedBuildOptions) checkPacking() error {
	for _, key := range []string{ocispec.AnnotationTitle, ocispec.AnnotationVersion} {
		if _, taken := v.Annotations[key]; taken {
			return &packager.AnnotationError{Key: key, Reason: "an option of its own sets it"}
		}
	}
	return v.packOptions().Validate()
}

// roots are all trees, that of SourcePath first.
func (v ValidatedBuildOptions) roots() []manifests.Root {
	return append([]manifests.Root{{Dir: v.SourcePath}}, v.Roots...)
}

func (v ValidatedBuildOptions) collectOptions() manifests.Options {
	return manifests.Options{
		Include:            v.Include,
		Ignore:             v.Ignore,
		IgnoreFluxDefaults: v.IgnoreFluxDefaults,
		Symlinks:           v.Symlinks,
		SkipSpecial:        v.SkipSpecial,
		AllowEmptyFiles:    v.AllowEmptyFiles,
	}
}

func (v ValidatedBuildOptions) packOptions() packager.Options {
	annotations := map[string]string{
		ocispec.AnnotationTitle:   v.Name,
		ocispec.AnnotationVersion: v.Version,
	}
	maps.Copy(annotations, v.Annotations)
	opts := packager.Options{
		Engine:       v.GitOpsEngine,
		Prefix:       v.Prefix,
		Annotations:  annotations,
		Created:      v.Created,
		ArtifactType: v.ArtifactType,
		Level:        v.CompressionLevel,
	}
	if v.Cache != nil {
		opts.Cache = &v.Cache.Layer
	}
	return opts
}
