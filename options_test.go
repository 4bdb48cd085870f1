package oci_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/reference"
	"github.com/kubeoci/oci/registry"
)

// validOptions are as few as there can be.
func validOptions(t *testing.T) oci.BuildOptions {
	t.Helper()
	return oci.BuildOptions{
		SourcePath:       tree(t, map[string]string{"cm.yaml": configMap}),
		RegistryEndpoint: "ghcr.io",
		Version:          "1.0.0",
	}
}

func TestValidateFillsInDefaults(t *testing.T) {
	opts := validOptions(t)
	v, err := opts.Validate()
	require.NoError(t, err)

	assert.Equal(t, opts.SourcePath, v.SourcePath)
	assert.Equal(t, "ghcr.io", v.RegistryEndpoint)
	assert.Equal(t, "app", v.Repository)
	assert.Equal(t, "app", v.Name)
	assert.Equal(t, "app", v.Prefix)
	assert.Equal(t, oci.GitOpsEngineNone, v.GitOpsEngine)
	assert.False(t, v.Registry.Scheme == registry.SchemeHTTP)
	assert.Empty(t, opts.Name, "the options themselves changed")
}

func TestValidateMakesSourcePathAbsolute(t *testing.T) {
	opts := validOptions(t)
	t.Chdir(filepath.Dir(opts.SourcePath))
	want := opts.SourcePath
	for _, path := range []string{"app", "./app", "app/", "app/../app"} {
		opts.SourcePath = path
		v, err := opts.Validate()
		require.NoError(t, err, path)
		assert.Equal(t, want, v.SourcePath, path)
	}
	t.Chdir(want)
	opts.SourcePath = "."
	v, err := opts.Validate()
	require.NoError(t, err)
	assert.Equal(t, want, v.SourcePath)
	assert.Equal(t, "app", v.Repository, "the name of the folder, not of the path")
}

func TestValidateEndpoint(t *testing.T) {
	for _, tt := range []struct {
		name, endpoint, want string
		plainHTTP            bool
	}{
		{"a host", "ghcr.io", "ghcr.io", false},
		{"a host and port", "registry.example.com:5000", "registry.example.com:5000", false},
		{"https", "https://registry.example.com:5000/", "registry.example.com:5000", false},
		{"http", "http://registry.example.com", "registry.example.com", true},
		{"oci says nothing about TLS", "oci://registry.example.com", "registry.example.com", false},
		{"localhost", "localhost:5000", "localhost:5000", true},
		{"loopback address", "127.0.0.2:5000", "127.0.0.2:5000", true},
		{"IPv6 loopback", "[::1]:5000", "[::1]:5000", true},
		{"https on loopback", "https://localhost:5000", "localhost:5000", false},
		{"another host that looks alike", "localhost.example.com", "localhost.example.com", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			opts := validOptions(t)
			opts.RegistryEndpoint = tt.endpoint
			v, err := opts.Validate()
			require.NoError(t, err)
			assert.Equal(t, tt.want, v.RegistryEndpoint)
			assert.Equal(t, tt.plainHTTP, v.Registry.Scheme == registry.SchemeHTTP)
		})
	}
}

func TestValidateRepository(t *testing.T) {
	for _, tt := range []struct{ name, folder, given, want string }{
		{"a legal one is kept", "app", "acme/shop_v2.x/a-b", "acme/shop_v2.x/a-b"},
		{"one letter is legal", "app", "a", "a"},
		{"upper case", "app", "Acme/Shop", "acme/shop"},
		{"a blank", "app", "my shop", "my-shop"},
		{"non-ASCII", "app", "größe/x", "gr-e/x"},
		{"separators at the ends", "app", "-shop-", "shop"},
		{"derived from the folder", "My App (v2)", "", "my-app-v2"},
		{"derived from a legal folder", "shop_x", "", "shop_x"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			opts := validOptions(t)
			opts.SourcePath = filepath.Join(t.TempDir(), tt.folder)
			require.NoError(t, os.Mkdir(opts.SourcePath, 0o755))
			opts.Repository = tt.given
			v, err := opts.Validate()
			require.NoError(t, err)
			assert.Equal(t, tt.want, v.Repository)
		})
	}
}

func TestValidateName(t *testing.T) {
	for _, tt := range []struct{ name, repository, given, want string }{
		{"the last segment of the repository", "acme/team/shop", "", "shop"},
		{"a legal one is kept", "acme/shop", "store_1.x", "store_1.x"},
		{"another is brought into form", "acme/shop", "The Store", "the-store"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			opts := validOptions(t)
			opts.Repository, opts.Name = tt.repository, tt.given
			v, err := opts.Validate()
			require.NoError(t, err)
			assert.Equal(t, tt.want, v.Name)
		})
	}
}

func TestValidateTags(t *testing.T) {
	opts := validOptions(t)
	opts.Tags = []string{"latest", "1.0.0", "latest", "1.0"}
	v, err := opts.Validate()
	require.NoError(t, err)
	assert.Equal(t, []string{"latest", "1.0"}, v.Tags)
}

func TestValidateCopiesWhatItIsGiven(t *testing.T) {
	opts := validOptions(t)
	opts.Annotations = map[string]string{"org.opencontainers.image.revision": "abc"}
	opts.Include, opts.Ignore = []string{"*.env"}, []string{"charts/"}
	opts.Tags = []string{"latest"}
	v, err := opts.Validate()
	require.NoError(t, err)
	opts.Annotations["org.opencontainers.image.revision"] = "changed"
	opts.Include[0], opts.Ignore[0], opts.Tags[0] = "changed", "changed", "changed"
	assert.Equal(t, "abc", v.Annotations["org.opencontainers.image.revision"])
	assert.Equal(t, []string{"*.env"}, v.Include)
	assert.Equal(t, []string{"charts/"}, v.Ignore)
	assert.Equal(t, []string{"latest"}, v.Tags)
}

// Whoever converts validated options back must not lose anything, TLS least of all.
func TestValidateTwiceIsValidateOnce(t *testing.T) {
	for _, endpoint := range []string{"ghcr.io", "localhost:5000", "https://localhost:5000", "http://registry.example.com"} {
		t.Run(endpoint, func(t *testing.T) {
			opts := validOptions(t)
			opts.RegistryEndpoint, opts.Repository, opts.Name = endpoint, "Acme/Shop", "The Shop"
			opts.Username, opts.Password = "user", canary
			opts.Registry.AllowPlainHTTPCredentials = true
			opts.Tags = []string{"latest", "latest"}
			opts.Annotations = map[string]string{"key": "value"}
			once, err := opts.Validate()
			require.NoError(t, err)
			twice, err := oci.BuildOptions(once).Validate()
			require.NoError(t, err)
			assert.Equal(t, once, twice)
		})
	}
}

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
			oci.ErrSourcePathRequired, "source path is required", "name the directory that holds the manifests",
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
			"no endpoint", func(o *oci.BuildOptions) { o.RegistryEndpoint = " " },
			oci.ErrRegistryEndpointRequired, "registry endpoint is required", "name the registry, such as ghcr.io or localhost:5000",
		},
		{
			"endpoint with a path", func(o *oci.BuildOptions) { o.RegistryEndpoint = "ghcr.io/acme" },
			oci.ErrInvalidOCIFormat, `invalid OCI format in "ghcr.io/acme": has a path`, "the path belongs in the repository",
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
			oci.ErrRepositoryRequired, "repository is required", `name one, since none follows from "日本"`,
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
			oci.ErrInvalidName, `invalid artifact name: "../x"`, "",
		},
		{
			"no version", func(o *oci.BuildOptions) { o.Version = "" },
			oci.ErrVersionRequired, "version is required", "name the tag to push, such as 1.0.0",
		},
		{
			"illegal version", func(o *oci.BuildOptions) { o.Version = "1.2.3+build" },
			reference.ErrInvalidTag, `invalid tag "1.2.3+build": "+" is not allowed`, `write "1.2.3-build"`,
		},
		{
			"digest as version", func(o *oci.BuildOptions) { o.Version = "sha256:abc" },
			reference.ErrInvalidTag, "", "",
		},
		{
			"illegal further tag", func(o *oci.BuildOptions) { o.Tags = []string{"ok", ".bad"} },
			reference.ErrInvalidTag, "", "",
		},
		{
			"unknown engine", func(o *oci.BuildOptions) { o.GitOpsEngine = "Jenkins" },
			packager.ErrUnknownEngine, `unknown GitOps engine: "Jenkins" is not None, Flux or ArgoCD`, "",
		},
		{
			"user name alone", func(o *oci.BuildOptions) { o.Username = "user" },
			registry.ErrInvalidCredential, "invalid registry credential: a user name without a password", "",
		},
		{
			"password alone", func(o *oci.BuildOptions) { o.Password = "s3cret" },
			registry.ErrInvalidCredential, "invalid registry credential: a password without a user name", "",
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
			"pattern with a folder", func(o *oci.BuildOptions) { o.Include = []string{"base/*.env"} },
			manifests.ErrInvalidPattern, "", "",
		},
		{
			"rule to ignore that is none", func(o *oci.BuildOptions) { o.Ignore = []string{"[a"} },
			manifests.ErrInvalidIgnore, "", "",
		},
		{
			"unknown way to treat links", func(o *oci.BuildOptions) { o.Symlinks = "keep" },
			manifests.ErrUnknownSymlinkPolicy, "", "",
		},
		{
			"artifact type that is none", func(o *oci.BuildOptions) { o.ArtifactType = "no media type" },
			packager.ErrInvalidArtifactType, "", "",
		},
		{
			"compression level that does not exist", func(o *oci.BuildOptions) { o.CompressionLevel = 10 },
			packager.ErrInvalidLevel, "invalid compression level: 10 is not from 1 to 9", "",
		},
		{
			"prefix that is a path", func(o *oci.BuildOptions) { o.Prefix = "a/b" },
			packager.ErrInvalidPrefix, "", "",
		},
		{
			"annotation of the title", func(o *oci.BuildOptions) { o.Annotations = map[string]string{ocispec.AnnotationTitle: "x"} },
			packager.ErrInvalidAnnotation, `invalid annotation "org.opencontainers.image.title": an option of its own sets it`, "",
		},
		{
			"annotation of the creation time", func(o *oci.BuildOptions) { o.Annotations = map[string]string{ocispec.AnnotationCreated: "x"} },
			packager.ErrInvalidAnnotation, "", "",
		},
		{
			"creation time that cannot be written", func(o *oci.BuildOptions) { o.Created = time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC) },
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
				assert.Equal(t, tt.hint, hint(err))
			}
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	require.NoError(t, err)
}

func TestValidateEmpty(t *testing.T) {
	v, err := oci.EmptyBuildOptions{RegistryEndpoint: "http://[::1]:5000/", Repository: "acme/Shop", Version: "v1"}.Validate()
	require.NoError(t, err)
	assert.Equal(t, "[::1]:5000", v.RegistryEndpoint)
	assert.Equal(t, "acme/shop", v.Repository)
	assert.Equal(t, "shop", v.Name)
	assert.Equal(t, "shop", v.Prefix)
	assert.Equal(t, oci.GitOpsEngineNone, v.GitOpsEngine)

	_, err = oci.EmptyBuildOptions{RegistryEndpoint: "ghcr.io", Version: "v1"}.Validate()
	require.ErrorIs(t, err, oci.ErrRepositoryRequired)
	assert.Equal(t, "name the repository to push to", hint(err))
	_, err = oci.EmptyBuildOptions{RegistryEndpoint: "ghcr.io", Repository: "shop"}.Validate()
	require.ErrorIs(t, err, oci.ErrVersionRequired)
	_, err = oci.EmptyBuildOptions{Repository: "shop", Version: "v1"}.Validate()
	require.ErrorIs(t, err, oci.ErrRegistryEndpointRequired)
}
