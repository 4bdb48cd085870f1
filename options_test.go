package oci_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/internal/memregistry"
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
	opts.Preflight.Checkers = []preflight.Checker{preflight.CheckerFunc(func(context.Context, preflight.File) (preflight.Findings, error) { return nil, nil })}
	opts.Push.TagRules, opts.Push.Steps = []registry.TagRule{registry.KeepTag}, []registry.Step{{Name: "sign", Run: func(context.Context, *registry.Published) error { return nil }}}
	v, err := opts.Validate()
	require.NoError(t, err)
	opts.Preflight.Checkers[0], opts.Push.TagRules[0], opts.Push.Steps[0] = nil, nil, registry.Step{Name: "changed"}
	assert.NotNil(t, v.Preflight.Checkers[0])
	assert.NotNil(t, v.Push.TagRules[0])
	assert.Equal(t, "sign", v.Push.Steps[0].Name)
	opts.Pack.Annotations["org.opencontainers.image.revision"] = "changed"
	opts.Collect.Include[0], opts.Collect.Ignore[0], opts.Tags[0] = "changed", "changed", "changed"
	assert.Equal(t, "abc", v.Pack.Annotations["org.opencontainers.image.revision"])
	assert.Equal(t, []string{"*.env"}, v.Collect.Include)
	assert.Equal(t, []string{"charts/"}, v.Collect.Ignore)
	assert.Equal(t, []string{"latest"}, v.Tags)
}

// Converting validated options back must lose nothing, least of all TLS.
func TestValidateIsIdempotent(t *testing.T) {
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
			again, err := oci.BuildOptions(once).Validate()
			require.NoError(t, err)
			assert.Equal(t, once, again)
		})
	}
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

// Validated options are those of the same build: a derived name is not recorded.
func TestBuildFromValidatedOptions(t *testing.T) {
	opts := validOptions(t)
	opts.RegistryEndpoint, opts.Layout = startRegistry(t, memregistry.Options{}).Host, oci.LayoutRoot
	first := build(t, opts)
	v, err := opts.Validate()
	require.NoError(t, err)
	assert.Equal(t, "app", v.Name)
	assert.Equal(t, oci.PreflightReport, v.Preflight.Policy)
	twice, err := oci.BuildOptions(v).Validate()
	require.NoError(t, err)
	for _, opts := range []oci.BuildOptions{oci.BuildOptions(v), oci.BuildOptions(twice)} {
		again := build(t, opts)
		assert.Equal(t, first.Artifact, again.Artifact)
		assert.True(t, again.Unchanged)
	}
	named := oci.BuildOptions(v)
	named.Name = "store"
	assert.NotEqual(t, first.Artifact.Digest, build(t, named).Artifact.Digest)

	empty := oci.EmptyBuildOptions{RegistryEndpoint: opts.RegistryEndpoint, Repository: " acme/none ", Version: "v1", Layout: oci.LayoutRoot}
	none, err := oci.BuildEmpty(t.Context(), empty)
	require.NoError(t, err)
	assert.Empty(t, none.RequestedRepository, "blanks are trimmed")
	validEmpty, err := empty.Validate()
	require.NoError(t, err)
	again, err := oci.BuildEmpty(t.Context(), oci.EmptyBuildOptions(validEmpty))
	require.NoError(t, err)
	assert.Equal(t, none.Artifact, again.Artifact)
}

func TestRepositoryBeginsWithHost(t *testing.T) {
	for _, tt := range []struct {
		endpoint, repository string
		refused              bool
	}{
		{"ghcr.io", "ghcr.io/acme/shop", true},
		{"ghcr.io:443", "ghcr.io/acme/shop", true},
		{"ghcr.io", "GHCR.io/acme/shop", true},
		{"localhost:5000", "localhost/acme/shop", true},
		{"localhost:5000", "localhost:5000/acme/shop", true},
		{"localhost:5000", "registry.example.com:5000/acme/shop", true},
		{"localhost:5000", "ghcr.io/acme/shop", false}, // a mirror
		{"registry:5000", "registry/shop", false},
		{"ghcr.io", "ghcr.io", false},
	} {
		opts := validOptions(t)
		opts.RegistryEndpoint, opts.Repository = tt.endpoint, tt.repository
		_, err := opts.Validate()
		assert.Equal(t, tt.refused, err != nil, tt)
		if tt.refused {
			require.ErrorIs(t, err, reference.ErrInvalidRepository)
			assert.Equal(t, "the host belongs in RegistryEndpoint alone; Repository is the path below it", oci.Hint(err))
		}
	}
}
