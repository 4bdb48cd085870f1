package oci_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/preflight"
)

// sent returns the requests that change something, and forgets all requests.
func (r *testRegistry) sent() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var sent []string
	for _, request := range r.requests {
		if !strings.HasPrefix(request, "GET ") && !strings.HasPrefix(request, "HEAD ") {
			sent = append(sent, request)
		}
	}
	r.requests = nil
	return sent
}

func TestBuildWithPreflight(t *testing.T) {
	twice := map[string]string{"a.yaml": configMap, "b.yaml": configMap}                                                              // which Flux refuses
	secret := map[string]string{"a.yaml": "apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\nstringData:\n  key: " + canary + "\n"} // a warning
	fine := map[string]string{"a.yaml": configMap}
	for _, tt := range []struct {
		name   string
		files  map[string]string
		opts   oci.BuildOptions
		pushed bool
		codes  []preflight.Code // in the result or the error
	}{
		{"nothing found", fine, oci.BuildOptions{}, true, nil},
		{"a warning is reported", secret, oci.BuildOptions{}, true, []preflight.Code{preflight.CodeSecret}},
		{"a warning is not looked for", secret, oci.BuildOptions{Preflight: oci.PreflightOptions{Policy: oci.PreflightOff}}, true, nil},
		{"a warning is enforced", secret, oci.BuildOptions{Preflight: oci.PreflightOptions{Policy: oci.PreflightEnforce}}, false, []preflight.Code{preflight.CodeSecret}},
		{"errors alone are enforced", secret, oci.BuildOptions{Preflight: oci.PreflightOptions{Policy: oci.PreflightEnforce, Severity: preflight.Error}}, true, []preflight.Code{preflight.CodeSecret}},
		{"an error for the engine that is named", twice, oci.BuildOptions{}, false, []preflight.Code{preflight.CodeDuplicateObject}},
		{"an error is not looked for", twice, oci.BuildOptions{Preflight: oci.PreflightOptions{Policy: oci.PreflightOff}}, true, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			registry := startRegistry(t, memregistry.Options{})
			opts := tt.opts
			opts.SourcePath, opts.RegistryEndpoint, opts.Version = tree(t, tt.files), registry.Host, "v1"
			opts.GitOpsEngine, opts.Preflight.TargetNamespace = oci.GitOpsEngineFlux, "shop"
			result, err := oci.Build(t.Context(), opts)
			findings := result.Findings
			if tt.pushed {
				require.NoError(t, err)
				assert.NotEmpty(t, registry.sent())
			} else {
				require.ErrorIs(t, err, oci.ErrPreflight)
				var refused *oci.PreflightError
				require.ErrorAs(t, err, &refused)
				assert.NotEmpty(t, refused.Reasons)
				assert.NotEmpty(t, refused.Hint())
				assert.NotContains(t, err.Error(), canary)
				findings = refused.Findings
				assert.Zero(t, result)
				assert.Empty(t, registry.sent(), "nothing is uploaded")
			}
			var codes []preflight.Code
			for _, f := range findings {
				codes = append(codes, f.Code)
			}
			assert.Equal(t, tt.codes, codes)
		})
	}
}

// The findings do not depend on the registry: somebody else may have pushed the same
// artifact without a check.
func TestBuildChecksWhateverTheTagPointsTo(t *testing.T) {
	registry := startRegistry(t, memregistry.Options{})
	opts := oci.BuildOptions{
		SourcePath: tree(t, map[string]string{"a.yaml": configMap, "b.yaml": configMap}), RegistryEndpoint: registry.Host, Version: "v1",
		GitOpsEngine: oci.GitOpsEngineFlux, Preflight: oci.PreflightOptions{Policy: oci.PreflightOff},
	}
	build(t, opts)
	registry.takeRequests()
	opts.Preflight.Policy = oci.PreflightReport
	_, err := oci.Build(t.Context(), opts)
	require.ErrorIs(t, err, oci.ErrPreflight)
	assert.Empty(t, registry.sent())
}

func TestPreflightErrorOfOthers(t *testing.T) {
	err := new(oci.PreflightError)
	require.EqualError(t, err, "preflight refused the artifact")
	assert.Empty(t, err.Hint())
}

// A tree may hold more than an engine renders: the findings are those of the directory
// that it renders, and the result has its path.
func TestBuildForADirectoryOfTheTree(t *testing.T) {
	registry := startRegistry(t, memregistry.Options{})
	opts := oci.BuildOptions{
		SourcePath: tree(t, map[string]string{"staging/a.yaml": configMap, "production/a.yaml": configMap}), RegistryEndpoint: registry.Host, Version: "v1",
	}
	for _, tt := range []struct {
		engine oci.GitOpsEngine
		path   string
		want   oci.EnginePaths // empty if it is not pushed
	}{
		{oci.GitOpsEngineFlux, "", oci.EnginePaths{}},
		{oci.GitOpsEngineFlux, "production", oci.EnginePaths{Flux: "./production", ArgoCD: "production"}},
		{oci.GitOpsEngineFlux, "./production/", oci.EnginePaths{Flux: "./production", ArgoCD: "production"}},
		{oci.GitOpsEngineArgoCD, "production", oci.EnginePaths{Flux: "./app/production", ArgoCD: "app/production"}},
		{oci.GitOpsEngineFlux, "missing", oci.EnginePaths{}},
	} {
		opts.GitOpsEngine, opts.Preflight.Path, opts.Push.Force = tt.engine, tt.path, true
		result, err := oci.Build(t.Context(), opts)
		if tt.want == (oci.EnginePaths{}) {
			require.ErrorIs(t, err, oci.ErrPreflight, tt.path)
			continue
		}
		require.NoError(t, err, tt.path)
		assert.Equal(t, tt.want, result.Artifact.Paths)
	}
	for _, path := range []string{"..", "../x", "/etc", "a/../../b"} {
		opts.Preflight.Path = path
		_, err := opts.Validate()
		require.ErrorIs(t, err, preflight.ErrInvalidPath, path)
	}
}

func TestBuildForSeveralPaths(t *testing.T) {
	files := map[string]string{"clusters/a/app.yaml": configMap, "clusters/b/app.yaml": configMap, "clusters/c/app.yaml": "a: 1\n"}
	for _, tt := range []struct {
		name    string
		opts    oci.PreflightOptions
		refused bool
		first   oci.EnginePaths
		all     []oci.EnginePaths
	}{
		{"one", oci.PreflightOptions{Paths: []string{"clusters/a", "clusters/a/"}}, false, oci.EnginePaths{Flux: "./clusters/a", ArgoCD: "clusters/a"}, []oci.EnginePaths{{Flux: "./clusters/a", ArgoCD: "clusters/a"}}},
		{"two", oci.PreflightOptions{Path: "clusters/b", Paths: []string{"clusters/a"}}, false, oci.EnginePaths{Flux: "./clusters/b", ArgoCD: "clusters/b"}, []oci.EnginePaths{
			{Flux: "./clusters/b", ArgoCD: "clusters/b"}, {Flux: "./clusters/a", ArgoCD: "clusters/a"},
		}},
		{"one of two is refused", oci.PreflightOptions{Paths: []string{"clusters/a", "clusters/c"}}, true, oci.EnginePaths{}, nil},
		{"without a check", oci.PreflightOptions{Paths: []string{".", "clusters/c"}, Policy: oci.PreflightOff}, false, oci.EnginePaths{Flux: "./", ArgoCD: "."}, []oci.EnginePaths{
			{Flux: "./", ArgoCD: "."}, {Flux: "./clusters/c", ArgoCD: "clusters/c"},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			registry := startRegistry(t, memregistry.Options{})
			result, err := oci.Build(t.Context(), oci.BuildOptions{
				SourcePath: tree(t, files), RegistryEndpoint: registry.Host, Version: "v1", GitOpsEngine: oci.GitOpsEngineFlux, Preflight: tt.opts,
			})
			if tt.refused {
				require.ErrorIs(t, err, oci.ErrPreflight)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tt.first, result.Artifact.Paths)
			assert.Equal(t, tt.all, result.Artifact.AllPaths)
		})
	}
}
