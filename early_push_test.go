package oci_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/internal/testing/faults"
	"github.com/kubeoci/oci/preflight"
)

// bulky returns the files of a tree whose layer is large.
func bulky() map[string]string {
	files, random := map[string]string{"last.yaml": namespaced("last")}, rand.NewChaCha8([32]byte{})
	for i := range 12 {
		data := make([]byte, 300<<10)
		_, _ = random.Read(data) // never fails
		name := fmt.Sprintf("bulk-%02d", i)
		files[name+".yaml"] = namespaced(name) + "binaryData: {x: " + base64.StdEncoding.EncodeToString(data) + "}\n"
	}
	return files
}

// gatekeeper is a Checker that waits with its verdict about the last file.
type gatekeeper struct {
	wait     <-chan struct{}
	severity preflight.Severity
}

func (g gatekeeper) Check(_ context.Context, file preflight.File) (preflight.Findings, error) {
	if file.Path != "last.yaml" {
		return nil, nil
	}
	<-g.wait
	return preflight.Findings{{Code: "gate", Severity: g.severity, Message: "a verdict"}}, nil
}

// The layer is sent while the files are packed and checked. It gets into the repository
// only when preflight accepts the artifact.
func TestBuildSendsTheLayerEarly(t *testing.T) {
	for _, tt := range []struct {
		name     string
		severity preflight.Severity
		puts     int
	}{{"accepted", preflight.Warning, 2}, {"refused", preflight.Error, 0}} {
		t.Run(tt.name, func(t *testing.T) {
			arrived := make(chan struct{})
			var once sync.Once
			f := faults.New(memregistry.Handler(memregistry.Options{NoSinglePost: true}), 0)
			endpoint := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPatch {
					once.Do(func() { close(arrived) })
				}
				f.ServeHTTP(w, r)
			}))
			var pushed []string
			_, err := oci.Build(t.Context(), oci.BuildOptions{
				SourcePath: tree(t, bulky()), RegistryEndpoint: endpoint, Version: "v1", Layout: oci.LayoutRoot,
				Preflight: oci.PreflightOptions{Checkers: []preflight.Checker{gatekeeper{arrived, tt.severity}}},
				OnEvent: func(e oci.Event) {
					if e.Push != nil {
						pushed = append(pushed, e.Push.Tag)
						assert.Equal(t, e.Push.Descriptor.Size, e.Push.Bytes)
					}
				},
			})
			assert.Equal(t, 1, count(f, faults.UploadPatch))
			assert.Equal(t, tt.puts, count(f, faults.UploadPut))
			if tt.puts > 0 {
				require.NoError(t, err)
				assert.Equal(t, []string{"", "", "v1"}, pushed)
				return
			}
			require.ErrorIs(t, err, oci.ErrPreflight)
			assert.Empty(t, pushed)
			assert.NotZero(t, count(f, faults.UploadDelete))
			assert.Zero(t, count(f, faults.ManifestPut))
		})
	}
}

// distant is a registry to which each request takes a second.
type distant struct{ http.Handler }

func (d distant) RoundTrip(r *http.Request) (*http.Response, error) {
	time.Sleep(time.Second)
	in := r.Clone(r.Context())
	if in.Body == nil {
		in.Body = http.NoBody
	}
	w := httptest.NewRecorder()
	d.ServeHTTP(w, in)
	resp := w.Result()
	resp.Request = r
	return resp, in.Body.Close()
}

// A small build takes as long as its longest chain of requests.
func TestRoundTripsOfABuild(t *testing.T) {
	for _, tt := range []struct {
		name                   string
		opts                   memregistry.Options
		first, next, unchanged int
	}{
		{"single post", memregistry.Options{}, 4, 3, 1},
		{"no single post", memregistry.Options{NoSinglePost: true}, 4, 4, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			one, two := tree(t, map[string]string{"a.yaml": namespaced("a")}), tree(t, map[string]string{"b.yaml": namespaced("b")})
			synctest.Test(t, func(t *testing.T) {
				var builder oci.Builder
				defer builder.Close()
				opts := oci.BuildOptions{RegistryEndpoint: "localhost", Version: "v1"}
				opts.Registry.Transport = &distant{memregistry.Handler(tt.opts)}
				for _, push := range []struct {
					dir, repository string
					want            int
				}{{one, "one", tt.first}, {two, "two", tt.next}, {two, "two", tt.unchanged}} {
					opts.SourcePath, opts.Repository = push.dir, push.repository
					began := time.Now()
					_, err := builder.Build(t.Context(), opts)
					require.NoError(t, err)
					assert.Equal(t, push.want, int(time.Since(began).Seconds()))
				}
			})
		})
	}
}
