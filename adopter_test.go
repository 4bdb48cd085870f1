package oci_test

import (
	"context"
	"encoding/json"
	"fmt"
	"go/parser"
	"go/token"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/internal/testing/faults"
)

// The files adopter*_test.go are the requirements of the first tool that was moved to
// this package. They import package oci alone, as that tool does.

// publish is the part of a tool that publishes a directory: the tree once, at the root
// of the artifact, for both engines.
func publish(ctx context.Context, b *oci.Builder, dir, endpoint string) (result oci.BuildResult, err error) {
	where := oci.ArtifactExistsOptions{RegistryEndpoint: endpoint, Repository: "org/app", Version: "v1", Username: "ci", Password: canary}
	if exists, err := oci.ArtifactExists(ctx, where); err != nil || exists {
		return oci.BuildResult{}, err
	}
	opts := oci.BuildOptions{
		Name: "org/app", SourcePath: dir, RegistryEndpoint: endpoint, Repository: "org/app", Version: "v1",
		GitOpsEngine: oci.GitOpsEngineNone, Layout: oci.LayoutRoot, Username: "ci", Password: canary,
	}
	opts.Registry.Retry.MaxAttempts = 1 // the loop below does the retries
	for range 3 {
		if dir == "" {
			result, err = b.BuildEmpty(ctx, oci.EmptyBuildOptions{
				Name: opts.Name, RegistryEndpoint: endpoint, Repository: opts.Repository, Version: opts.Version,
				Layout: oci.LayoutRoot, Username: opts.Username, Password: opts.Password, Registry: opts.Registry,
			})
		} else {
			result, err = b.Build(ctx, opts)
		}
		if !oci.Retryable(err) {
			return result, err
		}
	}
	return result, err
}

func TestAdopterPublishes(t *testing.T) {
	for _, tt := range []struct{ name, dir, file string }{
		{"a tree", tree(t, map[string]string{"cm.yaml": configMap}), "cm.yaml"},
		{"nothing", "", "kustomization.yaml"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f, endpoint := startFaulty(t, faults.Rule{On: []faults.Kind{faults.ManifestPut}, First: 2, Do: faults.Status(http.StatusBadGateway, "")})
			builder, ok := oci.NewWorkloadArtifactBuilder().(*oci.Builder)
			require.True(t, ok)
			defer builder.Close()
			result, err := publish(t.Context(), builder, tt.dir, endpoint)
			require.NoError(t, err)
			assert.Equal(t, 3, count(f, faults.ManifestPut))
			assert.Equal(t, []string{tt.file}, result.Files)
			assert.Equal(t, "org-app", result.Artifact.Name)
			assert.Equal(t, oci.EnginePaths{Flux: "./", ArgoCD: "."}, result.Artifact.Paths)

			again, err := publish(t.Context(), builder, tt.dir, endpoint)
			require.NoError(t, err)
			assert.Zero(t, again, "it exists")
		})
	}
}

func TestAdopterImportsOnePackage(t *testing.T) {
	files, err := filepath.Glob("adopter*_test.go")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		require.NoError(t, err)
		for _, spec := range file.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			require.NoError(t, err)
			if below, ours := strings.CutPrefix(path, "github.com/kubeoci/oci/"); ours {
				assert.True(t, strings.HasPrefix(below, "internal/"), "%s imports %s", name, path)
			}
		}
	}
}

// private is a registry with one user, whose password no output may contain.
var private = memregistry.Options{Bearer: true, Users: map[string]memregistry.User{"ci": {Password: canary}}}

// startFaulty starts a private registry with faults and returns its endpoint.
func startFaulty(t *testing.T, rules ...faults.Rule) (*faults.Handler, string) {
	t.Helper()
	f := faults.New(memregistry.Handler(private), 0, rules...)
	return f, serve(t, f)
}

// count returns the number of requests of a kind.
func count(f *faults.Handler, kind faults.Kind) (n int) {
	for _, seen := range f.Seen() {
		if seen.Kind == kind {
			n++
		}
	}
	return n
}

// attempt builds, and requires that the password is in no text that comes out of it.
func attempt(t *testing.T, opts oci.BuildOptions) (oci.BuildResult, error) {
	t.Helper()
	var mu sync.Mutex
	var texts []string
	opts.OnEvent = func(e oci.Event) {
		mu.Lock()
		defer mu.Unlock()
		texts = append(texts, fmt.Sprintf("%+v", e))
		if e.Push != nil {
			texts = append(texts, fmt.Sprintf("%+v", *e.Push))
			if e.Push.Retry != nil {
				texts = append(texts, fmt.Sprintf("%+v", *e.Push.Retry), oci.Hint(e.Push.Retry.Err))
			}
		}
	}
	result, err := oci.Build(t.Context(), opts)
	data, failure := json.Marshal(result)
	require.NoError(t, failure)
	texts = append(texts, string(data), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", err), oci.Hint(err), fmt.Sprintf("%+v", opts))
	for _, text := range texts {
		require.NotContains(t, text, canary)
	}
	return result, err
}

// codes returns severity and code of findings.
func codes(findings []oci.Finding) []string {
	var all []string
	for _, f := range findings {
		all = append(all, fmt.Sprintf("%v %s", f.Severity, f.Code))
	}
	return all
}
