package oci_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/internal/testing/faults"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/registry"
)

// inProcess is a network without connections. It ends when the handler or the context does.
type inProcess struct{ http.Handler }

func (p inProcess) RoundTrip(req *http.Request) (*http.Response, error) {
	type ending struct {
		resp *http.Response
		err  error
	}
	done := make(chan ending, 1)
	go func() {
		var end ending
		defer func() {
			if recover() != nil { // the handler cuts the connection
				end = ending{nil, fmt.Errorf("connection cut")}
			}
			if req.Body != nil {
				_ = req.Body.Close() // as a RoundTripper has to
			}
			done <- end
		}()
		w := httptest.NewRecorder()
		own := req.Clone(req.Context())
		own.RequestURI = req.URL.RequestURI()
		if own.Body == nil {
			own.Body = http.NoBody
		}
		p.ServeHTTP(w, own)
		end.resp = w.Result()
		end.resp.Request = req
	}()
	select {
	case end := <-done:
		return end.resp, end.err
	case <-req.Context().Done():
		return nil, req.Context().Err()
	}
}

// After a cancellation at any moment, each tag leads to a whole artifact or does not exist,
// the report agrees with the registry, and no goroutine is left.
func TestBuildAllCancelledAtAnyMoment(t *testing.T) {
	seeds := uint64(60)
	if testing.Short() {
		seeds = 15
	}
	builds := workloads(t, "localhost", 24, 1)
	require.NoError(t, os.Remove(filepath.Join(builds[16].SourcePath, "cm-0.yaml")))
	var ended [4]int
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(seed, 0))
				upTo := func(d time.Duration) time.Duration { return time.Duration(random.Int64N(int64(d))) }
				memory := memregistry.Handler(memregistry.Options{})
				f := faults.New(memory, seed,
					faults.Rule{On: []faults.Kind{faults.ManifestPut}, Probability: 0.3, Do: faults.Late(upTo(400 * time.Millisecond))},
					faults.Rule{Probability: 0.05, Do: faults.Status(503, "")},
					faults.Rule{Probability: 0.05, Do: faults.CutResponse()},
					faults.Rule{Do: faults.Delay(20*time.Millisecond + upTo(100*time.Millisecond))},
				)
				own := make([]oci.BuildOptions, len(builds))
				for i, o := range builds {
					o.Tags, o.Registry.Transport, o.Registry.Retry.MinWait = []string{"latest"}, inProcess{f}, 50*time.Millisecond
					own[i] = o
				}
				ctx, cancel := context.WithCancel(t.Context())
				parallel := 1 + int(seed%8)
				defer time.AfterFunc(upTo(12*time.Second)/time.Duration(parallel), cancel).Stop()
				result, err := oci.BuildAll(ctx, own, oci.BuildAllOptions{Parallel: parallel, FailFast: seed%3 == 0})
				cancelled := ctx.Err() != nil
				before := len(f.Seen())
				time.Sleep(time.Minute)
				assert.Len(t, f.Seen(), before, "no request after the return")
				cancel()

				assert.Equal(t, err == nil, result.Failed+result.Cancelled == 0)
				if result.Failed == 0 && result.Cancelled > 0 {
					assert.True(t, cancelled)
					require.ErrorIs(t, err, context.Canceled)
				}
				for i, n := range []int{result.Built, result.Unchanged, result.Failed, result.Cancelled} {
					ended[i] += n
				}
				client, err := registry.NewClient("localhost", registry.Options{Transport: inProcess{memory}})
				require.NoError(t, err)
				for _, o := range result.Outcomes {
					for _, tag := range []string{"v1", "latest"} {
						exists, err := client.Exists(t.Context(), o.Repository, tag)
						require.NoError(t, err)
						assert.True(t, exists || o.Err != nil, "%v is reported as pushed", o)
						if exists {
							_, err := client.Pull(t.Context(), o.Repository, tag, new(packager.Store), registry.PullOptions{})
							require.NoError(t, err, o)
						}
					}
				}
			})
		})
	}
	t.Logf("built, unchanged, failed, cancelled: %v", ended)
	for _, i := range []int{0, 2, 3} {
		assert.Positive(t, ended[i])
	}
}

// Builds that have not begun make no request.
func TestBuildAllCancelledBefore(t *testing.T) {
	server := startRegistry(t, memregistry.Options{})
	builds := workloads(t, server.Host, 5, 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	outcomes := 0
	result, err := oci.BuildAll(ctx, builds, oci.BuildAllOptions{OnOutcome: func(oci.BuildOutcome) { outcomes++ }})
	require.EqualError(t, err, "5 of 5 builds cancelled: context canceled")
	require.ErrorIs(t, err, context.Canceled)
	assert.False(t, oci.Retryable(err))
	assert.Equal(t, 5, result.Cancelled)
	assert.Equal(t, 5, outcomes)
	for _, o := range result.Outcomes {
		require.ErrorIs(t, o.Err, context.Canceled)
		assert.NotEmpty(t, o.Repository)
	}
	assert.Empty(t, server.takeRequests())
	text, err := json.Marshal(err)
	require.NoError(t, err)
	assert.JSONEq(t, `{"builds":5,"failed":[],"cancelled":5}`, string(text))
}

// A limit of one build is no cancellation.
func TestBuildAllWithABuildThatTimesOut(t *testing.T) {
	_, silent := startFaulty(t, faults.Rule{Do: faults.Silence()})
	server := startRegistry(t, memregistry.Options{})
	builds := workloads(t, server.Host, 3, 1)
	builds[1].RegistryEndpoint, builds[1].Registry.Timeout = silent, 100*time.Millisecond
	result, err := oci.BuildAll(t.Context(), builds, oci.BuildAllOptions{})
	assert.Equal(t, []int{2, 1, 0}, []int{result.Built, result.Failed, result.Cancelled})
	require.ErrorIs(t, err, oci.ErrRegistryUnreachable)
	assert.True(t, oci.Retryable(err))
	require.NoError(t, os.Remove(filepath.Join(builds[2].SourcePath, "cm-0.yaml")))
	_, err = oci.BuildAll(t.Context(), builds, oci.BuildAllOptions{})
	assert.False(t, oci.Retryable(err), "one of two failures is final")
}
