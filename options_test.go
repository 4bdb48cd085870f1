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

// validOptions returns as few options as possible.
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
	assert.Equal(t, "app", v.Pack.Prefix)
	assert.Equal(t, oci.GitOpsEngineNone, v.GitOpsEngine)
	assert.Equal(t, oci.LayoutBoth, v.Layout)
	assert.Equal(t, registry.SchemeHTTPS, v.Registry.Scheme)
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
	assert.Equal(t, "app", v.Repository, "the name of the directory, not of the path")
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
		{"oci selects no protocol", "oci://registry.example.com", "registry.example.com", false},
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
	for _, tt := range []struct{ name, dir, given, want string }{
		{"a legal one is kept", "app", "acme/shop_v2.x/a-b", "acme/shop_v2.x/a-b"},
		{"one letter is legal", "app", "a", "a"},
		{"blanks around it", "app", " acme/shop\t", "acme/shop"},
		{"the host of a mirror is legal", "app", "docker.io/library/app", "docker.io/library/app"},
		{"upper case", "app", "Acme/Shop", "acme/shop"},
		{"a blank", "app", "my shop", "my-shop"},
		{"non-ASCII", "app", "größe/x", "gr-e/x"},
		{"separators at the ends", "app", "-shop-", "shop"},
		{"derived from the directory", "My App (v2)", "", "my-app-v2"},
		{"derived from a legal directory", "shop_x", "", "shop_x"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			opts := validOptions(t)
			opts.SourcePath = filepath.Join(t.TempDir(), tt.dir)
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
		{"another is normalised", "acme/shop", "The Store", "the-store"},
		{"a repository", "acme/shop", "org/app", "org-app"},
		{"blanks around it", "acme/shop", " store ", "store"},
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

func TestValidateCopiesItsInput(t *testing.T) {
	opts := validOptions(t)
	opts.Pack.Annotations = map[string]string{"org.opencontainers.image.revision": "abc"}
	opts.Collect.Include, opts.Collect.Ignore = []string{"*.env"}, []string{"charts/"}
	opts.Tags = []string{"latest"}
	v, err := opts.Validate()
	require.NoError(t, err)
	opts.Pack.Annotations["org.opencontainers.image.revision"] = "changed"
	opts.Collect.Include[0], opts.Collect.Ignore[0], opts.Tags[0] = "changed", "changed", "changed"
	assert.Equal(t, "abc", v.Pack.Annotations["org.opencontainers.image.revision"])
	assert.Equal(t, []string{"*.env"}, v.Collect.Include)
	assert.Equal(t, []string{"charts/"}, v.Collect.Ignore)
	assert.Equal(t, []string{"latest"}, v.Tags)
}

// Converting validated options back must lose nothing, least of all TLS.
func TestValidateTwiceIsValidateOnce(t *testing.T) {
	for _, endpoint := range []string{"ghcr.io", "localhost:5000", "https://localhost:5000", "http://registry.example.com"} {
		t.Run(endpoint, func(t *testing.T) {
			opts := validOptions(t)
			opts.RegistryEndpoint, opts.Repository, opts.Name = endpoint, "Acme/Shop", "The Shop"
			opts.Username, opts.Password = "user", canary
			opts.Registry.AllowPlainHTTPCredentials = true
			opts.Tags = []string{"latest", "latest"}
			opts.Pack.Annotations = map[string]string{"key": "value"}
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
			oci.ErrSourceConflict, "two sources", "set one of SourcePath and Source; further trees go into Roots",
		},
		{
			"no endpoint", func(o *oci.BuildOptions) { o.RegistryEndpoint = " " },
			oci.ErrRegistryEndpointRequired, "registry endpoint is required", "set RegistryEndpoint to the registry, such as ghcr.io or localhost:5000",
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
			oci.ErrRepositoryRequired, "repository is required", `set Repository: none can be derived from "日本"`,
		},
		{
			"repository with the host", func(o *oci.BuildOptions) { o.Repository = "ghcr.io/acme/shop" },
			reference.ErrInvalidRepository, `invalid repository "ghcr.io/acme/shop": it begins with the registry`,
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
			"Insecure and https://", func(o *oci.BuildOptions) {
				o.RegistryEndpoint, o.Insecure = "https://ghcr.io", true
			},
			oci.ErrInvalidOptions, "invalid registry options: Insecure together with https",
			"leave Insecure unset, or write the endpoint without https://",
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
			packager.ErrInvalidAnnotation, `invalid annotation "org.opencontainers.image.title": Name sets it`, "",
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

func TestValidateEmpty(t *testing.T) {
	v, err := oci.EmptyBuildOptions{RegistryEndpoint: "http://[::1]:5000/", Repository: "acme/Shop", Version: "v1"}.Validate()
	require.NoError(t, err)
	assert.Equal(t, "[::1]:5000", v.RegistryEndpoint)
	assert.Equal(t, "acme/shop", v.Repository)
	assert.Equal(t, "shop", v.Name)
	assert.Equal(t, "shop", v.Pack.Prefix)
	assert.Equal(t, oci.GitOpsEngineNone, v.GitOpsEngine)

	_, err = oci.EmptyBuildOptions{RegistryEndpoint: "ghcr.io", Version: "v1"}.Validate()
	require.ErrorIs(t, err, oci.ErrRepositoryRequired)
	assert.Equal(t, "set Repository to the repository to push to", oci.Hint(err))
	_, err = oci.EmptyBuildOptions{RegistryEndpoint: "ghcr.io", Repository: "shop"}.Validate()
	require.ErrorIs(t, err, oci.ErrVersionRequired)
	_, err = oci.EmptyBuildOptions{Repository: "shop", Version: "v1"}.Validate()
	require.ErrorIs(t, err, oci.ErrRegistryEndpointRequired)
}

func TestValidateLayout(t *testing.T) {
	for _, tt := range []struct {
		name   string
		engine oci.GitOpsEngine
		layout oci.Layout
		want   oci.Layout
		prefix string
	}{
		{"none", "", "", oci.LayoutBoth, "app"},
		{"Flux", "flux", "", oci.LayoutRoot, ""},
		{"Argo CD", "argocd", "", oci.LayoutPrefix, "app"},
		{"root for both engines", "", oci.LayoutRoot, oci.LayoutRoot, ""},
		{"prefix for Flux", oci.GitOpsEngineFlux, "Prefix", oci.LayoutPrefix, "app"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			opts := validOptions(t)
			opts.GitOpsEngine, opts.Layout = tt.engine, tt.layout
			v, err := opts.Validate()
			require.NoError(t, err)
			assert.Equal(t, tt.want, v.Layout)
			assert.Equal(t, tt.prefix, v.Pack.Prefix)
		})
	}
}

func TestWithReference(t *testing.T) {
	ref, err := oci.ParseReference(" oci://localhost:5000/acme/shop/staging:1.0.0 ")
	require.NoError(t, err)
	opts := validOptions(t).WithReference(ref)
	assert.Equal(t, "localhost:5000", opts.RegistryEndpoint)
	assert.Equal(t, "acme/shop/staging", opts.Repository)
	assert.Equal(t, "1.0.0", opts.Version)
	_, err = opts.Validate()
	require.NoError(t, err)

	empty := oci.EmptyBuildOptions{}.WithReference(ref)
	assert.Equal(t, "acme/shop/staging", empty.Repository)
	assert.Equal(t, "acme/shop/staging", oci.VerifyOptions{}.WithReference(ref).Repository)
	assert.Equal(t, "1.0.0", oci.ArtifactExistsOptions{}.WithReference(ref).Version)
	assert.Equal(t, opts, opts.WithReference(nil))

	ref.Ref = "sha256:" + strings.Repeat("0", 64)
	_, err = validOptions(t).WithReference(ref).Validate()
	require.ErrorIs(t, err, reference.ErrInvalidTag, "a digest is a result of a push")
}
