package oci_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/preflight"
	"github.com/kubeoci/oci/reference"
	"github.com/kubeoci/oci/registry"
)

func TestValidateRefuses(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	for _, tt := range []struct {
		name   string
		change func(*oci.BuildOptions)
		want   error
		text   string
		hint   string
	}{
		{
			"no source", func(o *oci.BuildOptions) { o.SourcePath = "" },
			oci.ErrSourcePathRequired, "source path is required", "set SourcePath to the directory that holds the manifests, or Source to a tree",
		},
		{
			"missing source", func(o *oci.BuildOptions) { o.SourcePath = missing },
			oci.ErrSourcePathNotFound, `source path does not exist: "` + missing + `"`, "",
		},
		{
			"a file as source", func(o *oci.BuildOptions) { o.SourcePath = "go.mod" },
			oci.ErrSourcePathNotDirectory, `source path is not a directory: "go.mod"`, "",
		},
		{
			"two sources", func(o *oci.BuildOptions) { o.Source = fstest.MapFS{} },
			oci.ErrTwoSources, "source is both a directory and a file system", "set one of SourcePath and Source; further trees go into Roots",
		},
		{
			"no endpoint", func(o *oci.BuildOptions) { o.RegistryEndpoint = " " },
			oci.ErrRegistryEndpointRequired, "registry endpoint is required", "set RegistryEndpoint to the registry, such as ghcr.io or localhost:5000",
		},
		{
			"endpoint with a path", func(o *oci.BuildOptions) { o.RegistryEndpoint = "ghcr.io/acme" },
			oci.ErrInvalidOCIFormat, `invalid OCI format in "ghcr.io/acme": has a path`,
			"write the registry alone in RegistryEndpoint and the path in Repository, or use WithReference for a whole oci:// reference",
		},
		{
			"endpoint with a password", func(o *oci.BuildOptions) { o.RegistryEndpoint = "https://user:s3cret@ghcr.io" },
			reference.ErrCredentialsInReference, `credentials do not belong in a reference: the text before "@" may be a password`, "",
		},
		{
			"endpoint of another scheme", func(o *oci.BuildOptions) { o.RegistryEndpoint = "ftp://ghcr.io" },
			oci.ErrInvalidOCIScheme, "", "",
		},
		{
			"illegal port", func(o *oci.BuildOptions) { o.RegistryEndpoint = "ghcr.io:99999" },
			oci.ErrInvalidPort, `invalid port "99999" in "ghcr.io:99999": not between 1 and 65535`, "",
		},
		{
			"nothing to derive a repository from", func(o *oci.BuildOptions) {
				o.SourcePath = t.TempDir() + "/日本"
				must(t, os.Mkdir(o.SourcePath, 0o755))
			},
			oci.ErrRepositoryRequired, "repository is required", `set Repository: none can be derived from "日本"`,
		},
		{
			"repository with the host", func(o *oci.BuildOptions) { o.Repository = "ghcr.io/acme/shop" },
			reference.ErrInvalidRepository, `invalid repository "ghcr.io/acme/shop": it begins with a host`,
			"the host belongs in RegistryEndpoint alone; Repository is the path below it",
		},
		{
			"repository that climbs", func(o *oci.BuildOptions) { o.Repository = "acme/../shop" },
			reference.ErrInvalidRepository, "", "",
		},
		{
			"repository with a tag", func(o *oci.BuildOptions) { o.Repository = "shop:v1" },
			reference.ErrInvalidRepository, "", "",
		},
		{
			"repository with an empty segment", func(o *oci.BuildOptions) { o.Repository = "acme//shop" },
			reference.ErrInvalidRepository, "", "",
		},
		{
			"repository with an escape", func(o *oci.BuildOptions) { o.Repository = "acme%2fshop" },
			reference.ErrInvalidRepository, "", "",
		},
		{
			"repository too long with its host", func(o *oci.BuildOptions) { o.Repository = strings.Repeat("a", 250) },
			reference.ErrInvalidRepository, "", "",
		},
		{
			"name that is a path", func(o *oci.BuildOptions) { o.Name = "../x" },
			oci.ErrInvalidArtifactName, `invalid artifact name: "../x"`,
			"set Name to letters, digits and inner hyphens, such as my-app, or leave it empty",
		},
		{
			"no version", func(o *oci.BuildOptions) { o.Version = "" },
			oci.ErrVersionRequired, "version is required", "set Version to the tag to push, such as 1.0.0",
		},
		{
			"illegal version", func(o *oci.BuildOptions) { o.Version = "1.2.3+build" },
			reference.ErrInvalidTag, `invalid tag "1.2.3+build": "+" is not allowed`, `write "1.2.3" without the build metadata: with a hyphen in front, version ranges would pass over it`,
		},
		{
			"digest as version", func(o *oci.BuildOptions) { o.Version = "sha256:abc" },
			reference.ErrInvalidTag, "", "a digest is the result of a push: set Version to a tag",
		},
		{
			"illegal further tag", func(o *oci.BuildOptions) { o.Tags = []string{"ok", ".bad"} },
			reference.ErrInvalidTag, "", "",
		},
		{
			"unknown engine", func(o *oci.BuildOptions) { o.GitOpsEngine = "Jenkins" },
			packager.ErrUnknownEngine, `unknown GitOps engine: "Jenkins" is not None, Flux or ArgoCD`, "set GitOpsEngine to None, Flux or ArgoCD",
		},
		{
			"user name alone", func(o *oci.BuildOptions) { o.Username = "user" },
			registry.ErrInvalidCredential, "invalid registry credential: a user name without a password",
			"set both Username and Password, or neither; a token without a user name goes into Registry.Credential",
		},
		{
			"password alone", func(o *oci.BuildOptions) { o.Password = "s3cret" },
			registry.ErrInvalidCredential, "invalid registry credential: a password without a user name",
			"set both Username and Password, or neither; a token without a user name goes into Registry.Credential",
		},
		{
			"two credentials", func(o *oci.BuildOptions) {
				o.Username, o.Password = "user", "s3cret"
				o.Registry.Credential = registry.Credential{AccessToken: "s3cret"}
			},
			registry.ErrInvalidCredential, "", "",
		},
		{
			"plain HTTP and https://", func(o *oci.BuildOptions) {
				o.RegistryEndpoint, o.Registry.Scheme = "https://ghcr.io", registry.SchemeHTTP
			},
			registry.ErrInvalidOptions, "", "",
		},
		{
			"Insecure and https://", func(o *oci.BuildOptions) {
				o.RegistryEndpoint, o.Insecure = "https://ghcr.io", true
			},
			oci.ErrInvalidOptions, "invalid registry options: Insecure together with https",
			"leave Insecure unset, or remove https:// from RegistryEndpoint and Registry.Scheme",
		},
		{
			"Insecure with a password", func(o *oci.BuildOptions) {
				o.Insecure, o.Username, o.Password = true, "user", "s3cret"
			},
			oci.ErrInvalidCredential, "", "",
		},
		{
			"line break in the repository", func(o *oci.BuildOptions) { o.Repository = "shop\n" },
			reference.ErrInvalidRepository, "", "",
		},
		{
			"unknown layout", func(o *oci.BuildOptions) { o.Layout = "twice" },
			packager.ErrUnknownLayout, "", "",
		},
		{
			"unknown policy", func(o *oci.BuildOptions) { o.Preflight.Policy = "maybe" },
			preflight.ErrUnknownPolicy, "", "",
		},
		{
			"pattern with a directory", func(o *oci.BuildOptions) { o.Collect.Include = []string{"base/*.env"} },
			manifests.ErrInvalidPattern, "", "",
		},
		{
			"illegal ignore rule", func(o *oci.BuildOptions) { o.Collect.Ignore = []string{"[a"} },
			manifests.ErrInvalidIgnore, "", "",
		},
		{
			"unknown symlink policy", func(o *oci.BuildOptions) { o.Collect.Symlinks = "keep" },
			manifests.ErrUnknownSymlinkPolicy, "", "",
		},
		{
			"illegal artifact type", func(o *oci.BuildOptions) { o.Pack.ArtifactType = "no media type" },
			packager.ErrInvalidArtifactType, "", "",
		},
		{
			"illegal compression level", func(o *oci.BuildOptions) { o.Pack.Level = 10 },
			packager.ErrInvalidLevel, "invalid compression level: 10 is not from 1 to 9", "",
		},
		{
			"prefix that is a path", func(o *oci.BuildOptions) { o.Pack.Prefix = "a/b" },
			packager.ErrInvalidPrefix, "", "",
		},
		{
			"annotation of the title", func(o *oci.BuildOptions) { o.Pack.Annotations = map[string]string{ocispec.AnnotationTitle: "x"} },
			packager.ErrInvalidAnnotation, `invalid annotation "org.opencontainers.image.title": Name sets it`, "set Name instead",
		},
		{
			"annotation of the creation time", func(o *oci.BuildOptions) { o.Pack.Annotations = map[string]string{ocispec.AnnotationCreated: "x"} },
			packager.ErrInvalidAnnotation, "", "",
		},
		{
			"creation time that cannot be written", func(o *oci.BuildOptions) { o.Pack.Created = time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC) },
			packager.ErrInvalidAnnotation, "", "",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			opts := validOptions(t)
			tt.change(&opts)
			v, err := opts.Validate()
			require.ErrorIs(t, err, tt.want)
			assert.Zero(t, v)
			assert.NotContains(t, err.Error(), "s3cret")
			if tt.text != "" {
				assert.EqualError(t, err, tt.text)
			}
			if tt.hint != "" {
				assert.Equal(t, tt.hint, oci.Hint(err))
			}
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	require.NoError(t, err)
}
