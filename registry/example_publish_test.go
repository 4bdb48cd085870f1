package registry_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"net/http/httptest"

	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/registry"
	"github.com/kubeoci/oci/unpacker"
)

// A job that was overtaken does not move latest back. The rule does not concern the tag of
// its own, but nothing is pushed if one tag is refused.
func ExampleOnlyTags() {
	ctx := context.Background()
	server := httptest.NewServer(memregistry.Handler(memregistry.Options{}))
	defer server.Close()
	client, err := registry.NewClient(server.URL, registry.Options{})
	if err != nil {
		log.Fatal(err)
	}
	opts := registry.PushOptions{TagRules: []registry.TagRule{
		registry.OnlyTags(registry.NotLower("com.example.run"), "latest"),
	}}
	for _, run := range []string{"9", "10", "8"} {
		store, packed := packDemo(ctx, packager.Options{Annotations: map[string]string{"com.example.run": run}})
		_, err := client.Push(ctx, store, packed.Manifest, "apps/demo", []string{"run-" + run, "latest"}, opts)
		if conflict, ok := errors.AsType[*registry.TagConflictError](err); ok {
			fmt.Println(conflict.Tag, "stays:", conflict.Reason)
		}
		_ = store.Close()
	}
	exists, err := client.Exists(ctx, "apps/demo", "run-8")
	fmt.Println("run-8:", exists, err)
	// Output:
	// latest stays: "8" is lower than "10", by the annotation com.example.run
	// run-8: false <nil>
}

// A step checks what the registry serves before a tag points to it.
func ExamplePublished_Pull() {
	ctx := context.Background()
	server := httptest.NewServer(memregistry.Handler(memregistry.Options{}))
	defer server.Close()
	client, err := registry.NewClient(server.URL, registry.Options{})
	if err != nil {
		log.Fatal(err)
	}
	check := func(ctx context.Context, p *registry.Published) error {
		pulled := new(packager.Store)
		defer func() { _ = pulled.Close() }()
		if err := p.Pull(ctx, pulled); err != nil {
			return err
		}
		fsys, _, err := unpacker.UnpackFS(ctx, pulled, p.Manifest, unpacker.Options{})
		if err != nil {
			return err
		}
		content, err := fs.ReadFile(fsys, "namespace.yaml")
		fmt.Printf("before %v: %s\n", p.Tags, content)
		return err
	}
	store, packed := packDemo(ctx, packager.Options{})
	defer func() { _ = store.Close() }()
	_, err = client.Push(ctx, store, packed.Manifest, "apps/demo", []string{"v1.0.0"}, registry.PushOptions{
		Steps: []registry.Step{{Name: "check", Run: check}},
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output: before [v1.0.0]: {apiVersion: v1, kind: Namespace, metadata: {name: demo}}
}
