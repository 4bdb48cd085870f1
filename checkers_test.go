package oci_test

import (
	"bytes"
	"context"
	"errors"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/preflight"
)

// owners is a Checker that wants an annotation in each manifest, and counts its calls.
type owners struct {
	mu    sync.Mutex
	calls map[string]int
}

func (o *owners) Check(_ context.Context, file preflight.File) (preflight.Findings, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.calls[file.Path]++
	if path.Ext(file.Path) != ".yaml" || bytes.Contains(file.Content, []byte("acme.example.com/owner:")) {
		return nil, nil
	}
	return preflight.Findings{{Code: "acme-owner", Severity: preflight.Warning, Message: "the object has no owner", Hint: "annotate it"}}, nil
}

func (o *owners) take() map[string]int {
	calls := o.calls
	o.calls = map[string]int{}
	return calls
}

// A build passes each file to a Checker once, however often it is read, is in the archive
// or was pushed before.
func TestBuildWithCheckers(t *testing.T) {
	large := configMap + strings.Repeat("# comment\n", 100_000) // which packing does not keep in one piece
	files := map[string]string{
		"kustomization.yaml": "resources: [cm.yaml]\nconfigMapGenerator:\n- name: x\n  envs: [a.env]\n", "cm.yaml": configMap, "a.env": "A=1\n",
		"large.yaml": strings.ReplaceAll(large, "settings", "large"), "empty.yaml": "",
	}
	once := map[string]int{"kustomization.yaml": 1, "cm.yaml": 1, "a.env": 1, "large.yaml": 1, "empty.yaml": 1}
	checker := &owners{calls: map[string]int{}}
	dir := tree(t, files)
	for _, layout := range []oci.Layout{oci.LayoutRoot, oci.LayoutBoth} {
		opts := oci.BuildOptions{
			SourcePath: dir, RegistryEndpoint: startRegistry(t, memregistry.Options{}).Host, Version: "v1", Layout: layout,
			Preflight: oci.PreflightOptions{Checkers: []preflight.Checker{checker}},
		}
		first := build(t, opts)
		assert.Equal(t, once, checker.take())
		assert.Equal(t, 4, strings.Count(strings.Join(codes(first.Findings), " "), "acme-owner"))
		for _, tt := range []struct {
			name   string
			change func(o *oci.BuildOptions)
		}{
			{"unchanged", func(*oci.BuildOptions) {}},
			{"with a cache", func(o *oci.BuildOptions) { o.Cache = new(oci.Cache) }},
			{"with a cache that was used", func(o *oci.BuildOptions) {
				o.Cache = new(oci.Cache)
				build(t, *o)
				checker.take()
			}},
			{"with a layer that is recalled", func(o *oci.BuildOptions) {
				o.Cache = rememberedIn(filepath.Join(t.TempDir(), "cache"))
				build(t, *o)
				checker.take()
			}},
			{"with a layer that is not recalled", func(o *oci.BuildOptions) {
				o.Cache = rememberedIn(filepath.Join(t.TempDir(), "cache"))
				o.Pack.Level = 1
				build(t, *o)
				checker.take()
				o.Pack.Level = 2
			}},
		} {
			t.Run(string(layout)+" "+tt.name, func(t *testing.T) {
				opts := opts
				tt.change(&opts)
				assert.Equal(t, first.Findings, build(t, opts).Findings)
				assert.Equal(t, once, checker.take())
			})
		}
	}
}

func TestBuildRefusesWhatCheckersFind(t *testing.T) {
	registry := startRegistry(t, memregistry.Options{})
	checker := &owners{calls: map[string]int{}}
	opts := oci.BuildOptions{
		SourcePath: tree(t, map[string]string{"cm.yaml": configMap}), RegistryEndpoint: registry.Host, Version: "v1", GitOpsEngine: oci.GitOpsEngineFlux,
		Preflight: oci.PreflightOptions{Policy: oci.PreflightEnforce, Checkers: []preflight.Checker{checker}},
	}
	_, err := oci.Build(t.Context(), opts)
	var refused *oci.PreflightError
	require.ErrorAs(t, err, &refused)
	assert.Contains(t, codes(refused.Reasons), "warning acme-owner")
	assert.Equal(t, "annotate it", oci.Hint(err))
	assert.Empty(t, registry.sent())
	checker.take()

	opts.Preflight.Policy = oci.PreflightOff
	build(t, opts)
	assert.Empty(t, checker.take())
}

func TestBuildWithCheckersThatFail(t *testing.T) {
	down := errors.New("the policy service is down")
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	for _, tt := range []struct {
		name  string
		check func(cancel func()) (preflight.Findings, error)
		want  error
	}{
		{"error", func(func()) (preflight.Findings, error) { return nil, down }, down},
		{"panic", func(func()) (preflight.Findings, error) { panic(down) }, down},
		{"invalid finding", func(func()) (preflight.Findings, error) { return make(preflight.Findings, 1), nil }, preflight.ErrInvalidFinding},
		{"blocks", func(cancel func()) (preflight.Findings, error) { cancel(); <-release; return nil, nil }, context.Canceled},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			registry := startRegistry(t, memregistry.Options{})
			_, err := oci.Build(ctx, oci.BuildOptions{
				SourcePath: tree(t, map[string]string{"cm.yaml": configMap}), RegistryEndpoint: registry.Host, Version: "v1",
				Preflight: oci.PreflightOptions{Checkers: []preflight.Checker{preflight.CheckerFunc(func(context.Context, preflight.File) (preflight.Findings, error) { return tt.check(cancel) })}},
			})
			require.ErrorIs(t, err, tt.want)
			assert.Empty(t, registry.sent())
			_, failed := errors.AsType[*preflight.CheckerError](err)
			assert.Equal(t, tt.want != context.Canceled, failed)
		})
	}
	_, err := oci.BuildOptions{
		SourcePath: t.TempDir(), RegistryEndpoint: "localhost:5000", Version: "v1",
		Preflight: oci.PreflightOptions{Checkers: []preflight.Checker{nil}},
	}.Validate()
	require.ErrorIs(t, err, preflight.ErrNilChecker)
	assert.Equal(t, "remove the nil from Preflight.Checkers", oci.Hint(err))
}
