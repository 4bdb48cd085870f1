package oci_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/internal/testing/conntest"
	"github.com/kubeoci/oci/registry"
)

// countingServer is a registry with tokens that counts connections and token requests.
type countingServer struct {
	*httptest.Server

	connections atomic.Int32 // also those that no request used
	mu          sync.Mutex
	tokens      map[string]int // by scope
}

func startCountingServer(t *testing.T) *countingServer {
	t.Helper()
	s := &countingServer{tokens: map[string]int{}}
	handler := memregistry.Handler(memregistry.Options{Bearer: true, Users: map[string]memregistry.User{"user": {Password: canary}}})
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if scope := r.URL.Query().Get("scope"); scope != "" {
			s.mu.Lock()
			s.tokens[scope]++
			s.mu.Unlock()
		}
		handler.ServeHTTP(w, r)
	}))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			s.connections.Add(1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	return s
}

func (s *countingServer) options(t *testing.T) oci.BuildOptions {
	return oci.BuildOptions{
		SourcePath: tree(t, map[string]string{"cm.yaml": configMap}), RegistryEndpoint: s.URL, Version: "v1",
		Username: "user", Password: canary,
	}
}

func TestBuilderKeepsConnectionsAndTokens(t *testing.T) {
	server := startCountingServer(t)
	opts := server.options(t)
	var builder oci.Builder
	defer builder.Close()
	_, err := builder.Build(t.Context(), opts)
	require.NoError(t, err)
	first := server.connections.Load() // both blobs are sent concurrently

	const builds = int32(4)
	for range builds {
		result, err := builder.Build(t.Context(), opts)
		require.NoError(t, err)
		assert.True(t, result.Unchanged)
	}
	// A connection may not be idle yet when the next request needs one.
	assert.Less(t, server.connections.Load()-first, builds)
	require.NotEmpty(t, server.tokens)
	for scope, requests := range server.tokens {
		assert.Equal(t, 1, requests, scope)
	}
}

func TestBuilderSeparatesConnections(t *testing.T) {
	server := startCountingServer(t)
	opts := server.options(t)
	var builder oci.Builder
	defer builder.Close()
	_, err := builder.Build(t.Context(), opts)
	require.NoError(t, err)

	opts.Password = "wrong"
	_, err = builder.Build(t.Context(), opts)
	require.ErrorIs(t, err, oci.ErrRegistryPermissionDenied, "the token of another credential was used")
	opts.Username, opts.Password = "", ""
	_, err = builder.Build(t.Context(), opts)
	require.ErrorIs(t, err, oci.ErrRegistryAuthRequired)
	opts.Registry.CredentialFunc = func(context.Context, string) (registry.Credential, error) {
		return registry.Credential{Username: "user", Password: canary}, nil
	}
	_, err = builder.Build(t.Context(), opts)
	require.NoError(t, err)
	opts.Registry.CredentialFunc = func(context.Context, string) (registry.Credential, error) {
		return registry.Credential{}, nil
	}
	_, err = builder.Build(t.Context(), opts)
	require.ErrorIs(t, err, oci.ErrRegistryAuthRequired, "functions are never the same")
}

func TestBuilderBoundsItsConnections(t *testing.T) {
	server := conntest.Start(t, memregistry.Handler(memregistry.Options{}))
	var builder oci.Builder
	opts := oci.BuildOptions{SourcePath: tree(t, map[string]string{"cm.yaml": configMap}), RegistryEndpoint: server.URL, Version: "v1"}
	for range 20 {
		opts.Registry.UserAgent += "x"
		_, err := builder.Build(t.Context(), opts)
		require.NoError(t, err)
	}
	// A push of two blobs opens at most two connections.
	server.RequireAtMost(t, 2*8)
	builder.Close()
	server.RequireNoneOpen(t)
	_, err := builder.Build(t.Context(), opts)
	require.NoError(t, err, "a closed Builder can be used")
	builder.Close()
	server.RequireNoneOpen(t)
}

// A transport is compared by identity: it may be in use by another build.
func TestBuilderSeparatesTransports(t *testing.T) {
	server := startCountingServer(t)
	opts := server.options(t)
	var builder oci.Builder
	defer builder.Close()
	var group sync.WaitGroup
	for range 4 {
		opts := opts
		opts.Registry.Transport = &http.Transport{DisableKeepAlives: true}
		group.Go(func() {
			for range 3 {
				_, err := builder.Build(t.Context(), opts)
				assert.NoError(t, err)
			}
		})
	}
	group.Wait()

	used := newRecorder()
	opts.RegistryEndpoint, opts.Insecure, opts.Registry.AllowPlainHTTPCredentials = "registry.example.com", true, true
	opts.Registry.Transport = used
	_, err := builder.Build(t.Context(), opts)
	require.NoError(t, err)
	other := newRecorder()
	opts.Registry.Transport = other
	_, err = builder.Build(t.Context(), opts)
	require.NoError(t, err)
	assert.NotEmpty(t, other.urls, "the transport of another build was used")
}

// roundTripFunc is a transport that cannot be compared.
type roundTripFunc func(*http.Request) (*http.Response, error)

func (f roundTripFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A comparable type may hold what cannot be compared.
func TestBuilderWithATransportThatCannotBeCompared(t *testing.T) {
	for name, transport := range map[string]http.RoundTripper{
		"function":                       roundTripFunc(http.DefaultTransport.RoundTrip),
		"struct that holds the function": struct{ http.RoundTripper }{roundTripFunc(http.DefaultTransport.RoundTrip)},
	} {
		t.Run(name, func(t *testing.T) {
			opts := startCountingServer(t).options(t)
			opts.Registry.Transport = transport
			var builder oci.Builder
			defer builder.Close()
			for range 2 {
				_, err := builder.Build(t.Context(), opts)
				require.NoError(t, err)
			}
		})
	}
}

// A client that is evicted or closed during a build is closed at its end.
func TestBuilderClosedDuringABuild(t *testing.T) {
	var builder oci.Builder
	handler := memregistry.Handler(memregistry.Options{})
	server := conntest.Start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			builder.Close()
		}
		handler.ServeHTTP(w, r)
	}))
	opts := oci.BuildOptions{SourcePath: tree(t, map[string]string{"cm.yaml": configMap}), RegistryEndpoint: server.URL, Version: "v1"}
	_, err := builder.Build(t.Context(), opts)
	require.NoError(t, err)
	server.RequireNoneOpen(t)
}

// Nothing could use the connection of a build with a function again.
func TestBuilderClosesWhatItCannotReuse(t *testing.T) {
	server := conntest.Start(t, memregistry.Handler(memregistry.Options{}))
	opts := oci.BuildOptions{SourcePath: tree(t, map[string]string{"cm.yaml": configMap}), RegistryEndpoint: server.URL, Version: "v1"}
	opts.Registry.CredentialFunc = func(context.Context, string) (registry.Credential, error) { return registry.Credential{}, nil }
	var builder oci.Builder
	_, err := builder.Build(t.Context(), opts)
	require.NoError(t, err)
	server.RequireNoneOpen(t)
}

func TestBuilderIsSafeForConcurrentUse(t *testing.T) {
	server := startCountingServer(t)
	opts := server.options(t)
	builder := oci.NewWorkloadArtifactBuilder()
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			result, err := builder.Build(t.Context(), opts)
			if assert.NoError(t, err) {
				assert.Len(t, result.Files, 2)
			}
		})
	}
	group.Wait()
	builder.(*oci.Builder).Close()
}

func TestBuildEmptyOfTheInterface(t *testing.T) {
	server := startRegistry(t, memregistry.Options{})
	builder, ok := oci.NewWorkloadArtifactBuilder().(interface {
		BuildEmpty(ctx context.Context, opts oci.EmptyBuildOptions) (oci.BuildResult, error)
	})
	require.True(t, ok)
	result, err := builder.BuildEmpty(t.Context(), oci.EmptyBuildOptions{
		RegistryEndpoint: server.Host, Repository: "app", Version: "v1", Layout: oci.LayoutRoot,
	})
	require.NoError(t, err)
	assert.Equal(t, []string{"kustomization.yaml"}, result.Files)
}

// Insecure selects plain HTTP for a host that is not loopback.
func TestBuildInsecure(t *testing.T) {
	server := newRecorder()
	opts := validOptions(t)
	opts.RegistryEndpoint, opts.Insecure = "registry.example.com", true
	opts.Registry.Transport = server
	opts.Registry.AllowPlainHTTPCredentials = true
	opts.Username, opts.Password = "user", canary
	_, err := oci.Build(t.Context(), opts)
	require.NoError(t, err)
	assert.Equal(t, []string{"http"}, server.schemes())
}
