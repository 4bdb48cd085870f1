package registry_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing/fstest"
	"time"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/registry"
)

func ExampleClient_Push() {
	ctx := context.Background()
	server := httptest.NewServer(memregistry.Handler(memregistry.Options{}))
	defer server.Close()

	files := fstest.MapFS{"namespace.yaml": {Data: []byte("{apiVersion: v1, kind: Namespace, metadata: {name: demo}}")}}
	set, err := manifests.CollectFS(ctx, files, manifests.Options{})
	if err != nil {
		log.Fatal(err)
	}
	store := new(packager.Store)
	defer func() { _ = store.Close() }()
	packed, err := packager.Pack(ctx, store, set, packager.LayoutRoot, packager.Options{})
	if err != nil {
		log.Fatal(err)
	}

	client, err := registry.NewClient(server.URL, registry.Options{})
	if err != nil {
		log.Fatal(err)
	}
	opts := registry.PushOptions{
		OnEvent: func(e registry.Event) {
			switch {
			case e.Skipped:
				fmt.Println("exists:", e.Tag)
			case e.Tag != "":
				fmt.Println("tagged:", e.Tag)
			default:
				fmt.Println("uploaded:", e.Descriptor.MediaType)
			}
		},
	}
	for range 2 {
		result, err := client.Push(ctx, store, packed.Manifest, "apps/demo", []string{"v1.0.0", "latest"}, opts)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("unchanged:", result.Unchanged)
	}
	// Output:
	// uploaded: application/vnd.oci.image.config.v1+json
	// uploaded: application/vnd.oci.image.layer.v1.tar+gzip
	// tagged: v1.0.0
	// tagged: latest
	// unchanged: false
	// exists: v1.0.0
	// exists: latest
	// unchanged: true
}

// Lookup reads the tags once, for the caller's decision and for the push.
func ExampleClient_Lookup() {
	ctx := context.Background()
	server := httptest.NewServer(memregistry.Handler(memregistry.Options{}))
	defer server.Close()
	files := fstest.MapFS{"namespace.yaml": {Data: []byte("{apiVersion: v1, kind: Namespace, metadata: {name: demo}}")}}
	set, err := manifests.CollectFS(ctx, files, manifests.Options{})
	if err != nil {
		log.Fatal(err)
	}
	store := new(packager.Store)
	defer func() { _ = store.Close() }()
	packed, err := packager.Pack(ctx, store, set, packager.LayoutRoot, packager.Options{})
	if err != nil {
		log.Fatal(err)
	}

	client, err := registry.NewClient(server.URL, registry.Options{})
	if err != nil {
		log.Fatal(err)
	}
	for range 2 {
		destination, err := client.Lookup(ctx, "apps/demo", []string{"latest"}, registry.PushOptions{})
		if err != nil {
			log.Fatal(err)
		}
		if tagged, exists := destination.Digest("latest"); exists {
			fmt.Println("latest points to this manifest:", tagged == packed.Manifest.Digest)
		}
		result, err := destination.Push(ctx, store, packed.Manifest)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("unchanged:", result.Unchanged)
	}
	// Output:
	// unchanged: false
	// latest points to this manifest: true
	// unchanged: true
}

// Pull copies an artifact to a content store, from which it can be pushed again.
func ExampleClient_Pull() {
	ctx := context.Background()
	server := httptest.NewServer(memregistry.Handler(memregistry.Options{}))
	defer server.Close()
	client, err := registry.NewClient(server.URL, registry.Options{})
	if err != nil {
		log.Fatal(err)
	}
	pushDemo(ctx, client, "apps/demo", "v1.0.0")

	store := new(packager.Store)
	defer func() { _ = store.Close() }()
	manifest, err := client.Pull(ctx, "apps/demo", "v1.0.0", store, registry.PullOptions{
		OnEvent: func(e registry.Event) {
			if e.Bytes == e.Descriptor.Size {
				fmt.Println("received:", e.Descriptor.MediaType)
			}
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := client.Push(ctx, store, manifest, "mirror/demo", []string{"v1.0.0"}, registry.PushOptions{}); err != nil {
		log.Fatal(err)
	}
	copied, err := client.Resolve(ctx, "mirror/demo", "v1.0.0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("same digest:", copied.Digest == manifest.Digest)
	// Output:
	// received: application/vnd.oci.image.config.v1+json
	// received: application/vnd.oci.image.layer.v1.tar+gzip
	// received: application/vnd.oci.image.manifest.v1+json
	// same digest: true
}

// packDemo packs an artifact with one manifest file. The caller closes the store.
func packDemo(ctx context.Context, opts packager.Options) (*packager.Store, packager.Result) {
	files := fstest.MapFS{"namespace.yaml": {Data: []byte("{apiVersion: v1, kind: Namespace, metadata: {name: demo}}")}}
	set, err := manifests.CollectFS(ctx, files, manifests.Options{})
	if err != nil {
		log.Fatal(err)
	}
	store := new(packager.Store)
	packed, err := packager.Pack(ctx, store, set, packager.LayoutRoot, opts)
	if err != nil {
		log.Fatal(err)
	}
	return store, packed
}

// pushDemo pushes an artifact with one manifest file.
func pushDemo(ctx context.Context, client *registry.Client, repository, tag string) {
	store, packed := packDemo(ctx, packager.Options{})
	defer func() { _ = store.Close() }()
	if _, err := client.Push(ctx, store, packed.Manifest, repository, []string{tag}, registry.PushOptions{}); err != nil {
		log.Fatal(err)
	}
}

// Resolve pins a tag to a digest.
func ExampleClient_Resolve() {
	ctx := context.Background()
	server := httptest.NewServer(memregistry.Handler(memregistry.Options{}))
	defer server.Close()
	client, err := registry.NewClient(server.URL, registry.Options{})
	if err != nil {
		log.Fatal(err)
	}
	pushDemo(ctx, client, "apps/demo", "v1.0.0")

	manifest, err := client.Resolve(ctx, "apps/demo", "v1.0.0")
	if err != nil {
		log.Fatal(err)
	}
	pinned, err := client.Resolve(ctx, "apps/demo", manifest.Digest.String())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("one manifest:", pinned.Digest == manifest.Digest)
	_, err = client.Resolve(ctx, "apps/demo", "v2.0.0")
	fmt.Println("not found:", errors.Is(err, registry.ErrNotFound))
	// Output:
	// one manifest: true
	// not found: true
}

func ExampleClient_Exists() {
	ctx := context.Background()
	server := httptest.NewServer(memregistry.Handler(memregistry.Options{}))
	defer server.Close()
	client, err := registry.NewClient(server.URL, registry.Options{})
	if err != nil {
		log.Fatal(err)
	}
	pushDemo(ctx, client, "apps/demo", "v1.0.0")

	for _, tag := range []string{"v1.0.0", "v2.0.0"} {
		exists, err := client.Exists(ctx, "apps/demo", tag)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(tag, exists)
	}
	// Output:
	// v1.0.0 true
	// v2.0.0 false
}

// Events report retries too, with the reason and the wait.
func ExamplePushOptions_onEvent() {
	ctx := context.Background()
	inner, failed := memregistry.Handler(memregistry.Options{}), false
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, "/latest") && !failed {
			failed = true
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		inner.ServeHTTP(w, r)
	}))
	defer server.Close()
	client, err := registry.NewClient(server.URL, registry.Options{
		Retry: registry.RetryPolicy{MinWait: 10 * time.Millisecond, MaxWait: 10 * time.Millisecond},
	})
	if err != nil {
		log.Fatal(err)
	}
	pushDemo(ctx, client, "apps/demo", "v1.0.0")
	store := new(packager.Store)
	defer func() { _ = store.Close() }()
	manifest, err := client.Pull(ctx, "apps/demo", "v1.0.0", store, registry.PullOptions{})
	if err != nil {
		log.Fatal(err)
	}
	_, err = client.Push(ctx, store, manifest, "apps/demo", []string{"latest"}, registry.PushOptions{
		OnEvent: func(e registry.Event) {
			switch {
			case e.Retry != nil:
				fmt.Printf("%s: attempt %d failed: %v\n", e.Tag, e.Retry.Attempt, e.Retry.Err)
			case e.Tag != "":
				fmt.Println("tagged:", e.Tag)
			}
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// latest: attempt 1 failed: registry failed: status 503, Service Unavailable
	// tagged: latest
}

// Retryable tells whether another call is worth it, and RetryAfter when.
func ExampleError_Retryable() {
	ctx := context.Background()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "60")
		w.WriteHeader(http.StatusTooManyRequests)
	}))
	defer server.Close()
	client, err := registry.NewClient(server.URL, registry.Options{VerifyTimeout: time.Second})
	if err != nil {
		log.Fatal(err)
	}
	var failed *registry.Error
	if errors.As(client.VerifyAccess(ctx, "apps/demo"), &failed) {
		fmt.Println(failed.Kind, failed.Retryable(), failed.RetryAfter)
	}
	// Output:
	// registry limits the rate of requests true 1m0s
}

func ExampleClient_VerifyAccess() {
	ctx := context.Background()
	server := httptest.NewServer(memregistry.Handler(memregistry.Options{
		Users: map[string]memregistry.User{"ci": {Password: "secret"}},
	}))
	defer server.Close()

	for _, credential := range []registry.Credential{
		{},
		{Username: "ci", Password: "guess"},
		{Username: "ci", Password: "secret"},
	} {
		client, err := registry.NewClient(server.URL, registry.Options{Credential: credential})
		if err != nil {
			log.Fatal(err)
		}
		err = client.VerifyAccess(ctx, "apps/demo")
		switch {
		case errors.Is(err, registry.ErrAuthRequired):
			fmt.Println("log in first")
		case errors.Is(err, registry.ErrPermissionDenied):
			fmt.Println("not with this password")
		case err == nil:
			fmt.Println("ready to push")
		default:
			log.Fatal(err)
		}
	}
	// Output:
	// log in first
	// not with this password
	// ready to push
}

func ExampleCredential() {
	credential := registry.Credential{Username: "ci", Password: "secret"}
	fmt.Println(credential)
	fmt.Printf("%+v\n", registry.Credential{AccessToken: "secret"})
	fmt.Println(registry.Credential{Username: "ci"}.Validate())
	// Output:
	// registry.Credential("ci" [redacted])
	// registry.Credential([redacted])
	// invalid registry credential: a user name without a password
}
