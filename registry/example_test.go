package registry_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http/httptest"
	"testing/fstest"

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
				fmt.Println("there already:", e.Tag)
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
	// there already: v1.0.0
	// there already: latest
	// unchanged: true
}

// What a tag points to is read once, and serves to decide and to push.
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
