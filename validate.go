package oci

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"reflect"
	"slices"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/preflight"
	"github.com/kubeoci/oci/reference"
	"github.com/kubeoci/oci/registry"
)

// Validate checks the options and fills in the defaults. It reads nothing, except to
// find out whether the directories of SourcePath and Roots exist. o itself does not
// change.
//
// The error matches, by field:
//
//   - SourcePath, Source, Roots: [ErrSourcePathRequired], [ErrSourcePathNotFound],
//     [ErrSourcePathNotDirectory], [ErrTwoSources], [manifests.ErrInvalidName], or another
//     error of the file system
//   - RegistryEndpoint, Repository, Version, Tags: [ErrRegistryEndpointRequired],
//     [ErrRepositoryRequired], [ErrVersionRequired], [ErrInvalidOCIFormat],
//     [ErrInvalidOCIScheme], [ErrInvalidPort]
//   - Name: [ErrInvalidArtifactName]
//   - GitOpsEngine, Layout: [packager.ErrUnknownEngine], [packager.ErrUnknownLayout]
//   - Username, Password, Insecure, Registry, Push: [ErrInvalidCredential],
//     [ErrInvalidOptions]
//   - Collect, Pack, Preflight: the errors of [manifests.Options.Resolve],
//     [packager.Options.Validate] and [preflight.Options.Validate]
func (o BuildOptions) Validate() (ValidatedBuildOptions, error) {
	j, err := o.job()
	return ValidatedBuildOptions(j.opts), err
}

// Validate checks the options and fills in the defaults. The errors are those of
// [BuildOptions.Validate] for the fields that both have.
func (o EmptyBuildOptions) Validate() (ValidatedEmptyBuildOptions, error) {
	j, err := o.job()
	if err != nil {
		return ValidatedEmptyBuildOptions{}, err
	}
	copyShared(&o, j.opts)
	o.derivedName = j.opts.derivedName
	return ValidatedEmptyBuildOptions(o), nil
}

// defaultPrefix is the prefix of a tree that has no name. It is not derived from the
// repository, on which the digest must not depend.
const defaultPrefix = "manifests"

// job is a build whose options are valid, and the values parsed on the way.
type job struct {
	opts  BuildOptions
	ref   *Reference // where Version will be
	title string     // Name, if it was given
	// namespaces reports that preflight found an object of kind Namespace.
	namespaces bool
}

func (o BuildOptions) job() (job, error) {
	base, err := o.resolveSource()
	if err != nil {
		return job{}, err
	}
	if o.Collect, err = o.Collect.Resolve(); err != nil {
		return job{}, err
	}
	if o.Preflight.Policy, err = preflight.ParsePolicy(string(o.Preflight.Policy)); err != nil {
		return job{}, err
	}
	if err := o.Preflight.Validate(); err != nil {
		return job{}, err
	}
	o.Preflight.Paths, o.Preflight.Checkers = slices.Clone(o.Preflight.Paths), slices.Clone(o.Preflight.Checkers)
	return o.destination(base, defaultPrefix)
}

func (o EmptyBuildOptions) job() (job, error) {
	b := BuildOptions{Preflight: PreflightOptions{Policy: PreflightOff}} // it is meant to render nothing
	copyShared(&b, o)
	b.derivedName = o.derivedName
	return b.destination("", "")
}

// copyShared sets every exported field of the struct dst that src has under the same name.
func copyShared(dst, src any) {
	to, from := reflect.ValueOf(dst).Elem(), reflect.ValueOf(src)
	for i := range to.NumField() {
		if field := from.FieldByName(to.Type().Field(i).Name); field.IsValid() && to.Field(i).CanSet() {
			to.Field(i).Set(field)
		}
	}
}

// resolveSource checks the source and makes its directories absolute. It returns the
// base name of SourcePath, or "" without one.
func (o *BuildOptions) resolveSource() (base string, err error) {
	switch {
	case o.SourcePath != "" && o.Source != nil:
		return "", advise(ErrTwoSources, "set one of SourcePath and Source; further trees go into Roots")
	case o.SourcePath == "" && o.Source == nil && len(o.Roots) == 0:
		return "", advise(ErrSourcePathRequired, "set SourcePath to the directory that holds the manifests, or Source to a tree")
	}
	if o.SourcePath != "" {
		root, err := manifests.Root{Dir: o.SourcePath}.Resolve()
		if err != nil {
			return "", err
		}
		o.SourcePath, base = root.Dir, filepath.Base(root.Dir)
	}
	o.Roots = slices.Clone(o.Roots)
	for i, root := range o.Roots {
		if o.Roots[i], err = root.Resolve(); err != nil {
			return "", err
		}
	}
	return base, nil
}

// destination checks everything except the source. If they are not given, the repository
// is derived from base, and the prefix is base, Name, fallback or the last segment of the
// repository.
func (o BuildOptions) destination(base, fallback string) (job, error) {
	endpoint, connect, err := resolveRegistry(o.RegistryEndpoint, o.Username, o.Password, o.Insecure, o.Registry)
	if err != nil {
		return job{}, err
	}
	o.RegistryEndpoint, o.Registry = endpoint.String(), connect
	if o.Repository, err = repositoryName(trimBlanks(o.Repository), base, o.RegistryEndpoint); err != nil {
		return job{}, err
	}
	title, err := o.resolveName()
	if err != nil {
		return job{}, err
	}
	if err := o.Push.Validate(); err != nil {
		return job{}, err
	}
	o.Push.TagRules, o.Push.Steps = slices.Clone(o.Push.TagRules), slices.Clone(o.Push.Steps)
	o.Version = trimBlanks(o.Version)
	if o.Tags, err = o.resolveTags(); err != nil {
		return job{}, err
	}
	ref := &Reference{Host: endpoint.Host, Port: endpoint.Port, Repository: o.Repository, Ref: o.Version}
	if ref, err = reference.Parse(ref.String()); err != nil {
		return job{}, err // too long as a whole
	}
	if err := o.resolveLayout(cmp.Or(base, title, fallback, o.Name)); err != nil {
		return job{}, err
	}
	if err := o.resolvePack(); err != nil {
		return job{}, err
	}
	return job{opts: o, ref: ref, title: title}, nil
}

// resolveTags checks the tags, and returns those to set after Version.
func (o BuildOptions) resolveTags() ([]string, error) {
	switch {
	case !o.Push.DigestOnly:
		return distinctTags(o.Version, o.Tags)
	case o.Version != "" || len(o.Tags) > 0:
		return nil, advise(fmt.Errorf("%w: tags for a push that sets none", ErrInvalidOptions), "unset Push.DigestOnly, or leave Version and Tags empty")
	}
	return nil, nil
}

// resolveName normalises or derives Name. It returns the title to record, which is "" for a
// derived name: the digest must not depend on the repository.
func (o *BuildOptions) resolveName() (title string, err error) {
	given := trimBlanks(o.Name)
	if given == o.derivedName {
		given = ""
	}
	if title, err = artifactName(given); err != nil {
		return "", err
	}
	if o.Name = title; title == "" {
		o.derivedName = path.Base(o.Repository)
		o.Name = o.derivedName
	}
	return title, nil
}

// resolveLayout parses the engine and the layout, and fills in the prefix if the layout
// has one: with LayoutRoot the digest does not depend on a name.
func (o *BuildOptions) resolveLayout(prefix string) (err error) {
	if o.GitOpsEngine, err = packager.ParseGitOpsEngine(trimBlanks(string(o.GitOpsEngine))); err != nil {
		return err
	}
	if o.Layout, err = packager.ParseLayout(trimBlanks(string(o.Layout))); err != nil {
		return err
	}
	o.Layout = cmp.Or(o.Layout, o.GitOpsEngine.Layout())
	if o.Layout != LayoutRoot {
		o.Pack.Prefix = cmp.Or(o.Pack.Prefix, prefix)
	}
	return nil
}

func (o *BuildOptions) resolvePack() error {
	if _, taken := o.Pack.Annotations[ocispec.AnnotationTitle]; taken {
		return advise(&packager.AnnotationError{Key: ocispec.AnnotationTitle, Reason: "Name sets it"}, "set Name instead")
	}
	o.Pack.Annotations = maps.Clone(o.Pack.Annotations)
	return o.Pack.Validate(o.Layout)
}

// resolveRegistry parses an endpoint and completes the options of the connection with
// its scheme, the credential and insecure.
func resolveRegistry(endpoint, username, password string, insecure bool, opts RegistryOptions) (reference.Endpoint, RegistryOptions, error) {
	endpoint = trimBlanks(endpoint)
	if endpoint == "" {
		return reference.Endpoint{}, opts, advise(ErrRegistryEndpointRequired, "set RegistryEndpoint to the registry, such as ghcr.io or localhost:5000")
	}
	parsed, err := reference.ParseEndpoint(endpoint)
	if err != nil {
		return parsed, opts, err
	}
	if insecure {
		if opts.Scheme == registry.SchemeHTTPS || parsed.Scheme == string(registry.SchemeHTTPS) {
			return parsed, opts, advise(
				fmt.Errorf("%w: Insecure together with https", ErrInvalidOptions),
				"leave Insecure unset, or remove https:// from RegistryEndpoint and Registry.Scheme",
			)
		}
		opts.Scheme = registry.SchemeHTTP
	}
	if username = trimBlanks(username); username != "" || password != "" {
		given := registry.Credential{Username: username, Password: password}
		if !opts.Credential.IsZero() && opts.Credential != given {
			return parsed, opts, advise(
				fmt.Errorf("%w: given both as Username and Password and as Registry.Credential", ErrInvalidCredential),
				"set one of them",
			)
		}
		opts.Credential = given
	}
	opts.ClientCertificates = slices.Clone(opts.ClientCertificates)
	opts, err = opts.ForEndpoint(parsed)
	return parsed, opts, err
}
