package ggcr_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"oras.land/oras-go/v2/registry"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/preflight"
	"github.com/kubeoci/oci/reference"
)

// plan returns a plan of one manifest.
func plan(t testing.TB) *packager.Plan {
	t.Helper()
	tree := fstest.MapFS{"app.yaml": {Data: []byte("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: app\n")}}
	set, err := manifests.CollectFS(t.Context(), tree, manifests.Options{})
	require.NoError(t, err)
	plan, err := packager.NewPlan(set, packager.LayoutRoot, packager.Options{})
	require.NoError(t, err)
	return plan
}

// compare checks that go-containerregistry and ORAS, with which Flux and Argo CD parse
// references, read a reference as we do, unless preflight has a finding for Flux.
func compare(t *testing.T, plan *packager.Plan, ref *reference.Reference) (findings preflight.Findings) {
	t.Helper()
	findings, err := preflight.Check(t.Context(), preflight.Artifact{
		Plan: plan, Engines: []packager.GitOpsEngine{packager.GitOpsEngineFlux}, Registry: ref.Registry(), Repository: ref.FullRepository(),
	}, preflight.Options{TargetNamespace: "shop"})
	require.NoError(t, err)
	assert.Empty(t, preflight.Options{}.Refusals(findings), "the name alone is no error")

	text := ref.Registry() + "/" + ref.FullRepository()
	parsed, err := name.ParseReference(text)
	same := err == nil && parsed.Context().RepositoryStr() == ref.FullRepository()
	if same && ref.Registry() != "docker.io" {
		same = parsed.Context().RegistryStr() == ref.Registry()
	}
	short := len(ref.FullRepository()) == 1 // which older versions refuse
	assert.Equal(t, !same || short, len(findings) > 0, "%q: %v, %v, %v", text, parsed, err, findings)

	argocd, err := registry.ParseReference(text)
	if assert.NoError(t, err, text) {
		assert.Equal(t, ref.Registry(), argocd.Registry)
		assert.Equal(t, ref.FullRepository(), argocd.Repository)
	}
	return findings
}

// A reference is read by the engines as it is by us, or preflight reports it.
func TestReferences(t *testing.T) {
	long := strings.Repeat("a", 63)
	plan := plan(t)
	for _, registry := range []string{
		"registry.example.com", "registry.example.com:5000", "localhost", "localhost:5000", "LOCALHOST", "Localhost:1", "registry", "registry:443", "Registry.Example.com",
		"r", "0", "10.0.0.1", "127.0.0.1:5000", "[::1]", "[::1]:5000", "[FE80::A]", "[::ffff:10.0.0.1]:80", "xn--bcher-kva.example", "a-b", "a--b.c", "docker.io", "index.docker.io",
		"registry-1.docker.io", "ghcr.io", "3com", "1.2", strings.Repeat("a.", 100) + "b", long + "." + long + ".c", long, "svc.cluster.local:65535",
	} {
		for _, repository := range []string{
			"a", "0", "ab", "a/b", "a/b/c", "a__b", "a---b", "a.b", "acme/shop", "localhost/a", "a.b/c", "library/app", "acme/" + long, strings.Repeat("a/", 20) + "b",
		} {
			text := "oci://" + registry + "/" + repository
			t.Run(text, func(t *testing.T) {
				ref, err := reference.Parse(text)
				if err != nil {
					assert.ErrorContains(t, err, "255", "only the length of both is a reason")
					return
				}
				compare(t, plan, ref)
			})
		}
	}
}

// The longest repository that we accept is one for the engines.
func TestLongestRepository(t *testing.T) {
	plan := plan(t)
	for n := 230; n < 260; n++ {
		ref, err := reference.Parse("oci://r.io/" + strings.Repeat("a", n))
		if err != nil {
			assert.Greater(t, n, 240)
			continue
		}
		compare(t, plan, ref)
	}
}

func FuzzReferences(f *testing.F) {
	for _, seed := range []string{"registry/app", "localhost/a", "[::1]:1/a/b", "docker.io/app", "A.b/c__d", "0/0", "a-b/c"} {
		f.Add(seed)
	}
	plan := plan(f)
	f.Fuzz(func(t *testing.T, s string) {
		ref, err := reference.Parse("oci://" + s)
		if err != nil || ref == nil || ref.Ref != "" {
			return
		}
		compare(t, plan, ref)
	})
}
