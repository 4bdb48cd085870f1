package oci_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/internal/testing/faults"
	"github.com/kubeoci/oci/registry"
)

const secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: app}\nstringData: {password: hunter2}\n"

// plan returns that of options which must be valid.
func plan(t *testing.T, opts oci.BuildOptions) oci.BuildPlan {
	t.Helper()
	var b oci.Builder
	defer b.Close()
	p, err := b.Plan(t.Context(), opts)
	require.NoError(t, err)
	return p
}

// actions returns what the plan would do with each tag.
func actions(p oci.BuildPlan) map[string]registry.Action {
	all := map[string]registry.Action{}
	for _, tag := range p.Tags {
		all[tag.Tag] = tag.Action
	}
	return all
}

// A plan writes nothing, and the build gives exactly its digest.
func TestPlan(t *testing.T) {
	r := startRegistry(t, memregistry.Options{})
	dir := tree(t, map[string]string{"cm.yaml": configMap, "ns.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: app}\n", "notes.txt": "x"})
	opts := oci.BuildOptions{SourcePath: dir, RegistryEndpoint: r.Host, Repository: "app", Version: "v1", Tags: []string{"latest"}, Layout: oci.LayoutRoot}
	first := plan(t, opts)
	for _, request := range r.takeRequests() {
		assert.Contains(t, request, "GET ")
	}
	assert.Equal(t, map[string]registry.Action{"v1": registry.ActionCreate, "latest": registry.ActionCreate}, actions(first))
	assert.False(t, first.Result.Unchanged)
	assert.Equal(t, []string{"cm.yaml", "ns.yaml"}, first.Result.Files)
	assert.Len(t, first.Result.Skipped, 1)
	built := build(t, opts)
	assert.Equal(t, built.Artifact, first.Result.Artifact)
	assert.True(t, first.Result.HasNamespaces)
	assert.Equal(t, built.HandOver(), first.Result.HandOver())

	again := plan(t, opts)
	assert.Equal(t, map[string]registry.Action{"v1": registry.ActionNothing, "latest": registry.ActionNothing}, actions(again))
	assert.True(t, again.Result.Unchanged)

	require.NoError(t, os.WriteFile(filepath.Join(dir, "cm.yaml"), []byte(configMap+"data: {a: b}\n"), 0o600))
	opts.Push.TagRules = []oci.TagRule{registry.OnlyTags(registry.KeepTag, "v1")}
	changed := plan(t, opts)
	assert.Equal(t, map[string]registry.Action{"v1": registry.ActionRefuse, "latest": registry.ActionMove}, actions(changed))
	assert.Equal(t, built.Artifact.Digest, changed.Tags[0].Have)
	assert.Equal(t, "it exists", changed.Tags[0].Reason)
}

// A plan has the events of the phases that it shares with a build.
func TestPlanReportsEvents(t *testing.T) {
	dir := tree(t, map[string]string{"cm.yaml": configMap})
	for _, endpoint := range []string{"", startRegistry(t, memregistry.Options{}).Host} {
		var planned, built []oci.Event
		opts := oci.BuildOptions{SourcePath: dir, RegistryEndpoint: endpoint, Version: "v1", OnEvent: func(e oci.Event) { planned = append(planned, e) }}
		p := plan(t, opts)
		assert.Equal(t, []oci.Event{
			{Phase: oci.PhaseCollect, Files: 1, Bytes: int64(len(configMap))}, {Phase: oci.PhasePack, Files: 2, Bytes: p.Result.Artifact.LayerSize},
		}, planned)
		if endpoint != "" {
			opts.OnEvent = func(e oci.Event) { built = append(built, e) }
			build(t, opts)
			assert.Equal(t, planned, built[:2])
		}
	}
}

// Retries of the look-up are events, and a panic of the callback reaches the caller.
func TestPlanWithACallbackThatPanics(t *testing.T) {
	for _, phase := range []oci.Phase{oci.PhaseCollect, oci.PhasePack, oci.PhasePush} {
		_, host := startFaulty(t, faults.Rule{First: 1, Do: faults.Status(503, "")})
		opts := oci.BuildOptions{SourcePath: tree(t, map[string]string{"cm.yaml": configMap}), RegistryEndpoint: host, Version: "v1"}
		opts.Registry.Retry.MinWait = time.Millisecond
		opts.OnEvent = func(e oci.Event) {
			if e.Phase == phase {
				panic(errCallback)
			}
		}
		var b oci.Builder
		defer b.Close()
		assert.Panics(t, func() { _, _ = b.Plan(t.Context(), opts) }, phase)
	}
}

// Without a registry, a plan needs neither a repository nor a version.
func TestPlanWithoutARegistry(t *testing.T) {
	dir := tree(t, map[string]string{"cm.yaml": configMap})
	offline := plan(t, oci.BuildOptions{SourcePath: dir})
	assert.Empty(t, offline.Tags)
	assert.Empty(t, offline.Result.Artifact.RegistryEndpoint)
	assert.Empty(t, offline.Result.Artifact.Reference)
	assert.False(t, plan(t, oci.BuildOptions{SourcePath: dir, Insecure: true}).Result.Artifact.PlainHTTP)
	built := build(t, oci.BuildOptions{SourcePath: dir, RegistryEndpoint: startRegistry(t, memregistry.Options{}).Host, Version: "v1"})
	assert.Equal(t, built.Artifact.Digest, offline.Result.Artifact.Digest)
	assert.Equal(t, []string{"a", "b"}, plan(t, oci.BuildOptions{SourcePath: dir, Tags: []string{"a", "b"}}).Result.Tags)
}

// Options of the push that cannot work are found before anything is read.
func TestInvalidPushOptions(t *testing.T) {
	opts := oci.BuildOptions{SourcePath: t.TempDir(), RegistryEndpoint: "localhost:1", Version: "v1"}
	opts.Push.Steps = []registry.Step{{Name: "sign"}}
	_, err := opts.Validate()
	require.ErrorIs(t, err, oci.ErrInvalidOptions)
	assert.Equal(t, "give each of Push.Steps a Name and a Run", oci.Hint(err))
	opts.Push = oci.PushOptions{TagRules: []oci.TagRule{nil}}
	_, err = opts.Validate()
	require.ErrorIs(t, err, oci.ErrInvalidOptions)
}

// Without a registry, only what a build refuses with any registry is an error.
func TestOptionsOfAPlanWithoutARegistry(t *testing.T) {
	dir, files := tree(t, map[string]string{"cm.yaml": configMap}), fstest.MapFS{"cm.yaml": {Data: []byte(configMap)}}
	for _, tt := range []struct {
		name                 string
		opts                 oci.BuildOptions
		artifact, repository string
		err                  error
	}{
		{"directory", oci.BuildOptions{SourcePath: dir}, "app", "app", nil},
		{"tree without a name", oci.BuildOptions{Source: files}, "", "", nil},
		{"tree with a name", oci.BuildOptions{Source: files, Name: "shop"}, "shop", "", nil},
		{"tree with a repository", oci.BuildOptions{Source: files, Repository: "acme/shop"}, "shop", "acme/shop", nil},
		{"illegal repository", oci.BuildOptions{Source: files, Repository: "../shop"}, "", "", oci.ErrInvalidOCIFormat},
		{"credential without TLS", oci.BuildOptions{SourcePath: dir, Insecure: true, Username: "ci", Password: "p"}, "app", "app", nil},
		{"tag for a digest", oci.BuildOptions{SourcePath: dir, Version: "v1", Push: oci.PushOptions{DigestOnly: true}}, "", "", oci.ErrInvalidOptions},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var b oci.Builder
			p, err := b.Plan(t.Context(), tt.opts)
			require.ErrorIs(t, err, tt.err)
			assert.Equal(t, tt.artifact, p.Result.Artifact.Name)
			assert.Equal(t, tt.repository, p.Result.Artifact.Repository)
		})
	}
}

func TestPlanOfAnArtifactThatPreflightRefuses(t *testing.T) {
	r := startRegistry(t, memregistry.Options{})
	opts := oci.BuildOptions{
		SourcePath: tree(t, map[string]string{"a.yaml": configMap, "b.yaml": configMap}), RegistryEndpoint: r.Host, Version: "v1",
		Layout: oci.LayoutRoot, GitOpsEngine: oci.GitOpsEngineFlux,
	}
	p := plan(t, opts)
	require.NotEmpty(t, p.Refused)
	_, err := oci.Build(t.Context(), opts)
	var refused *oci.PreflightError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, []oci.Finding(refused.Reasons), p.Refused)
}

func TestPlanText(t *testing.T) {
	r := startRegistry(t, memregistry.Options{})
	opts := oci.BuildOptions{
		SourcePath: tree(t, map[string]string{"cm.yaml": configMap}), RegistryEndpoint: r.Host, Version: "v1", Layout: oci.LayoutRoot,
		Push: oci.PushOptions{TagRules: []oci.TagRule{func(context.Context, oci.TagMove) (string, error) { return "it is Friday", nil }}},
	}
	p := plan(t, opts)
	var text bytes.Buffer
	require.NoError(t, p.WriteText(&text))
	a := p.Result.Artifact
	assert.Contains(t, text.String(), "artifact  oci://"+r.Host+"/app:v1\n")
	assert.Contains(t, text.String(), "digest    "+a.Digest.String())
	assert.Contains(t, text.String(), "files     1, 0 skipped\n")
	assert.Contains(t, text.String(), "paths     Flux ./, Argo CD .\n")
	assert.Contains(t, text.String(), "tag v1    refuse: it is Friday\n")

	p.Tags[0].Reason = "not\nnow\x1b[2J, see https://ci:hunter2@example.com"
	text.Reset()
	require.NoError(t, p.WriteText(&text))
	assert.Contains(t, text.String(), "tag v1    refuse: not now [2J, see https://example.com\n")
	p.Tags[0].Reason = "it is Friday"

	data, err := json.Marshal(p)
	require.NoError(t, err)
	var read struct {
		Result struct{ Artifact struct{ Digest string } }
		Tags   []map[string]string
	}
	require.NoError(t, json.Unmarshal(data, &read))
	assert.Equal(t, a.Digest.String(), read.Result.Artifact.Digest)
	assert.Equal(t, []map[string]string{{"tag": "v1", "action": "refuse", "reason": "it is Friday"}}, read.Tags)
}

// The guard against Secrets depends on no policy, and nothing of the artifact is sent.
func TestRefuseSecrets(t *testing.T) {
	generator := "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nsecretGenerator:\n- name: s\n  literals: [password=hunter2]\n"
	plugin := "apiVersion: builtin\nkind: SecretGenerator\nmetadata: {name: s}\nliterals: [password=hunter2]\n"
	for _, tt := range []struct {
		name   string
		files  map[string]string
		policy oci.PreflightPolicy
		reason string
	}{
		{"no Secret", map[string]string{"cm.yaml": configMap}, oci.PreflightReport, ""},
		{"Secret", map[string]string{"cm.yaml": configMap, "secret.yaml": secret}, oci.PreflightReport, `"secret.yaml": `},
		{"Secret, preflight off", map[string]string{"cm.yaml": configMap, "secret.yaml": secret}, oci.PreflightOff, `"secret.yaml": `},
		{"generator", map[string]string{"kustomization.yaml": generator}, oci.PreflightOff, `"kustomization.yaml": secretGenerator[0].literals[0], a value of a Secret, is not encrypted`},
		{"generator in a file", map[string]string{"g.yaml": plugin, "kustomization.yaml": "generators: [g.yaml]\n"}, oci.PreflightReport, `"g.yaml": the generator "s" may write values of a Secret that are not encrypted`},
		{"generator in a file with another extension", map[string]string{"g.txt": plugin, "kustomization.yaml": "generators: [g.txt]\n"}, oci.PreflightOff, `"g.txt": the file cannot be checked for values of Secrets`},
		{"generator in text", map[string]string{"kustomization.yaml": "generators:\n- |\n  " + strings.ReplaceAll(plugin, "\n", "\n  ")}, oci.PreflightOff, `"kustomization.yaml": generators[0]`},
		{"generator of ConfigMaps", map[string]string{"g.yaml": "apiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: {name: s}\nliterals: [a=b]\n", "kustomization.yaml": "generators: [g.yaml]\n"}, oci.PreflightReport, ""},
		{"Secret in a large layer", largeWith(secret), oci.PreflightReport, `(and 12 more)`},
		{"two", map[string]string{"a.yaml": secret, "kustomization.yaml": generator}, oci.PreflightOff, `(and 1 more)`},
		{"file that is not YAML", map[string]string{"cm.yaml": configMap, "bad.yaml": "a: [\n"}, oci.PreflightOff, `"bad.yaml": the file cannot be checked for values of Secrets`},
		{"resource with another extension", map[string]string{"cm.yaml": configMap, "s.txt": secret, "kustomization.yaml": "resources: [cm.yaml, s.txt]\n"}, oci.PreflightReport, `"s.txt": the file cannot be checked for values of Secrets`},
		{"patch without an extension", map[string]string{"cm.yaml": configMap, "s": secret, "kustomization.yaml": "resources: [cm.yaml]\npatches: [{path: s}]\n"}, oci.PreflightOff, `"s": the file cannot be checked for values of Secrets`},
		{"file of a generator with another extension", map[string]string{"s.txt": "a=b\n", "kustomization.yaml": "configMapGenerator: [{name: c, envs: [s.txt]}]\n"}, oci.PreflightOff, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := startRegistry(t, memregistry.Options{})
			opts := oci.BuildOptions{
				SourcePath: tree(t, tt.files), RegistryEndpoint: r.Host, Version: "v1", Layout: oci.LayoutRoot,
				Preflight: oci.PreflightOptions{Policy: tt.policy}, Push: oci.PushOptions{TagRules: []oci.TagRule{oci.RefuseSecrets}},
			}
			_, err := oci.Build(t.Context(), opts)
			if tt.reason == "" {
				require.NoError(t, err)
				return
			}
			var conflict *oci.TagConflictError
			require.ErrorAs(t, err, &conflict)
			assert.Contains(t, conflict.Reason, tt.reason)
			assert.NotContains(t, err.Error(), "hunter2")
			for _, request := range r.takeRequests() {
				assert.Contains(t, request, "GET ", "something was sent")
			}
		})
	}
	_, err := oci.RefuseSecrets(t.Context(), oci.TagMove{})
	require.EqualError(t, err, "RefuseSecrets is a rule for Push.TagRules of a build")
}

// largeWith returns a tree with a layer that may be sent while it is packed.
func largeWith(secret string) map[string]string {
	files := bulky()
	files["secret.yaml"] = secret
	return files
}

func TestBuildByDigestOnly(t *testing.T) {
	r := startRegistry(t, memregistry.Options{})
	opts := oci.BuildOptions{SourcePath: tree(t, map[string]string{"cm.yaml": configMap}), RegistryEndpoint: r.Host, Push: oci.PushOptions{DigestOnly: true}}
	got := build(t, opts)
	assert.Equal(t, []string{}, got.Tags, "an array in JSON")
	assert.Equal(t, "oci://"+r.Host+"/app@"+got.Artifact.Digest.String(), got.Artifact.Reference)
	_, err := pull(t, r.Host, "app", got.Artifact.Digest.String())
	require.NoError(t, err)
	assert.True(t, build(t, opts).Unchanged)

	opts.Push.TagRules = []oci.TagRule{oci.RefuseSecrets}
	opts.SourcePath = tree(t, map[string]string{"secret.yaml": secret})
	_, err = oci.Build(t.Context(), opts)
	require.ErrorContains(t, err, `the artifact: "secret.yaml": the Secret "s" is not encrypted (it would be sha256:`)
	require.ErrorIs(t, err, oci.ErrRegistryTagConflict)

	opts.Version = "v1"
	_, err = oci.Build(t.Context(), opts)
	require.ErrorIs(t, err, oci.ErrInvalidOptions)
	assert.Equal(t, "unset Push.DigestOnly, or leave Version and Tags empty", oci.Hint(err))
}

// 100 commits that change no file give one digest, and statements about each of them.
func TestCommitsThatChangeNothing(t *testing.T) {
	r := startRegistry(t, memregistry.Options{})
	var b oci.Builder
	defer b.Close()
	var revisions []string
	opts := oci.BuildOptions{SourcePath: tree(t, map[string]string{"cm.yaml": configMap}), RegistryEndpoint: r.Host, Version: "main"}
	opts.Push.KeepSameContent = true
	opts.Push.Steps = []registry.Step{{Name: "attest", Run: func(_ context.Context, p *registry.Published) error {
		revisions = append(revisions, p.Annotations["org.opencontainers.image.revision"])
		return nil
	}}}
	digests := map[string]int{}
	for n := range 100 {
		opts.Pack.Revision = fmt.Sprintf("main@sha1:%040x", n)
		got, err := b.Build(t.Context(), opts)
		require.NoError(t, err)
		digests[got.Artifact.Digest.String()]++
		assert.Equal(t, n > 0, got.SameContent)
		assert.Equal(t, n > 0, got.Unchanged)
	}
	assert.Len(t, digests, 1)
	assert.Len(t, revisions, 100)
	assert.Equal(t, opts.Pack.Revision, revisions[99])
}

// The same content is the same although it was compressed otherwise.
func TestSameContentOfAnotherLevel(t *testing.T) {
	r := startRegistry(t, memregistry.Options{})
	opts := oci.BuildOptions{SourcePath: tree(t, map[string]string{"cm.yaml": configMap}), RegistryEndpoint: r.Host, Version: "v1"}
	opts.Pack.Level = 1
	first := build(t, opts)
	opts.Pack.Level, opts.Push.KeepSameContent = 9, true
	second := build(t, opts)
	assert.Equal(t, first.Artifact.Digest, second.Artifact.Digest)
	assert.True(t, second.SameContent)
	assert.NotEqual(t, first.Artifact.LayerDigest, second.Artifact.LayerDigest, "the test compares nothing")
}
