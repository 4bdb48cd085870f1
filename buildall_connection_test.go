package oci_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/internal/testing/conntest"
	"github.com/kubeoci/oci/internal/testing/faults"
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

// Over a latency, builds in one call take at most a quarter of the time of the same builds one
// after another. The time is that of a bubble, in which processors take none.
func TestBuildAllIsFasterThanOneAfterAnother(t *testing.T) {
	builds := workloads(t, "localhost", 40, 1)
	took := func(run func(ctx context.Context, b *oci.Builder, builds []oci.BuildOptions)) (d time.Duration) {
		synctest.Test(t, func(t *testing.T) {
			f := faults.New(memregistry.Handler(memregistry.Options{}), 0, faults.Rule{Do: faults.Delay(20 * time.Millisecond)})
			own := slices.Clone(builds)
			for i := range own {
				own[i].Registry.Transport = inProcess{f}
			}
			var b oci.Builder
			defer b.Close()
			began := time.Now()
			run(t.Context(), &b, own)
			d = time.Since(began)
			time.Sleep(time.Minute) // until timers of the library have ended
		})
		return d
	}
	oneByOne := took(func(ctx context.Context, b *oci.Builder, builds []oci.BuildOptions) {
		for _, o := range builds {
			_, err := b.Build(ctx, o)
			require.NoError(t, err)
		}
	})
	inOneCall := took(func(ctx context.Context, b *oci.Builder, builds []oci.BuildOptions) {
		_, err := b.BuildAll(ctx, builds, oci.BuildAllOptions{})
		require.NoError(t, err)
	})
	t.Logf("%v, and %v one after another", inOneCall, oneByOne)
	assert.LessOrEqual(t, 4*inOneCall, oneByOne)
}
