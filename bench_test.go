package oci_test

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/internal/testing/benchtree"
	"github.com/kubeoci/oci/internal/testing/treegen"
)

// BenchmarkBuild pushes trees of each shape to a registry over HTTP. The registry
// is in the same process and keeps its blobs, so its time and memory are in the
// figures: bench/compare measures separate programs.
func BenchmarkBuild(b *testing.B) {
	for _, tt := range []struct {
		name string
		// before happens before each push, and is not measured.
		before func(b *testing.B, opts *oci.BuildOptions, n int)
	}{
		{"cold", func(b *testing.B, opts *oci.BuildOptions, _ int) { opts.RegistryEndpoint = emptyRegistry(b) }},
		{"unchanged", func(*testing.B, *oci.BuildOptions, int) {}},
		{"metadata", func(_ *testing.B, opts *oci.BuildOptions, n int) {
			opts.Pack.Annotations = map[string]string{"n": fmt.Sprint(n)}
		}},
		{"one file", changeOneFile},
		{"one file, cached", func(b *testing.B, opts *oci.BuildOptions, n int) {
			if opts.Cache == nil {
				opts.Cache = new(oci.Cache)
			}
			changeOneFile(b, opts, n)
		}},
	} {
		b.Run(tt.name, func(b *testing.B) {
			benchtree.Each(b, func(b *testing.B, dir string, shape treegen.Shape) {
				opts := oci.BuildOptions{
					SourcePath: dir, RegistryEndpoint: emptyRegistry(b), Version: "v1",
				}
				tt.before(b, &opts, 0)
				benchmarkBuild(b, opts)
				benchtree.Measure(b, shape.Bytes)
				for n := 1; b.Loop(); n++ {
					b.StopTimer()
					tt.before(b, &opts, n)
					b.StartTimer()
					benchmarkBuild(b, opts)
				}
			})
		})
	}
}

func benchmarkBuild(b *testing.B, opts oci.BuildOptions) {
	_, err := oci.Build(b.Context(), opts)
	require.NoError(b, err)
}

func emptyRegistry(b *testing.B) string {
	server := httptest.NewServer(memregistry.Handler(memregistry.Options{}))
	b.Cleanup(server.Close)
	return server.URL
}

// changeOneFile writes one that is neither the first nor the last.
func changeOneFile(b *testing.B, opts *oci.BuildOptions, n int) {
	text := configMap + fmt.Sprintf("data: {n: %q}\n", fmt.Sprint(n))
	file := filepath.Join(opts.SourcePath, "team-00-changes.yaml")
	require.NoError(b, os.WriteFile(file, []byte(text), 0o600))
}
