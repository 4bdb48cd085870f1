package main

import (
	"bytes"
	"context"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/examples/cli"
)

func TestPushOfStandardInput(t *testing.T) {
	host := startRegistry(t, nil)
	for _, tt := range []struct {
		name, repository string
		args             []string
		files            []string
		paths            oci.EnginePaths
	}{
		{"to memory", "manifests", nil, []string{"manifests.yaml", "manifests/manifests.yaml"}, oci.EnginePaths{Flux: "./manifests", ArgoCD: "manifests"}},
		{"at the root", "manifests", []string{"-layout", "root"}, []string{"manifests.yaml"}, oci.EnginePaths{Flux: "./", ArgoCD: "."}},
		{"with a prefix", "manifests", []string{"-engine", "argocd", "-prefix", "shop"}, []string{"shop/manifests.yaml"}, oci.EnginePaths{Flux: "./shop", ArgoCD: "shop"}},
		{"to a registry", "shop", []string{"-engine", "argocd", "-ref", "oci://" + host + "/shop:1"}, []string{"manifests/manifests.yaml"}, oci.EnginePaths{Flux: "./manifests", ArgoCD: "manifests"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			result := push(t, configMap+"---\n"+configMap, nil, append(tt.args, "-preflight", "off", "-json", "-")...).result(t)
			assert.Equal(t, tt.repository, result.Artifact.Repository)
			assert.Equal(t, tt.files, result.Files)
			assert.Equal(t, tt.paths, result.Artifact.Paths)
			assert.Empty(t, result.Artifact.SourcePath)
		})
	}
}

func TestPushOfStandardInputFails(t *testing.T) {
	for _, tt := range []struct {
		name, input string
		args        []string
		status      int
		want        string
	}{
		{"empty", "", nil, 1, "error: standard input is empty: check the command that writes it\n"},
		{"finding", "a: 1\n", []string{"-engine", "flux"}, 1, "manifests.yaml\n  1:1  error  not-an-object"},
		{"password", configMap, []string{"-ref", "oci://localhost:1/shop:1", "-username", "u", "-password-stdin"}, 2, "-password-stdin: standard input has the manifests"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := push(t, tt.input, nil, append(tt.args, "-")...)
			assert.Equal(t, tt.status, o.status)
			assert.Contains(t, o.stderr, tt.want)
			assert.Empty(t, o.stdout)
		})
	}
}

func TestTimeoutWhileReadingManifests(t *testing.T) {
	reader, writer := io.Pipe()
	t.Cleanup(func() { require.NoError(t, writer.Close()) })
	var stdout, stderr bytes.Buffer
	env := cli.Env{Stdin: reader, Stdout: &stdout, Stderr: &stderr, Getenv: func(string) string { return "" }}
	require.ErrorIs(t, run(t.Context(), env, []string{"-timeout", "50ms", "-"}), context.DeadlineExceeded)
}
