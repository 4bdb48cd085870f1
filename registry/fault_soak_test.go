package registry_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/testing/faults"
	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/registry"
)

const maxHeapGrowth = 4 << 20

// A Client that pushes for days must not accumulate anything.
func TestSoak(t *testing.T) {
	pushes := 400
	if testing.Short() {
		pushes = 100
	}
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	goroutines, heap := runtime.NumGoroutine(), heapInUse()

	var open atomic.Int64
	f := newFaulty(t, private, 1, soakRules()...)
	srv := httptest.NewUnstartedServer(f)
	srv.Config.ErrorLog = quiet
	srv.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			open.Add(1)
		case http.StateHijacked, http.StateClosed: // the hijacker closes it
			open.Add(-1)
		}
	}
	srv.Start()
	client := newClient(t, srv.URL, registry.Options{
		Credential: ci,
		Retry:      registry.RetryPolicy{MaxAttempts: 50, MinWait: time.Millisecond, MaxWait: 5 * time.Millisecond},
	})
	var running sync.WaitGroup
	next := make(chan int)
	for range 50 {
		running.Go(func() {
			for i := range next {
				soak(t, client, f.past, i)
			}
		})
	}
	for i := range pushes {
		next <- i
	}
	close(next)
	running.Wait()
	t.Logf("%d requests for %d pushes", len(f.Seen()), pushes)

	client.Close()
	eventually(t, "the client keeps connections", func() bool { return open.Load() == 0 })
	srv.Close()
	eventually(t, "goroutines are left", func() bool { return runtime.NumGoroutine() <= goroutines })
	left, err := os.ReadDir(temp)
	require.NoError(t, err)
	assert.Empty(t, left)

	f, srv = nil, nil // their memory does not count
	// Connections that end may hold them for a moment.
	eventually(t, "memory is kept", func() bool { return heapInUse() < heap+maxHeapGrowth })
	runtime.KeepAlive(client)
}

// soakRules affect three of ten requests.
func soakRules() (rules []faults.Rule) {
	all := []faults.Fault{
		faults.Status(429, "TOOMANYREQUESTS"), faults.Status(500, ""), faults.Status(503, ""),
		faults.Cut(), faults.CutBody(10), faults.CutResponse(), faults.CutResponseBody(), faults.Reset(),
	}
	for _, fault := range all {
		rules = append(rules, faults.Rule{Probability: 0.3 / float64(len(all)), Do: fault})
	}
	return append(rules, faults.Rule{On: on(faults.UploadPut), Probability: 0.1, Do: faults.Status(404, "BLOB_UPLOAD_UNKNOWN")})
}

// soak packs an artifact, part of it into a temporary file, and pushes it.
func soak(t *testing.T, client, past *registry.Client, i int) {
	files := fstest.MapFS{"app.yaml": {Data: fmt.Appendf(nil, "kind: ConfigMap\nmetadata: {name: n%d}\n", i)}}
	set, err := manifests.CollectFS(t.Context(), files, manifests.Options{})
	assert.NoError(t, err)
	store := &packager.Store{MemoryLimit: 100}
	defer func() { assert.NoError(t, store.Close()) }()
	result, err := packager.Pack(t.Context(), store, set, packager.LayoutRoot, packager.Options{})
	assert.NoError(t, err)
	tag := fmt.Sprint("v", i)
	_, err = client.Push(t.Context(), store, result.Manifest, repository, []string{tag}, registry.PushOptions{})
	assert.NoError(t, err)
	desc, err := past.Resolve(t.Context(), repository, tag)
	assert.NoError(t, err)
	assert.Equal(t, result.Manifest.Digest, desc.Digest)
}

// eventually waits in the goroutine of its caller, so that there is no other.
func eventually(t *testing.T, otherwise string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		require.True(t, time.Now().Before(deadline), otherwise)
	}
}

func heapInUse() uint64 {
	runtime.GC()
	runtime.GC() // objects that the first one finalised
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
