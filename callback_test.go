package oci_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/registry"
)

var errCallback = errors.New("callback failed")

// A panic of a callback reaches the caller of Build, from any goroutine, and can be
// recovered there. Nothing of the build is left running.
func TestBuildWithACallbackThatPanics(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(o *oci.BuildOptions, fail func())
	}{
		{"collect", func(o *oci.BuildOptions, fail func()) { o.OnEvent = func(oci.Event) { fail() } }},
		{"pack", func(o *oci.BuildOptions, fail func()) {
			o.OnEvent = func(e oci.Event) {
				if e.Phase == oci.PhasePack {
					fail()
				}
			}
		}},
		{"push", func(o *oci.BuildOptions, fail func()) {
			o.OnEvent = func(e oci.Event) {
				if e.Push != nil {
					fail()
				}
			}
		}},
		{"event of the push", func(o *oci.BuildOptions, fail func()) { o.Push.OnEvent = func(oci.PushEvent) { fail() } }},
	} {
		for cause, fail := range map[string]func(){"panic": func() { panic(errCallback) }, "end of the goroutine": runtime.Goexit} {
			t.Run(tt.name+", "+cause, func(t *testing.T) {
				opts := oci.BuildOptions{
					SourcePath: tree(t, map[string]string{"cm.yaml": configMap}), RegistryEndpoint: startRegistry(t, memregistry.Options{}).Host, Version: "v1",
				}
				before := opts
				tt.change(&opts, fail)
				var value any
				returned := false
				done := make(chan struct{})
				go func() {
					defer close(done)
					defer func() { value = recover() }()
					_, err := oci.Build(t.Context(), opts)
					returned = true
					t.Log(err)
				}()
				<-done
				assert.False(t, returned)
				if cause == "panic" {
					err, ok := value.(error)
					require.True(t, ok)
					require.ErrorIs(t, err, errCallback)
					assert.Contains(t, err.Error(), "callback_test.go", "the stack")
				}
				build(t, before) // the registry and the process still work
			})
		}
	}
}

// A callback that blocks keeps a call until its context ends, and no longer.
func TestBuildWithACallbackThatBlocks(t *testing.T) {
	server := startRegistry(t, memregistry.Options{})
	for _, phase := range []oci.Phase{oci.PhaseCollect, oci.PhasePack, oci.PhasePush} {
		t.Run(string(phase), func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			release := make(chan struct{})
			defer close(release)
			_, err := oci.Build(ctx, oci.BuildOptions{
				SourcePath: tree(t, map[string]string{"cm.yaml": configMap}), RegistryEndpoint: server.Host, Version: string(phase),
				OnEvent: func(e oci.Event) {
					if e.Phase == phase {
						cancel()
						<-release
					}
				},
			})
			require.ErrorIs(t, err, context.Canceled)
		})
	}
}

// A slow callback gets every event, except that the progress of a blob may be less often.
func TestBuildWithASlowCallback(t *testing.T) {
	var got []oci.Phase
	_, err := oci.Build(t.Context(), oci.BuildOptions{
		SourcePath: tree(t, map[string]string{"cm.yaml": configMap}), RegistryEndpoint: startRegistry(t, memregistry.Options{}).Host, Version: "v1",
		OnEvent: func(e oci.Event) {
			time.Sleep(400 * time.Millisecond)
			got = append(got, e.Phase)
		},
	})
	require.NoError(t, err)
	assert.Equal(t, []oci.Phase{oci.PhaseCollect, oci.PhasePack, oci.PhasePush, oci.PhasePush, oci.PhasePush}, got)
}

// Nothing is delivered after the call has returned.
func TestBuildEndsItsEvents(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	release, events := make(chan struct{}), 0
	released := make(chan struct{})
	_, err := oci.Build(ctx, oci.BuildOptions{
		SourcePath: tree(t, map[string]string{"cm.yaml": configMap}), RegistryEndpoint: startRegistry(t, memregistry.Options{}).Host, Version: "v1",
		Push: oci.PushOptions{OnEvent: func(oci.PushEvent) {
			cancel()
			<-release
			time.AfterFunc(100*time.Millisecond, func() { close(released) })
		}},
		OnEvent: func(e oci.Event) { events++ },
	})
	require.ErrorIs(t, err, context.Canceled)
	before := events
	close(release)
	<-released
	assert.Equal(t, before, events)
}

// A callback may use the same client, however many do so at once.
func TestCallbacksThatUseTheClient(t *testing.T) {
	server := startRegistry(t, memregistry.Options{})
	client, err := registry.NewClient(server.Host, registry.Options{Timeout: time.Minute})
	require.NoError(t, err)
	defer client.Close()
	var builder oci.Builder
	defer builder.Close()
	opts := oci.BuildOptions{RegistryEndpoint: server.Host, Version: "v1", Repository: "app", Preflight: oci.PreflightOptions{Policy: oci.PreflightOff}}
	opts.SourcePath = tree(t, map[string]string{"large.yaml": configMap + "# " + strings.Repeat("large ", 1<<14)})
	var running sync.WaitGroup
	for range 24 { // more than a client makes requests at once
		running.Go(func() {
			own := opts
			own.OnEvent = func(e oci.Event) {
				if e.Push != nil && e.Push.Tag == "" {
					_, err := client.Exists(t.Context(), "app", "none")
					assert.NoError(t, err)
				}
				if e.Phase == oci.PhasePack {
					inner := opts
					inner.Repository, inner.SourcePath = "inner", ""
					inner.Source = otherTree
					_, err := builder.Build(t.Context(), inner)
					assert.NoError(t, err)
				}
			}
			_, err := builder.Build(t.Context(), own)
			assert.NoError(t, err)
		})
	}
	running.Wait()
}
