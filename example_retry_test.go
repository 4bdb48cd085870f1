package oci_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/registry"
)

// The output of a template engine becomes an artifact with one file.
func ExampleSourceFromReader() {
	opts, stop := startExample()
	defer stop()
	rendered := strings.NewReader("apiVersion: v1\nkind: Namespace\nmetadata: {name: wiki}\n") // usually os.Stdin
	source, err := oci.SourceFromReader(context.Background(), rendered)
	if err != nil {
		log.Fatalln(err, oci.Hint(err))
	}
	opts.SourcePath, opts.Source = "", source
	result, err := oci.Build(context.Background(), opts)
	if err != nil {
		log.Fatalln(err, oci.Hint(err))
	}
	fmt.Println(result.Files, result.HasNamespaces)
	// Output: [manifests.yaml] true
}

// busyAtFirst refuses the first requests.
func busyAtFirst(requests int32) *httptest.Server {
	inner := memregistry.Handler(memregistry.Options{})
	var seen atomic.Int32
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if seen.Add(1) <= requests {
			w.Header().Set("Retry-After", "120")
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		inner.ServeHTTP(w, r)
	}))
}

// A build retries by itself as long as Registry.Timeout allows. A queue of jobs has more
// time, and tries again if that may help.
func ExampleRetryable() {
	server := busyAtFirst(1)
	defer server.Close()
	opts := oci.BuildOptions{
		SourcePath: "testdata/trees/flat", RegistryEndpoint: server.URL, Version: "1.0.0", Layout: oci.LayoutRoot,
		Registry: oci.RegistryOptions{Retry: registry.RetryPolicy{MaxAttempts: 1}},
	}
	for attempt := 1; ; attempt++ {
		result, err := oci.Build(context.Background(), opts)
		if err == nil {
			fmt.Println("pushed:", result.Tags)
			return
		}
		fmt.Println(oci.Hint(err))
		if attempt == 3 || !oci.Retryable(err) {
			log.Fatal(err)
		}
		if failed, ok := errors.AsType[*oci.RegistryError](err); ok {
			fmt.Println("wait:", failed.RetryAfter) // a program waits here, until its context ends
		}
	}
	// Output:
	// try again in 2m0s, as the registry asks
	// wait: 2m0s
	// pushed: [1.0.0]
}

// ship is code that its tests call with a builder of their own.
func ship(ctx context.Context, builder oci.WorkloadArtifactBuilder, opts oci.BuildOptions) (string, error) {
	result, err := builder.Build(ctx, opts)
	return result.Artifact.Reference, err
}

// dryBuilder pushes nothing.
type dryBuilder struct{}

func (dryBuilder) Build(_ context.Context, opts oci.BuildOptions) (result oci.BuildResult, err error) {
	result.Artifact.Reference = "oci://registry.example.com/wiki:" + opts.Version
	return result, nil
}

// The interface lets a test replace the builder.
func ExampleNewWorkloadArtifactBuilder() {
	opts, stop := startExample()
	defer stop()
	for _, builder := range []oci.WorkloadArtifactBuilder{oci.NewWorkloadArtifactBuilder(), dryBuilder{}} {
		reference, err := ship(context.Background(), builder, opts)
		fmt.Println(strings.HasSuffix(reference, "wiki:1.4.0"), err)
	}
	// Output:
	// true <nil>
	// true <nil>
}
