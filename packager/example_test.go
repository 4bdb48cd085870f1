package packager_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"testing/fstest"

	"oras.land/oras-go/v2/content/oci"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
)

func ExampleNewPlan() {
	set, err := manifests.Collect(context.Background(), "../testdata/trees/json", manifests.Options{})
	if err != nil {
		log.Fatal(err)
	}
	plan, err := packager.NewPlan(set, packager.LayoutPrefix, packager.Options{Prefix: "my-app"})
	if err != nil {
		log.Fatal(err)
	}
	for _, e := range plan.Entries() {
		fmt.Println(e.Path)
	}
	fmt.Println("Flux looks in", plan.Paths().Flux)
	fmt.Println("Argo CD looks in", plan.Paths().ArgoCD)
	// Output:
	// my-app/DISRUPTION-BUDGET.JSON
	// my-app/dashboard-configmap.json
	// my-app/deployment.json
	// my-app/service.json
	// my-app/shared-list.json
	// Flux looks in ./my-app
	// Argo CD looks in my-app
}

func ExampleNewPlan_collision() {
	files := fstest.MapFS{"app/deployment.yaml": {Data: []byte("kind: Deployment")}, "namespace.yaml": {Data: []byte("kind: Namespace")}}
	set, err := manifests.CollectFS(context.Background(), files, manifests.Options{})
	if err != nil {
		log.Fatal(err)
	}
	_, err = packager.NewPlan(set, packager.LayoutBoth, packager.Options{Prefix: "app"})
	fmt.Println(err)

	var collision *manifests.CollisionError
	if errors.As(err, &collision) {
		fmt.Println("hint:", collision.Hint())
	}
	// Output:
	// two entries collide in the archive: "app/deployment.yaml" and the copy of "namespace.yaml" both need "app"
	// hint: set Pack.Prefix to a name that the tree does not use, or choose LayoutRoot, which needs no copy
}

func ExamplePack() {
	ctx := context.Background()
	set, err := manifests.Collect(ctx, "../testdata/trees/flat", manifests.Options{})
	if err != nil {
		log.Fatal(err)
	}
	var store packager.Store
	defer store.Close()
	result, err := packager.Pack(ctx, &store, set, packager.LayoutRoot, packager.Options{
		Annotations: map[string]string{"org.opencontainers.image.version": "1.4.0"},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Manifest.MediaType)
	fmt.Println(result.Layer.MediaType)
	fmt.Println(result.ContentDigest)
	// Output:
	// application/vnd.oci.image.manifest.v1+json
	// application/vnd.oci.image.layer.v1.tar+gzip
	// sha256:2039bae8dac3716d20c14a6f58a267b1147da24db1c82bd2898d68fd3d841052
}

// An OCI layout on disk, which other tools can push later.
func ExamplePack_layoutOnDisk() {
	ctx, dir := context.Background(), filepath.Join(os.TempDir(), "example-layout")
	defer os.RemoveAll(dir)
	layout, layoutErr := oci.New(dir)
	set, setErr := manifests.Collect(ctx, "../testdata/trees/flat", manifests.Options{})
	if err := errors.Join(layoutErr, setErr); err != nil {
		log.Fatal(err)
	}
	result, err := packager.Pack(ctx, layout, set, packager.LayoutRoot, packager.Options{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.ContentDigest, layout.Tag(ctx, result.Manifest, "1.4.0"))
	// Output:
	// sha256:2039bae8dac3716d20c14a6f58a267b1147da24db1c82bd2898d68fd3d841052 <nil>
}

// The content digest shows whether files changed, without packing them.
func ExamplePlan_Digest() {
	ctx := context.Background()
	set, err := manifests.Collect(ctx, "../testdata/trees/flat", manifests.Options{})
	if err != nil {
		log.Fatal(err)
	}
	plan, err := packager.NewPlan(set, packager.LayoutRoot, packager.Options{})
	if err != nil {
		log.Fatal(err)
	}
	digest, err := plan.Digest(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(digest, plan.ArchiveSize())
	// Output:
	// sha256:2039bae8dac3716d20c14a6f58a267b1147da24db1c82bd2898d68fd3d841052 9728
}

// A process that packs the same tree repeatedly keeps a Cache.
func ExamplePlan_Pack_cache() {
	ctx := context.Background()
	set, err := manifests.Collect(ctx, "../testdata/trees/flat", manifests.Options{})
	if err != nil {
		log.Fatal(err)
	}
	plan, err := packager.NewPlan(set, packager.LayoutRoot, packager.Options{})
	if err != nil {
		log.Fatal(err)
	}
	cache := &packager.Cache{Limit: 16 << 20}
	for range 2 { // the second time nothing is compressed
		var store packager.Store
		if _, err := plan.Pack(ctx, &store, cache, nil); err != nil {
			log.Fatal(err)
		}
		store.Close()
	}
	fmt.Println(cache.Size() > 0)
	// Output:
	// true
}

// Another process knows the digests of an unchanged tree without compressing it. It has no
// layer to upload.
func ExamplePlan_Recall() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "example-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	set, err := manifests.Collect(ctx, "../testdata/trees/flat", manifests.Options{})
	if err != nil {
		log.Fatal(err)
	}
	plan, err := packager.NewPlan(set, packager.LayoutRoot, packager.Options{})
	if err != nil {
		log.Fatal(err)
	}
	var packed, recalled packager.Store
	defer packed.Close()
	defer recalled.Close()
	first, err := plan.Pack(ctx, &packed, &packager.Cache{Dir: dir}, nil)
	if err != nil {
		log.Fatal(err)
	}
	again, known, err := plan.Recall(ctx, &recalled, &packager.Cache{Dir: dir}, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(known, again.Manifest.Digest == first.Manifest.Digest)
	fmt.Println(recalled.Exists(ctx, again.Layer))
	// Output:
	// true true
	// false <nil>
}

// A Store that holds blobs of up to 1 MiB in memory, and larger ones in files of a
// directory of its own.
func ExampleStore() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "example-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	set, err := manifests.Collect(ctx, "../testdata/trees/flat", manifests.Options{})
	if err != nil {
		log.Fatal(err)
	}

	store := packager.Store{MemoryLimit: 1 << 20, TempDir: dir}
	defer store.Close()
	result, err := packager.Pack(ctx, &store, set, packager.LayoutRoot, packager.Options{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(store.Exists(ctx, result.Layer))
	// Output:
	// true <nil>
}
