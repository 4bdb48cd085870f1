package unpacker_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"os"
	"path/filepath"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/unpacker"
)

func ExampleUnpack() {
	ctx := context.Background()
	set, err := manifests.Collect(ctx, "../testdata/trees/flat", manifests.Options{})
	if err != nil {
		log.Fatal(err)
	}
	var store packager.Store // or one that registry.Client.Pull copies to
	defer store.Close()
	packed, err := packager.Pack(ctx, &store, set, packager.LayoutRoot, packager.Options{})
	if err != nil {
		log.Fatal(err)
	}
	parent, err := os.MkdirTemp("", "example-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(parent)

	dir := filepath.Join(parent, "app")
	unpacked, err := unpacker.Unpack(ctx, &store, packed.Manifest, dir, unpacker.Options{})
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range unpacked.Files {
		fmt.Println(f.Path, f.Size)
	}
	_, err = unpacker.Unpack(ctx, &store, packed.Manifest, dir, unpacker.Options{})
	fmt.Println("again:", errors.Is(err, unpacker.ErrTargetNotEmpty))
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
	packed, err := packager.Pack(ctx, &store, set, packager.LayoutPrefix, packager.Options{})
	if err != nil {
		log.Fatal(err)
	}
	fsys, _, err := unpacker.UnpackFS(ctx, &store, packed.Manifest, unpacker.Options{MaxSize: 1 << 20})
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
