package oci_test

import (
	"context"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/reference"
	"github.com/kubeoci/oci/registry"
)

const canary = "c4nary-s3cret"

// Each mistake in the input of a build has its sentinel, its message names the input
// exactly once, and nothing reaches the registry.
func TestBuildRefuses(t *testing.T) {
	symlink := func(target string) func(*testing.T, *oci.BuildOptions) {
		return func(t *testing.T, o *oci.BuildOptions) {
			require.NoError(t, os.Symlink(target, filepath.Join(o.SourcePath, "link.yaml")))
		}
	}
	for _, tt := range []struct {
		name  string
		spoil func(*testing.T, *oci.BuildOptions)
		want  error
		names string
	}{
		{"no path", func(_ *testing.T, o *oci.BuildOptions) { o.SourcePath = "" }, oci.ErrSourcePathRequired, "source path"},
		{"missing path", func(_ *testing.T, o *oci.BuildOptions) { o.SourcePath = "no/such/place" }, oci.ErrSourcePathNotFound, "no/such/place"},
		{"file instead of directory", func(_ *testing.T, o *oci.BuildOptions) { o.SourcePath = "README.md" }, oci.ErrSourcePathNotDirectory, "README.md"},
		{"no manifests", func(t *testing.T, o *oci.BuildOptions) { require.NoError(t, os.Remove(o.SourcePath+"/cm.yaml")) }, oci.ErrNoManifestFiles, "app"},
		{"symlink out of the tree", symlink("../../outside.yaml"), manifests.ErrSymlinkEscapes, "link.yaml"},
		{"absolute symlink", symlink("/etc/hostname"), manifests.ErrSymlinkEscapes, "link.yaml"},
		{"dangling symlink", symlink("nothing.yaml"), manifests.ErrSymlinkDangling, "link.yaml"},
		{"symlink to itself", symlink("link.yaml"), manifests.ErrSymlinkLoop, ""},
		{"collision", func(t *testing.T, o *oci.BuildOptions) {
			require.NoError(t, os.Mkdir(o.SourcePath+"/app", 0o700))
			require.NoError(t, os.WriteFile(o.SourcePath+"/app/x.yaml", []byte(configMap), 0o600))
		}, manifests.ErrCollision, "\"app/x.yaml\""},
		{"collision of roots", func(_ *testing.T, o *oci.BuildOptions) {
			o.Roots = []oci.Root{{Dir: o.SourcePath}}
		}, manifests.ErrCollision, "\"cm.yaml\""},
		{"missing root", func(_ *testing.T, o *oci.BuildOptions) {
			o.Roots = []oci.Root{{Path: "x", Dir: "no/such/place"}}
		}, oci.ErrSourcePathNotFound, "no/such/place"},
		{"root without manifests", func(t *testing.T, o *oci.BuildOptions) {
			o.Roots = []oci.Root{{Path: "x", Dir: t.TempDir()}}
		}, oci.ErrNoManifestFiles, ""},
		{"root above", func(_ *testing.T, o *oci.BuildOptions) {
			o.Roots = []oci.Root{{Path: "../x", Dir: "testdata"}}
		}, manifests.ErrInvalidName, "../x"},
		{"illegal pattern", func(_ *testing.T, o *oci.BuildOptions) { o.Collect.Include = []string{"[a"} }, manifests.ErrInvalidPattern, "[a"},
		{"illegal tag", func(_ *testing.T, o *oci.BuildOptions) { o.Version = "no way" }, reference.ErrInvalidTag, "no way"},
		{"illegal repository", func(_ *testing.T, o *oci.BuildOptions) { o.Repository = "../up" }, reference.ErrInvalidRepository, "../up"},
		{"illegal port", func(_ *testing.T, o *oci.BuildOptions) { o.RegistryEndpoint = "localhost:0" }, oci.ErrInvalidPort, "localhost:0"},
		{"illegal endpoint", func(_ *testing.T, o *oci.BuildOptions) { o.RegistryEndpoint = "local_host" }, reference.ErrInvalidHost, "local_host"},
		{"half a credential", func(_ *testing.T, o *oci.BuildOptions) { o.Password = canary }, registry.ErrInvalidCredential, "user name"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := startRegistry(t, memregistry.Options{})
			opts := oci.BuildOptions{
				SourcePath:       tree(t, map[string]string{"cm.yaml": configMap}),
				RegistryEndpoint: server.Host,
				Version:          "v1",
			}
			tt.spoil(t, &opts)
			result, err := oci.Build(t.Context(), opts)
			require.ErrorIs(t, err, tt.want)
			assert.Zero(t, result)
			if tt.names != "" {
				assert.Equal(t, 1, strings.Count(err.Error(), tt.names), err.Error())
			}
			assert.NotContains(t, err.Error(), canary)
			assert.Empty(t, server.takeRequests())
		})
	}
}

func TestBuildRefusedByRegistry(t *testing.T) {
	users := map[string]memregistry.User{
		"writer": {Password: canary},
		"reader": {Password: canary, ReadOnly: true},
	}
	for _, tt := range []struct {
		name               string
		bearer             bool
		username, password string
		want               error
	}{
		{"nothing given", false, "", "", oci.ErrRegistryAuthRequired},
		{"nothing given, tokens", true, "", "", oci.ErrRegistryAuthRequired},
		{"wrong password", false, "writer", "x" + canary, oci.ErrRegistryPermissionDenied},
		{"wrong password, tokens", true, "writer", "x" + canary, oci.ErrRegistryPermissionDenied},
		{"unknown user", false, "nobody", canary, oci.ErrRegistryPermissionDenied},
		{"read-only user", false, "reader", canary, oci.ErrRegistryPermissionDenied},
		{"read-only user, tokens", true, "reader", canary, oci.ErrRegistryPermissionDenied},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := startRegistry(t, memregistry.Options{Users: users, Bearer: tt.bearer})
			opts := oci.BuildOptions{
				SourcePath:       tree(t, map[string]string{"cm.yaml": configMap}),
				RegistryEndpoint: server.Host,
				Version:          "v1",
				Username:         tt.username,
				Password:         tt.password,
			}
			_, err := oci.Build(t.Context(), opts)
			require.ErrorIs(t, err, tt.want)
			assert.Equal(t, 1, strings.Count(err.Error(), server.Host+"/app"), err.Error())
			assert.NotContains(t, err.Error(), canary)
			assert.NotEmpty(t, oci.Hint(err))
			for _, request := range server.takeRequests() {
				assert.NotContains(t, request, "PUT", "something was sent")
			}

			verifyErr := oci.NewRegistryVerifier().VerifyAccess(t.Context(), oci.VerifyOptions{
				RegistryEndpoint: server.Host, Repository: "app", Username: tt.username, Password: tt.password,
			})
			require.ErrorIs(t, verifyErr, tt.want, "verify does not agree with push")
			assert.NotContains(t, verifyErr.Error(), canary)
		})
	}
}

func TestBuildWithoutRegistry(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	closed := listener.Addr().String()
	require.NoError(t, listener.Close())

	tlsServer := httptest.NewTLSServer(memregistry.Handler(memregistry.Options{}))
	t.Cleanup(tlsServer.Close)
	plainServer := httptest.NewServer(memregistry.Handler(memregistry.Options{}))
	t.Cleanup(plainServer.Close)

	for _, tt := range []struct {
		name, endpoint string
		want           error
	}{
		{"nothing listens", closed, oci.ErrRegistryUnreachable},
		{"TLS to a plain port", "https://" + host(plainServer), registry.ErrTLSMismatch},
		{"plain HTTP to a TLS port", "http://" + host(tlsServer), registry.ErrNotRegistry},
		{"untrusted certificate", "https://" + host(tlsServer), oci.ErrRegistryUnreachable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			opts := oci.BuildOptions{
				SourcePath:       tree(t, map[string]string{"cm.yaml": configMap}),
				RegistryEndpoint: tt.endpoint,
				Version:          "v1",
				Username:         "user",
				Password:         canary,
				// A server with TLS resets the connection after its response to plain HTTP, which
				// is lost at times.
				Registry: oci.RegistryOptions{Retry: registry.RetryPolicy{MaxAttempts: 50, MinWait: 1, MaxWait: 1}},
			}
			_, err := oci.Build(t.Context(), opts)
			require.ErrorIs(t, err, tt.want)
			require.ErrorIs(t, err, oci.ErrRegistryUnreachable)
			where := strings.TrimPrefix(strings.TrimPrefix(tt.endpoint, "http://"), "https://")
			assert.Equal(t, 1, strings.Count(err.Error(), where+"/app"), err.Error())
			assert.NotContains(t, err.Error(), canary)
			assert.NotEmpty(t, oci.Hint(err))
		})
	}
	_, err = pull(t, host(plainServer), "app", "v1")
	require.ErrorIs(t, err, oci.ErrRegistryNotFound, "something was tagged")
}

func host(s *httptest.Server) string { return s.Listener.Addr().String() }

func TestCancelledContext(t *testing.T) {
	server := startRegistry(t, memregistry.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()

	_, err := oci.Build(ctx, oci.BuildOptions{
		SourcePath: tree(t, map[string]string{"cm.yaml": configMap}), RegistryEndpoint: server.Host, Version: "v1",
	})
	require.ErrorIs(t, err, context.Canceled)
	_, err = oci.BuildEmpty(ctx, oci.EmptyBuildOptions{RegistryEndpoint: server.Host, Repository: "app", Version: "v1"})
	require.ErrorIs(t, err, context.Canceled)
	err = oci.NewRegistryVerifier().VerifyAccess(ctx, oci.VerifyOptions{RegistryEndpoint: server.Host, Repository: "app"})
	require.ErrorIs(t, err, context.Canceled)
	assert.Empty(t, server.takeRequests())
}

// The caller may cancel during any step.
func TestCancelDuringBuild(t *testing.T) {
	source := tree(t, map[string]string{"cm.yaml": configMap})
	for step := 1; ; step++ {
		server := startRegistry(t, memregistry.Options{})
		ctx, cancel := context.WithCancel(t.Context())
		left := step
		_, err := oci.Build(ctx, oci.BuildOptions{
			SourcePath: source, RegistryEndpoint: server.Host, Version: "v1", Tags: []string{"latest"},
			OnEvent: func(oci.Event) {
				if left--; left == 0 {
					cancel()
				}
			},
		})
		cancel()
		if err == nil {
			assert.Equal(t, 6, step, "collect, pack, two blobs, two tags: only after the last is it too late")
			return
		}
		require.ErrorIs(t, err, context.Canceled)
		require.NotErrorIs(t, err, oci.ErrRegistryUnreachable)
		if step < 5 {
			_, err = pull(t, server.Host, "app", "v1")
			require.ErrorIs(t, err, oci.ErrRegistryNotFound, "tagged although cancelled")
		}
	}
}
