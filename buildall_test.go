package oci_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/internal/memregistry"
)

// workloads returns the options for a number of applications, each of them with the same
// number of files.
func workloads(t *testing.T, endpoint string, apps, files int) []oci.BuildOptions {
	t.Helper()
	content := map[string]string{}
	for app := range apps {
		for file := range files {
			content[fmt.Sprintf("apps/a%03d/cm-%d.yaml", app, file)] = namespaced(fmt.Sprintf("cm-%d-%d", app, file))
		}
	}
	builds, err := oci.Workloads(t.Context(), oci.BuildOptions{
		SourcePath: tree(t, content), RegistryEndpoint: endpoint, Repository: "acme", Version: "v1", Layout: oci.LayoutRoot,
	}, "apps/*")
	require.NoError(t, err)
	require.Len(t, builds, apps)
	return builds
}

// requireWhole requires that each tag of successful builds leads to all of the artifact.
func requireWhole(t *testing.T, outcomes []oci.BuildOutcome) {
	t.Helper()
	for _, o := range outcomes {
		if o.Err != nil {
			continue
		}
		for _, tag := range o.Result.Tags {
			_, err := pull(t, o.RegistryEndpoint, o.Repository, tag)
			require.NoError(t, err, o)
		}
	}
}

// An unchanged build makes one request if the blobs are assumed, and else one more for each
// of its two blobs.
func TestBuildAll(t *testing.T) {
	apps := 500
	if testing.Short() {
		apps = 50
	}
	server := startRegistry(t, memregistry.Options{})
	builds := workloads(t, server.Host, apps, 2)
	var builder oci.Builder
	defer builder.Close()
	first, err := builder.BuildAll(t.Context(), builds, oci.BuildAllOptions{})
	require.NoError(t, err)
	assert.Equal(t, apps, first.Built)
	require.Len(t, first.Outcomes, apps)
	for i, o := range first.Outcomes {
		assert.Equal(t, i, o.Index)
		assert.Equal(t, fmt.Sprintf("acme/apps/a%03d", i), o.Repository)
		assert.Equal(t, o.Repository, o.Result.Artifact.Repository)
		assert.Equal(t, []string{"cm-0.yaml", "cm-1.yaml"}, o.Result.Files)
		assert.Equal(t, oci.StatusBuilt, o.Status)
	}
	requireWhole(t, first.Outcomes[:50])

	for requests, assume := range map[int]bool{apps: true, 3 * apps: false} {
		t.Run(fmt.Sprint(requests, " requests"), func(t *testing.T) {
			server.takeRequests()
			for i := range builds {
				builds[i].Push.AssumeBlobs = assume
			}
			again, err := builder.BuildAll(t.Context(), builds, oci.BuildAllOptions{})
			require.NoError(t, err)
			assert.Equal(t, apps, again.Unchanged)
			made := server.takeRequests()
			assert.Len(t, made, requests)
			for _, request := range made {
				assert.True(t, strings.HasPrefix(request, "GET ") || strings.HasPrefix(request, "HEAD "), request)
			}
		})
	}
}

func TestBuildAllOfNothing(t *testing.T) {
	result, err := oci.BuildAll(t.Context(), nil, oci.BuildAllOptions{})
	require.NoError(t, err)
	none := `{"built":0,"unchanged":0,"failed":0,"cancelled":0,"outcomes":[]}`
	assert.JSONEq(t, none, marshalled(t, result))
	result, err = oci.BuildAll(t.Context(), []oci.BuildOptions{{}}, oci.BuildAllOptions{})
	require.Error(t, err)
	assert.JSONEq(t, none, marshalled(t, result))
	//lint:ignore SA1012 the test is about a nil context
	_, err = oci.BuildAll(nil, nil, oci.BuildAllOptions{})
	require.EqualError(t, err, nilContext)
}

// spoiled returns the options of five builds, of which the middle three fail.
func spoiled(t *testing.T, server *testRegistry) []oci.BuildOptions {
	t.Helper()
	builds := workloads(t, server.Host, 5, 1)
	before := builds[3]
	before.Pack.Annotations = map[string]string{"key": "value"}
	build(t, before)
	builds[3].Push.ImmutableTags = true
	require.NoError(t, os.Remove(filepath.Join(builds[1].SourcePath, "cm-0.yaml")))
	require.NoError(t, os.WriteFile(filepath.Join(builds[2].SourcePath, "b.yaml"), []byte("kind: Broken\n"), 0o600))
	builds[2].Preflight.Policy = oci.PreflightEnforce
	return builds
}

func TestBuildAllWithFailures(t *testing.T) {
	server := startRegistry(t, memregistry.Options{})
	builds := spoiled(t, server)
	result, err := oci.BuildAll(t.Context(), builds, oci.BuildAllOptions{})
	assert.Equal(t, []int{2, 0, 3, 0}, []int{result.Built, result.Unchanged, result.Failed, result.Cancelled})
	requireWhole(t, result.Outcomes)

	for _, each := range []error{oci.ErrNoManifestFiles, oci.ErrPreflight, oci.ErrRegistryTagConflict} {
		require.ErrorIs(t, err, each)
	}
	require.NotErrorIs(t, err, context.Canceled)
	var refused *oci.PreflightError
	require.ErrorAs(t, err, &refused)
	var all *oci.BuildAllError
	require.ErrorAs(t, err, &all)
	var failed []int
	for _, o := range all.Failed {
		failed = append(failed, o.Index)
		assert.Equal(t, result.Outcomes[o.Index], o)
	}
	assert.Equal(t, []int{1, 2, 3}, failed)
	assert.EqualError(t, err, fmt.Sprintf("3 of 5 builds failed: build 1 (acme/apps/a001:v1): no manifest files (.yaml, .yml, .json): %q (and 2 more)", builds[1].SourcePath))
	assert.Equal(t, "check that this is the right directory", oci.Hint(err))
	assert.False(t, oci.Retryable(err))

	again, err := oci.BuildAll(t.Context(), builds, oci.BuildAllOptions{})
	require.Error(t, err)
	assert.Equal(t, []int{0, 2, 3, 0}, []int{again.Built, again.Unchanged, again.Failed, again.Cancelled})
}

func TestBuildAllFailFast(t *testing.T) {
	server := startRegistry(t, memregistry.Options{})
	builds := workloads(t, server.Host, 20, 1)
	require.NoError(t, os.Remove(filepath.Join(builds[3].SourcePath, "cm-0.yaml")))
	result, err := oci.BuildAll(t.Context(), builds, oci.BuildAllOptions{FailFast: true, Parallel: 1})
	assert.Equal(t, []int{3, 0, 1, 16}, []int{result.Built, result.Unchanged, result.Failed, result.Cancelled})
	require.ErrorIs(t, result.Outcomes[19].Err, context.Canceled)
	require.ErrorIs(t, err, oci.ErrNoManifestFiles)
	require.NotErrorIs(t, err, context.Canceled, "nobody cancelled the call")
	require.ErrorContains(t, err, "1 of 20 builds failed, 16 cancelled: build 3 (acme/apps/a003:v1): ")
}

// Everything is refused before the first request, and all reasons are listed.
func TestBuildAllRefuses(t *testing.T) {
	for _, tt := range []struct {
		name   string
		spoil  func(builds []oci.BuildOptions, opts *oci.BuildAllOptions)
		failed []int
		want   error
		text   string
	}{
		{
			"invalid options", func(b []oci.BuildOptions, _ *oci.BuildAllOptions) {
				b[0].Version, b[2].SourcePath = "", "no/such/place"
			},
			[]int{0, 2}, oci.ErrSourcePathNotFound, "2 of 3 builds failed: build 0: version is required (and 1 more)",
		},
		{
			"the same destination", func(b []oci.BuildOptions, _ *oci.BuildAllOptions) { b[2].Repository = b[0].Repository },
			[]int{2}, oci.ErrDuplicateBuild,
			"1 of 3 builds failed: build 2 (acme/apps/a000:v1): two builds have the same destination: 0 and 2 push to oci://HOST/acme/apps/a000:v1",
		},
		{
			"after it is normalised", func(b []oci.BuildOptions, _ *oci.BuildAllOptions) { b[2].Repository = "acme/apps/A001" },
			[]int{2}, oci.ErrDuplicateBuild, "1 and 2 push to oci://HOST/acme/apps/a001:v1",
		},
		{
			"a further tag", func(b []oci.BuildOptions, _ *oci.BuildAllOptions) {
				b[1].Repository, b[1].Version, b[1].Tags = b[0].Repository, "v2", []string{"v3", "v1"}
			}, []int{1}, oci.ErrDuplicateBuild, "0 and 1 push to oci://HOST/acme/apps/a000:v1",
		},
		{
			"the default port", func(b []oci.BuildOptions, _ *oci.BuildAllOptions) {
				b[0].RegistryEndpoint, b[1].RegistryEndpoint, b[1].Repository = "registry.example.com", "https://Registry.example.com:443", b[0].Repository
			}, []int{1}, oci.ErrDuplicateBuild, "0 and 1 push to oci://Registry.example.com:443/acme/apps/a000:v1",
		},
		{
			"Docker Hub", func(b []oci.BuildOptions, _ *oci.BuildAllOptions) {
				for i, host := range []string{"docker.io", "registry-1.docker.io", "Index.docker.io:443"} {
					b[i].RegistryEndpoint, b[i].Repository = host, "acme/shop"
				}
			}, []int{1, 2}, oci.ErrDuplicateBuild, "0 and 1 push to oci://registry-1.docker.io/acme/shop:v1",
		},
		{
			"the same address", func(b []oci.BuildOptions, _ *oci.BuildAllOptions) {
				b[0].RegistryEndpoint, b[1].RegistryEndpoint, b[1].Repository = "[::1]:5000", "[0:0::0001]:5000", b[0].Repository
			}, []int{1}, oci.ErrDuplicateBuild, "0 and 1 push to oci://[0:0::0001]:5000/acme/apps/a000:v1",
		},
		{
			"negative Parallel", func(_ []oci.BuildOptions, o *oci.BuildAllOptions) { o.Parallel = -1 },
			nil, oci.ErrInvalidOptions, "Parallel is negative",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := startRegistry(t, memregistry.Options{})
			builds, opts := workloads(t, server.Host, 3, 1), oci.BuildAllOptions{OnOutcome: func(o oci.BuildOutcome) { t.Error(o) }}
			tt.spoil(builds, &opts)
			result, err := oci.BuildAll(t.Context(), builds, opts)
			assert.Zero(t, result)
			require.ErrorIs(t, err, tt.want)
			require.ErrorContains(t, err, strings.ReplaceAll(tt.text, "HOST", server.Host))
			assert.NotEmpty(t, oci.Hint(err))
			assert.Empty(t, server.takeRequests())
			var failed []int
			if all, ok := errors.AsType[*oci.BuildAllError](err); ok {
				for _, o := range all.Failed {
					failed = append(failed, o.Index)
				}
			}
			assert.Equal(t, tt.failed, failed)
		})
	}
}

// Two versions and two registries of one repository are different destinations.
func TestBuildAllOfOneRepository(t *testing.T) {
	server, other := startRegistry(t, memregistry.Options{}), startRegistry(t, memregistry.Options{})
	builds := workloads(t, server.Host, 3, 1)
	for i := range builds {
		builds[i].Repository = "app"
	}
	builds[1].Version, builds[2].RegistryEndpoint = "v2", other.Host
	result, err := oci.BuildAll(t.Context(), builds, oci.BuildAllOptions{})
	require.NoError(t, err)
	assert.Equal(t, 3, result.Built)
	requireWhole(t, result.Outcomes)
}

// No more builds run than Parallel, and outcomes arrive one at a time.
func TestBuildAllIsBounded(t *testing.T) {
	server := startRegistry(t, memregistry.Options{})
	for _, tt := range []struct{ parallel, limit int }{{0, 8}, {1, 1}, {3, 3}, {100, 30}} {
		t.Run(fmt.Sprint(tt.parallel), func(t *testing.T) {
			builds := workloads(t, server.Host, 30, 1)
			var running, most, receiving atomic.Int32
			for i := range builds {
				builds[i].OnEvent = func(e oci.Event) {
					if e.Phase == oci.PhaseCollect {
						now := running.Add(1)
						for seen := most.Load(); now > seen && !most.CompareAndSwap(seen, now); seen = most.Load() {
						}
					}
				}
			}
			var got []int
			_, err := oci.BuildAll(t.Context(), builds, oci.BuildAllOptions{Parallel: tt.parallel, OnOutcome: func(o oci.BuildOutcome) {
				assert.Equal(t, int32(1), receiving.Add(1))
				running.Add(-1)
				got = append(got, o.Index)
				runtime.Gosched()
				receiving.Add(-1)
			}})
			require.NoError(t, err)
			assert.LessOrEqual(t, int(most.Load()), tt.limit)
			if tt.parallel != 1 {
				assert.Greater(t, int(most.Load()), 1, "nothing ran concurrently")
			}
			slices.Sort(got)
			assert.Len(t, slices.Compact(got), len(builds))
		})
	}
}

// A panic of a callback reaches the caller of BuildAll, and ends all builds.
func TestBuildAllWithACallbackThatPanics(t *testing.T) {
	for name, change := range map[string]func(b []oci.BuildOptions, o *oci.BuildAllOptions, fail func()){
		"outcome": func(_ []oci.BuildOptions, o *oci.BuildAllOptions, fail func()) {
			o.OnOutcome = func(oci.BuildOutcome) { fail() }
		},
		"event of a build": func(b []oci.BuildOptions, _ *oci.BuildAllOptions, fail func()) {
			b[5].OnEvent = func(oci.Event) { fail() }
		},
	} {
		for cause, fail := range map[string]func(){"panic": func() { panic(errCallback) }, "end of the goroutine": runtime.Goexit} {
			t.Run(name+", "+cause, func(t *testing.T) {
				builds, opts := workloads(t, startRegistry(t, memregistry.Options{}).Host, 20, 1), oci.BuildAllOptions{}
				change(builds, &opts, fail)
				var value any
				returned := false
				done := make(chan struct{})
				go func() {
					defer close(done)
					defer func() { value = recover() }()
					_, err := oci.BuildAll(t.Context(), builds, opts)
					returned = true
					t.Log(err)
				}()
				<-done
				assert.False(t, returned)
				if cause == "panic" {
					err, ok := value.(error)
					require.True(t, ok)
					require.ErrorIs(t, err, errCallback)
				}
			})
		}
	}
}

func TestNameOfABuild(t *testing.T) {
	for _, tt := range []struct {
		name    string
		outcome oci.BuildOutcome
		want    string
	}{
		{"options that are not valid", oci.BuildOutcome{Index: 3}, "build 3"},
		{"tag", oci.BuildOutcome{Index: 3, Repository: "acme/shop", Tag: "1.4.0"}, "build 3 (acme/shop:1.4.0)"},
		{"digest alone", oci.BuildOutcome{Index: 3, Repository: "acme/shop"}, "build 3 (acme/shop)"},
	} {
		t.Run(tt.name, func(t *testing.T) { assert.Equal(t, tt.want, tt.outcome.String()) })
	}
}

// The report for machines has the error, the advice and the findings of each build.
func TestBuildAllAsJSON(t *testing.T) {
	server := startRegistry(t, memregistry.Options{})
	builds := spoiled(t, server)
	builds[2].RegistryEndpoint = "http://" + server.Host
	result, err := oci.BuildAll(t.Context(), builds, oci.BuildAllOptions{})
	require.Error(t, err)
	type report struct {
		Index                        int
		RegistryEndpoint, Repository string
		Tag, Status, Error, Hint     string
		Retryable                    bool
		Result                       *struct{ Artifact struct{ Digest string } }
		Preflight                    *struct{ Findings, Reasons []oci.Finding }
	}
	var got struct {
		Built, Failed int
		Outcomes      []report
	}
	require.NoError(t, json.Unmarshal([]byte(marshalled(t, result)), &got))
	assert.Equal(t, 2, got.Built)
	assert.Equal(t, 3, got.Failed)
	require.Len(t, got.Outcomes, 5)
	for i, o := range got.Outcomes {
		want := result.Outcomes[i]
		assert.Equal(t, []string{want.RegistryEndpoint, want.Repository, want.Tag, string(want.Status)}, []string{o.RegistryEndpoint, o.Repository, o.Tag, o.Status})
		assert.Equal(t, oci.Hint(want.Err), o.Hint)
		if want.Err == nil {
			assert.Equal(t, want.Result.Artifact.Digest.String(), o.Result.Artifact.Digest)
			assert.Empty(t, o.Error)
			continue
		}
		assert.Nil(t, o.Result)
		assert.Equal(t, want.Err.Error(), o.Error)
	}
	assert.NotEmpty(t, got.Outcomes[2].Preflight.Reasons)
	var all struct {
		Builds int
		Failed []report
	}
	require.NoError(t, json.Unmarshal([]byte(marshalled(t, err)), &all))
	assert.Equal(t, 5, all.Builds)
	assert.Equal(t, got.Outcomes[1:4], all.Failed)
	assert.Contains(t, fmt.Sprint(result), `oci.BuildAllResult{"built":2,`)
	secret := oci.BuildAllError{Failed: []oci.BuildOutcome{{Err: errors.New("of https://user:" + canary + "@host/")}}}
	assert.NotContains(t, marshalled(t, &secret), canary)
}
