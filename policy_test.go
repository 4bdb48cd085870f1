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

// sent are the requests that change something.
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
	for _, row := range []struct {
		name   string
		files  map[string]string
		opts   oci.BuildOptions
		pushed bool
		codes  []preflight.Code // in the result or the error
	}{
		{"nothing found", fine, oci.BuildOptions{}, true, nil},
		{"a warning is reported", secret, oci.BuildOptions{}, true, []preflight.Code{preflight.CodeSecret}},
		{"a warning is not looked for", secret, oci.BuildOptions{Preflight: oci.PreflightOff}, true, nil},
		{"a warning is enforced", secret, oci.BuildOptions{Preflight: oci.PreflightEnforce}, false, []preflight.Code{preflight.CodeSecret}},
		{"errors alone are enforced", secret, oci.BuildOptions{Preflight: oci.PreflightEnforce, PreflightSeverity: preflight.Error}, true, []preflight.Code{preflight.CodeSecret}},
		{"an error for the engine that is named", twice, oci.BuildOptions{}, false, []preflight.Code{preflight.CodeDuplicateObject}},
		{"an error is not looked for", twice, oci.BuildOptions{Preflight: oci.PreflightOff}, true, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			registry := startRegistry(t, memregistry.Options{})
			opts := row.opts
			opts.SourcePath, opts.RegistryEndpoint, opts.Version = tree(t, row.files), registry.Host, "v1"
			opts.GitOpsEngine = oci.GitOpsEngineFlux
			result, err := oci.NewWorkloadArtifactBuilder().Build(t.Context(), opts)
			findings := result.Findings
			if row.pushed {
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
			assert.Equal(t, row.codes, codes)
		})
	}
}

// What a tag has already is not looked at again, whoever put it there.
func TestBuildOfWhatIsThereIsNotLookedAt(t *testing.T) {
	registry := startRegistry(t, memregistry.Options{})
	opts := oci.BuildOptions{
		SourcePath: tree(t, map[string]string{"a.yaml": configMap, "b.yaml": configMap}), RegistryEndpoint: registry.Host, Version: "v1",
		GitOpsEngine: oci.GitOpsEngineFlux, Preflight: oci.PreflightOff,
	}
	build(t, opts)
	opts.Preflight = oci.PreflightEnforce
	assert.True(t, build(t, opts).Unchanged)
	opts.Force = true
	_, err := oci.NewWorkloadArtifactBuilder().Build(t.Context(), opts)
	require.ErrorIs(t, err, oci.ErrPreflight)
}

func TestParsePreflightPolicy(t *testing.T) {
	for name, want := range map[string]oci.PreflightPolicy{
		"": oci.PreflightReport, "report": oci.PreflightReport, "enforce": oci.PreflightEnforce, "off": oci.PreflightOff,
	} {
		got, err := oci.ParsePreflightPolicy(name)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
	_, err := oci.ParsePreflightPolicy("no")
	require.ErrorIs(t, err, oci.ErrUnknownPolicy)
	require.EqualError(t, err, `unknown preflight policy: "no" is not report, enforce or off`)
}

func TestPreflightErrorOfOthers(t *testing.T) {
	err := new(oci.PreflightError)
	require.EqualError(t, err, "not pushed, since it would not be rendered")
	assert.Empty(t, err.Hint())
}

// A tree may hold more than an engine is to render: what is said of it is said of
// the folder, and the result has its path.
func TestBuildForAFolderOfTheTree(t *testing.T) {
	registry := startRegistry(t, memregistry.Options{})
	opts := oci.BuildOptions{
		SourcePath: tree(t, map[string]string{"staging/a.yaml": configMap, "production/a.yaml": configMap}), RegistryEndpoint: registry.Host, Version: "v1",
	}
	for _, row := range []struct {
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
		opts.GitOpsEngine, opts.Path, opts.Force = row.engine, row.path, true
		result, err := oci.NewWorkloadArtifactBuilder().Build(t.Context(), opts)
		if row.want == (oci.EnginePaths{}) {
			require.ErrorIs(t, err, oci.ErrPreflight, row.path)
			continue
		}
		require.NoError(t, err, row.path)
		assert.Equal(t, row.want, result.Artifact.Paths)
	}
	for _, path := range []string{"..", "../x", "/etc", "a/../../b"} {
		opts.Path = path
		_, err := opts.Validate()
		require.ErrorIs(t, err, oci.ErrInvalidPath, path)
	}
}
