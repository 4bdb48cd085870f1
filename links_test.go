package oci_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/preflight"
)

// A link to a directory is named as the cause of objects that are there twice, and each way
// that the hint offers ends that.
func TestBuildWithALinkToADirectory(t *testing.T) {
	source := tree(t, map[string]string{"base/cm.yaml": namespaced("a")})
	require.NoError(t, os.Symlink("base", filepath.Join(source, "linked")))
	for _, tt := range []struct {
		name     string
		opts     oci.BuildOptions
		severity preflight.Severity
		message  string
	}{
		{
			"Flux", oci.BuildOptions{GitOpsEngine: oci.GitOpsEngineFlux}, preflight.Error,
			`Flux refuses the ConfigMap "a": it is defined here and at base/cm.yaml:1, and linked/cm.yaml is reached through a symbolic link`,
		},
		{
			"Argo CD", oci.BuildOptions{GitOpsEngine: oci.GitOpsEngineArgoCD, Preflight: oci.PreflightOptions{DirectoryRecurse: true}}, preflight.Warning,
			`Argo CD finds the ConfigMap "a" here and at base/cm.yaml:1, and linked/cm.yaml is reached through a symbolic link`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			opts := tt.opts
			opts.SourcePath, opts.RegistryEndpoint, opts.Version = source, startRegistry(t, memregistry.Options{}).Host, "v1"
			result, err := oci.Build(t.Context(), opts)
			findings := result.Findings
			if refused, ok := errors.AsType[*oci.PreflightError](err); ok {
				findings = refused.Findings
			}
			require.Len(t, findings, 1)
			assert.Equal(t, tt.severity, findings[0].Severity)
			assert.Equal(t, tt.message, findings[0].Message)
			assert.Equal(t, "exclude the link with Collect.Ignore, or set Collect.Symlinks to files, which skips links to directories", findings[0].Hint)

			for _, collect := range []oci.CollectOptions{{Symlinks: "files"}, {Ignore: []string{"linked"}}} {
				opts.Collect = collect
				followed := build(t, opts)
				assert.Empty(t, followed.Findings)
				assert.Len(t, followed.Files, 1)
			}
		})
	}
}
