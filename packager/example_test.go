package packager_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"os"
	"path/filepath"

	"oras.land/oras-go/v2/content"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
)

func ExamplePlan() {
	files := []manifests.File{{Path: "base/deployment.yaml"}, {Path: "kustomization.yaml"}}
	layout, err := packager.Plan(files, packager.GitOpsEngineArgoCD, "my-app")
	if err != nil {
		log.Fatal(err)
	}
	for _, e := range layout.Entries {
		fmt.Println(e.Path)
	}
	fmt.Println("Flux looks in", layout.Paths.Flux)
	fmt.Println("Argo CD looks in", layout.Paths.ArgoCD)
	// Output:
	// my-app/base/deployment.yaml
	// my-app/kustomization.yaml
	// Flux looks in ./my-app
	// Argo CD looks in my-app
}

func ExamplePlan_collision() {
	files := []manifests.File{{Path: "app/deployment.yaml"}, {Path: "namespace.yaml"}}
	_, err := packager.Plan(files, packager.GitOpsEngineNone, "app")
	fmt.Println(err)

	var collision *packager.CollisionError
	if errors.As(err, &collision) {
		fmt.Println("hint:", collision.Hint())
	}
	// Output:
	// two entries collide in the archive: "app/deployment.yaml" and the copy of the tree both need "app"
	// hint: choose another prefix, or one engine, so that the tree is laid out only once
}

// An artifact is packed again with other annotations, around the layer that it
// has.
func ExamplePacker() {
	ctx := context.Background()
	set, err := manifests.Collect(ctx, "../testdata/trees/flat", manifests.Options{})
	if err != nil {
		log.Fatal(err)
	}
	var store packager.Store
	defer store.Close()
	first, err := packager.Pack(ctx, &store, set, packager.Options{Engine: packager.GitOpsEngineFlux})
	if err != nil {
		log.Fatal(err)
	}
	manifest, err := content.FetchAll(ctx, &store, first.Manifest) // or from a registry
	if err != nil {
		log.Fatal(err)
	}

	packer, err := packager.NewPacker(set, packager.Options{
		Engine:      packager.GitOpsEngineFlux,
		Annotations: map[string]string{"org.opencontainers.image.version": "1.4.1"},
	})
	if err != nil {
		log.Fatal(err)
	}
	current, err := packer.Content(ctx) // nothing is compressed
	if err != nil {
		log.Fatal(err)
	}
	layer, same := current.Layer(manifest)
	fmt.Println("same content:", same)
	second, err := packer.PackAround(ctx, &store, layer, current)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("same layer:", second.Layer.Digest == first.Layer.Digest)
	fmt.Println("same manifest:", second.Manifest.Digest == first.Manifest.Digest)
	// Output:
	// same content: true
	// same layer: true
	// same manifest: false
}

func ExamplePack() {
	ctx := context.Background()
	set, err := manifests.Collect(ctx, "../testdata/trees/flat", manifests.Options{})
	if err != nil {
		log.Fatal(err)
	}
	var store packager.Store
	defer store.Close()
	result, err := packager.Pack(ctx, &store, set, packager.Options{
		Engine:      packager.GitOpsEngineFlux,
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

func ExampleUnpack() {
	ctx := context.Background()
	set, err := manifests.Collect(ctx, "../testdata/trees/flat", manifests.Options{})
	if err != nil {
		log.Fatal(err)
	}
	var store packager.Store // or one that registry.Client.Pull copies to
	defer store.Close()
	packed, err := packager.Pack(ctx, &store, set, packager.Options{Engine: packager.GitOpsEngineFlux})
	if err != nil {
		log.Fatal(err)
	}
	parent, err := os.MkdirTemp("", "example-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(parent)

	dir := filepath.Join(parent, "app")
	unpacked, err := packager.Unpack(ctx, &store, packed.Manifest, dir, packager.UnpackOptions{})
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range unpacked.Files {
		fmt.Println(f.Path, f.Size)
	}
	_, err = packager.Unpack(ctx, &store, packed.Manifest, dir, packager.UnpackOptions{})
	fmt.Println("again:", errors.Is(err, packager.ErrTargetNotEmpty))
	// Output:
	// 00-namespace.yaml 161
	// 05-config.yaml 426
	// 10-deployment.yaml 1996
	// 20-service.yaml 188
	// 30-ingress.yaml 644
	// 40-networkpolicy.yml 979
	// again: true
}

func ExampleUnpackFS() {
	ctx := context.Background()
	set, err := manifests.Collect(ctx, "../testdata/trees/flat", manifests.Options{})
	if err != nil {
		log.Fatal(err)
	}
	var store packager.Store
	defer store.Close()
	packed, err := packager.Pack(ctx, &store, set, packager.Options{Engine: packager.GitOpsEngineArgoCD})
	if err != nil {
		log.Fatal(err)
	}
	fsys, _, err := packager.UnpackFS(ctx, &store, packed.Manifest, packager.UnpackOptions{MaxSize: 1 << 20})
	if err != nil {
		log.Fatal(err)
	}
	names, err := fs.Glob(fsys, "flat/*.yml")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(names)
	// Output:
	// [flat/40-networkpolicy.yml]
}
