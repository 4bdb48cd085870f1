package oci

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/kubeoci/oci/internal/redact"
	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/reference"
	"github.com/kubeoci/oci/registry"
)

// BuildOptions say what to build and where to push it. SourcePath,
// RegistryEndpoint and Version are required; the zero value of every other
// field is the default that its comment names.
type BuildOptions struct {
	// Name is the title of the artifact. Default: the last segment of
	// Repository. A name with other characters than those of a repository is
	// brought into that form.
	Name string
	// SourcePath is the directory that holds the manifests.
	SourcePath string
	// RegistryEndpoint is host[:port]. A scheme in front of it, http:// or
	// https://, says how to connect.
	RegistryEndpoint string
	// Repository is where to push to, below the endpoint. Default: the base
	// name of SourcePath. A legal repository is kept as it is; an illegal one is
	// brought into legal form, see BuildResult.RequestedRepository.
	Repository string
	// Version is the tag to push.
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
	// Include takes further files besides .yaml, .yml and .json: patterns for
	// their names, such as "*.properties". See [manifests.Options].
	Include []string
	// AllowEmptyFiles takes manifest files of no bytes, an error otherwise.
	AllowEmptyFiles bool
	// KeepTags refuses to move a tag that points to another manifest.
	KeepTags bool
	// Force pushes even if nothing changed.
	Force bool
	// Registry says how to connect. Its Credential must be empty where Username
	// is set.
	Registry RegistryOptions
	// OnEvent is told what happens, one event at a time, from the goroutine
	// that called Build.
	OnEvent func(Event) `json:"-"`
}

// ValidatedBuildOptions are BuildOptions in which every default is filled in
// and every field is well-formed: SourcePath is absolute, RegistryEndpoint is
// host[:port] without a scheme, Registry.PlainHTTP says whether that is spoken
// to without TLS, and Repository, Name, Version and Tags are legal.
type ValidatedBuildOptions BuildOptions

// Format keeps the password out of what fmt prints.
func (o BuildOptions) Format(f fmt.State, _ rune) { redact.Format(f, o) }

// Format keeps the password out of what fmt prints.
func (o ValidatedBuildOptions) Format(f fmt.State, _ rune) { redact.Format(f, o) }

// Validate checks the options and fills in the defaults. It reads nothing but
// whether SourcePath is a directory. The options themselves are not changed.
//
// Errors match [ErrSourcePathRequired], [ErrSourcePathNotFound],
// [ErrSourcePathNotDirectory], [ErrRegistryEndpointRequired],
// [ErrRepositoryRequired], [ErrVersionRequired], [ErrInvalidName],
// [ErrInvalidOCIFormat] (for the endpoint, the repository and the tags),
// [ErrInvalidOCIScheme], [ErrInvalidPort], [packager.ErrUnknownEngine],
// [packager.ErrInvalidPrefix], [packager.ErrInvalidAnnotation],
// [registry.ErrInvalidCredential] or [registry.ErrInvalidOptions].
func (o BuildOptions) Validate() (ValidatedBuildOptions, error) {
	source, err := manifests.SourceDir(o.SourcePath)
	if err != nil {
		return ValidatedBuildOptions{}, err
	}
	o.SourcePath = source
	base := filepath.Base(source)
	o.Prefix = cmp.Or(o.Prefix, base)
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
	o.Annotations = maps.Clone(o.Annotations)
	v := ValidatedBuildOptions(o)
	if err := v.checkPacking(); err != nil {
		return ValidatedBuildOptions{}, err
	}
	return v, nil
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
		if !opts.Credential.IsZero() {
			return "", opts, fmt.Errorf("%w: given twice, as user name and password and in the registry options", registry.ErrInvalidCredential)
		}
		opts.Credential = registry.Credential{Username: username, Password: password}
	}
	opts.PlainHTTP, err = opts.Validate(endpoint)
	return parsed.String(), opts, err
}

// newClient connects as connection has it: with the scheme written out, nothing
// is left to be decided again.
func newClient(endpoint string, opts RegistryOptions) (*registry.Client, error) {
	scheme := "https://"
	if opts.PlainHTTP {
		scheme = "http://"
	}
	return registry.NewClient(scheme+endpoint, opts)
}

// repositoryName keeps a legal name, and brings an illegal or derived one into
// legal form. What only looks like a repository, such as a path that climbs or
// a reference with a tag, is refused rather than made into another one.
func repositoryName(given, fallback string) (string, error) {
	if given == "" {
		name := reference.NormalizeRepository(fallback)
		if reference.CheckRepository(name) != nil {
			return "", &hintError{ErrRepositoryRequired, fmt.Sprintf("name one, since none follows from %.80q", fallback)}
		}
		return name, nil
	}
	err := reference.CheckRepository(given)
	if err == nil {
		return given, nil
	}
	if strings.ContainsAny(given, `:@%\?#`) || strings.ContainsFunc(given, unicode.IsControl) {
		return "", err
	}
	for segment := range strings.SplitSeq(given, "/") {
		if strings.Trim(segment, ".") == "" {
			return "", err
		}
	}
	name := reference.NormalizeRepository(given)
	if reference.CheckRepository(name) != nil {
		return "", err
	}
	return name, nil
}

func artifactReference(endpoint, repository, tag string) string {
	return "oci://" + endpoint + "/" + repository + ":" + tag
}

// artifactName is [repositoryName] for a single segment.
func artifactName(given, repository string) (string, error) {
	if given == "" {
		return path.Base(repository), nil
	}
	name := reference.NormalizeRepository(given)
	if name == "" || strings.ContainsAny(given, `/\`) || strings.ContainsFunc(given, unicode.IsControl) {
		return "", fmt.Errorf("%w: %.80q", ErrInvalidName, given)
	}
	return name, nil
}

// distinctTags checks the version and the further tags, and drops repetitions.
func distinctTags(version string, tags []string) ([]string, error) {
	if version == "" {
		return nil, &hintError{ErrVersionRequired, "name the tag to push, such as 1.0.0"}
	}
	if err := reference.CheckTag(version); err != nil {
		return nil, err
	}
	var further []string
	for _, tag := range tags {
		if err := reference.CheckTag(tag); err != nil {
			return nil, err
		}
		if tag != version && !slices.Contains(further, tag) {
			further = append(further, tag)
		}
	}
	return further, nil
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

func (v ValidatedBuildOptions) packOptions() packager.Options {
	annotations := map[string]string{
		ocispec.AnnotationTitle:   v.Name,
		ocispec.AnnotationVersion: v.Version,
	}
	maps.Copy(annotations, v.Annotations)
	return packager.Options{
		Engine:       v.GitOpsEngine,
		Prefix:       v.Prefix,
		Annotations:  annotations,
		Created:      v.Created,
		ArtifactType: v.ArtifactType,
	}
}

// hintError is a sentinel with advice.
type hintError struct {
	err  error
	hint string
}

func (e *hintError) Error() string { return e.err.Error() }

func (e *hintError) Unwrap() error { return e.err }

func (e *hintError) Hint() string { return e.hint }
