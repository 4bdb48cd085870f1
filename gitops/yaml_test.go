package gitops_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/gitops"
	"github.com/kubeoci/oci/packager"
)

// golden compares YAML with testdata/yaml/<name>.yaml.
func golden(t *testing.T, name string, got []byte, err error) {
	t.Helper()
	require.NoError(t, err)
	path := filepath.Join("testdata", "yaml", name+".yaml")
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), string(got))
}

func TestFlux(t *testing.T) {
	for _, tt := range []struct {
		name     string
		artifact gitops.Artifact
		opts     gitops.FluxOptions
	}{
		{"flux-tag", shop(), gitops.FluxOptions{}},
		{"flux-digest", shop(), gitops.FluxOptions{Ref: gitops.Ref{ByDigest: true}}},
		{"flux-range", shop(), gitops.FluxOptions{Ref: gitops.Ref{Range: ">=1.0.0 <2.0.0"}}},
		{"flux-keyless", shop(), gitops.FluxOptions{Verify: gitops.Verification{Identities: []gitops.Identity{
			gitops.ExactIdentity("https://token.actions.githubusercontent.com", "https://github.com/acme/shop/.github/workflows/push.yaml@refs/heads/main"),
			{Issuer: `^https://gitlab\.com$`, Subject: `^https://gitlab\.com/acme/.+$`},
		}, TrustedRoot: "sigstore"}}},
		{"flux-cosign-key", shop(), gitops.FluxOptions{Verify: gitops.Verification{Secret: "cosign-keys"}}},
		{"flux-notation", shop(), gitops.FluxOptions{Verify: gitops.Verification{Notation: true, Secret: "notation"}}},
		{"flux-private", changed(func(a *gitops.Artifact) { a.Registry = "registry.acme.example:5443" }), gitops.FluxOptions{Secret: "registry", CertSecret: "registry-ca"}},
		{"flux-provider", shop(), gitops.FluxOptions{Provider: "aws"}},
		{"flux-plain-http", changed(func(a *gitops.Artifact) { a.Registry = "http://localhost:5000" }), gitops.FluxOptions{}},
		{"flux-namespace-object", changed(func(a *gitops.Artifact) { a.HasNamespaces = true }), gitops.FluxOptions{}},
		{"flux-all", changed(func(a *gitops.Artifact) { a.Paths = packager.EnginePaths{Flux: "./deploy/eu", ArgoCD: "deploy/eu"} }), gitops.FluxOptions{
			Name: "shop.eu", Namespace: "team-a", Interval: time.Minute, ApplyInterval: time.Hour, RetryInterval: 90 * time.Second, Timeout: 2500 * time.Millisecond,
			TargetNamespace: "shop", NoPrune: true, Wait: true, DependsOn: []string{"crds", "infra/cert-manager"},
		}},
		{"flux-quoting", changed(func(a *gitops.Artifact) { a.Tag, a.Repository = "1.10", "acme/true" }), gitops.FluxOptions{Namespace: "null", TargetNamespace: "1e3", DependsOn: []string{"0x1f", "on"}, Secret: "y"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := gitops.Flux(tt.artifact, tt.opts)
			golden(t, tt.name, got, err)
		})
	}
}

func TestArgoCD(t *testing.T) {
	for _, tt := range []struct {
		name     string
		artifact gitops.Artifact
		opts     gitops.ArgoCDOptions
	}{
		{"argocd-tag", shop(), gitops.ArgoCDOptions{}},
		{"argocd-digest", shop(), gitops.ArgoCDOptions{Ref: gitops.Ref{ByDigest: true}, TargetNamespace: "shop"}},
		{"argocd-range", shop(), gitops.ArgoCDOptions{Ref: gitops.Ref{Range: "~1.4"}}},
		{"argocd-recurse", changed(func(a *gitops.Artifact) {
			a.Recurse, a.Paths = true, packager.EnginePaths{Flux: "./deploy", ArgoCD: "deploy"}
		}), gitops.ArgoCDOptions{}},
		{"argocd-automated", shop(), gitops.ArgoCDOptions{Automated: true}},
		{"argocd-plain-http", changed(func(a *gitops.Artifact) { a.PlainHTTP, a.Registry = true, "zot" }), gitops.ArgoCDOptions{}},
		{"argocd-namespace-object", changed(func(a *gitops.Artifact) { a.HasNamespaces = true }), gitops.ArgoCDOptions{TargetNamespace: "shop"}},
		{"argocd-all", shop(), gitops.ArgoCDOptions{
			Name: "shop.eu", Namespace: "team-a", Project: "team-a", Cluster: "eu-1", TargetNamespace: "shop", CreateNamespace: true, Automated: true, NoPrune: true,
		}},
		{"argocd-quoting", changed(func(a *gitops.Artifact) { a.Tag, a.Repository = "0x1F", "acme/1.10" }), gitops.ArgoCDOptions{Project: "null", Cluster: "yes: no", TargetNamespace: "1e3"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := gitops.ArgoCD(tt.artifact, tt.opts)
			golden(t, tt.name, got, err)
		})
	}
}

// Each golden file has its test.
func TestGoldenFiles(t *testing.T) {
	paths, err := filepath.Glob("testdata/yaml/*.yaml")
	require.NoError(t, err)
	assert.Len(t, paths, 12+9)
}

func TestDerivedNames(t *testing.T) {
	for _, tt := range []struct{ repository, want string }{
		{"shop", "shop"},
		{"acme/shop", "shop"},
		{"acme/my_app.v1__beta", "my-app-v1-beta"},
		{"acme/1", `"1"`},
	} {
		t.Run(tt.repository, func(t *testing.T) {
			got, err := gitops.Flux(changed(func(a *gitops.Artifact) { a.Repository = tt.repository }), gitops.FluxOptions{})
			require.NoError(t, err)
			assert.Equal(t, 2, strings.Count(string(got), "\n  name: "+tt.want+"\n"), string(got))
		})
	}
}

func TestLongTextIsNotFolded(t *testing.T) {
	long := strings.Repeat(">=1.0.0 <2.0.0 || ", 20) + "3.x"
	got, err := gitops.Flux(shop(), gitops.FluxOptions{Ref: gitops.Ref{Range: long}})
	require.NoError(t, err)
	assert.Contains(t, string(got), "\n    semver: \""+long+"\"\n")
}

func TestRevisions(t *testing.T) {
	hex := ours.String()
	for _, tt := range []struct {
		name string
		ref  gitops.Ref
		want gitops.Revisions
	}{
		{"tag", gitops.Ref{}, gitops.Revisions{Flux: "1.4.0@" + hex, ArgoCD: hex}},
		{"digest", gitops.Ref{ByDigest: true}, gitops.Revisions{Flux: hex, ArgoCD: hex}},
		{"range", gitops.Ref{Range: "1.x"}, gitops.Revisions{Flux: "1.4.0@" + hex, ArgoCD: hex}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := shop().Revisions(tt.ref)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
		})
	}
}

// The revisions are those that source-controller recorded.
func TestRevisionsOfRecordings(t *testing.T) {
	for _, tt := range []struct {
		recording, tag string
		ref            gitops.Ref
	}{
		{"shop.1-create", "v1", gitops.Ref{}},
		{"by-digest.1-create", "v1", gitops.Ref{ByDigest: true}},
		{"by-semver.2-next-version", "1.1.0", gitops.Ref{Range: ">=1.0.0 <2.0.0"}},
	} {
		t.Run(tt.recording, func(t *testing.T) {
			r := readRecording(t, tt.recording)
			revisions, err := gitops.Artifact{Tag: tt.tag, Digest: r.Pushed}.Revisions(tt.ref)
			require.NoError(t, err)
			var last gitops.Status
			r.play(func(source, kustomization []byte) { last = statusOf(t, r.Pushed, source, kustomization) })
			assert.Equal(t, revisions.Flux, last.Revision)
		})
	}
}
