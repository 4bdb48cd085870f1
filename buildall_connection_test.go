package oci_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/internal/testing/conntest"
	"github.com/kubeoci/oci/registry"
)

// Builds share one token for each scope, although the first of them begin when there is
// none.
func TestBuildAllSharesTokens(t *testing.T) {
	const apps = 50
	for _, tt := range []struct {
		name   string
		scopes int
		change func(o *oci.BuildOptions, i int)
	}{
		{"one repository", 1, func(o *oci.BuildOptions, i int) { o.Repository, o.Version = "app", fmt.Sprint("v", i) }},
		{"many repositories", apps, func(*oci.BuildOptions, int) {}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := startCountingServer(t)
			builds := workloads(t, server.URL, apps, 1)
			for i := range builds {
				builds[i].Username, builds[i].Password = "user", canary
				tt.change(&builds[i], i)
			}
			var builder oci.Builder
			defer builder.Close()
			for range 2 {
				_, err := builder.BuildAll(t.Context(), builds, oci.BuildAllOptions{})
				require.NoError(t, err)
				assert.Len(t, server.tokens, tt.scopes)
				for scope, requests := range server.tokens {
					assert.Equal(t, 1, requests, scope)
				}
			}
		})
	}
}

// A client makes at most 16 requests at once, on as many connections, however many builds
// use it. Builds with a CredentialFunc have a client each.
func TestBuildAllSharesConnections(t *testing.T) {
	const apps, limit = 50, 16
	for _, tt := range []struct {
		name   string
		open   int
		change func(*oci.RegistryOptions)
	}{
		{"shared", limit, func(*oci.RegistryOptions) {}},
		{"a function each", 0, func(o *oci.RegistryOptions) {
			o.CredentialFunc = func(context.Context, string) (registry.Credential, error) { return registry.Credential{}, nil }
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := conntest.Start(t, memregistry.Handler(memregistry.Options{}))
			builds := workloads(t, server.URL, apps, 1)
			for i := range builds {
				tt.change(&builds[i].Registry)
			}
			var builder oci.Builder
			_, err := builder.BuildAll(t.Context(), builds, oci.BuildAllOptions{Parallel: apps})
			require.NoError(t, err)
			server.RequireAtMost(t, tt.open)
			if tt.open > 0 {
				builder.Close()
				server.RequireNoneOpen(t)
			}
		})
	}
}
