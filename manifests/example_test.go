package manifests_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"testing/fstest"

	"github.com/kubeoci/oci/manifests"
)

func ExampleCollect() {
	set, err := manifests.Collect(context.Background(), "../testdata/trees/kustomize", manifests.Options{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(set.Name(), "has", len(set.Files()), "files")
	for _, f := range set.Files()[:3] {
		fmt.Println(f.Path, f.Size)
	}
	for _, s := range set.Skipped() {
		fmt.Println("without", s.Path, "because of its", s.Reason)
	}
	// Output:
	// kustomize has 15 files
	// base/app.properties 399
	// base/defaults.env 279
	// base/deployment.yaml 2822
	// without README.md because of its extension
}

func ExampleSet_Problems() {
	fsys := fstest.MapFS{
		"kustomization.yaml": {Data: []byte("resources:\n- service.yaml\nconfigMapGenerator:\n- files: [app.conf, ../shared.conf]\n")},
		"app.conf":           {Data: []byte("a=b\n")},
	}
	set, err := manifests.CollectFS(context.Background(), fsys, manifests.Options{})
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range set.Files() {
		fmt.Println(f.Path)
	}
	for _, p := range set.Problems() {
		fmt.Println(p)
	}
	// Output:
	// app.conf
	// kustomization.yaml
	// kustomization.yaml:2:3: resources[0]: refers to a missing file: "service.yaml"
	// kustomization.yaml:4:21: configMapGenerator[0].files[1]: refers to a path outside the source directory: "../shared.conf"
}

func ExampleCollect_refused() {
	_, err := manifests.Collect(context.Background(), "../testdata/trees/missing", manifests.Options{})
	fmt.Println(err)
	fmt.Println(errors.Is(err, manifests.ErrPathNotFound))
	// Output:
	// source path does not exist: "../testdata/trees/missing"
	// true
}

func ExampleCollectFS() {
	fsys := fstest.MapFS{
		"namespace.yaml": {Data: []byte("kind: Namespace\n")},
		"app.yaml":       {},
	}
	_, err := manifests.CollectFS(context.Background(), fsys, manifests.Options{})
	fmt.Println(err)

	var pathErr *manifests.PathError
	if errors.As(err, &pathErr) {
		fmt.Println("hint:", pathErr.Hint())
	}
	// Output:
	// file is empty: "app.yaml"
	// hint: remove the file, or set AllowEmptyFiles
}

func ExampleOptions_ignore() {
	fsys := fstest.MapFS{
		".sourceignore":          {Data: []byte("# not for the cluster\n/tests/\n")},
		".github/workflows.yaml": {Data: []byte("on: push\n")},
		"namespace.yaml":         {Data: []byte("kind: Namespace\n")},
		"tests/namespace.yaml":   {Data: []byte("kind: Namespace\n")},
		"values.yaml":            {Data: []byte("replicas: 1\n")},
	}
	set, err := manifests.CollectFS(context.Background(), fsys, manifests.Options{
		Ignore:             []string{"values*.yaml"},
		IgnoreFluxDefaults: true,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("with", set.Files()[0].Path)
	for _, s := range set.Skipped() {
		if s.Reason == manifests.ReasonIgnored {
			fmt.Println("without", s.Path, "because of", s.Pattern, "in", s.Source)
		}
	}
	// Output:
	// with namespace.yaml
	// without .github/ because of .github/ in flux-defaults
	// without tests/ because of /tests/ in .sourceignore:2
	// without values.yaml because of values*.yaml in options
}

func ExampleSet_Open() {
	fsys := fstest.MapFS{"namespace.yaml": {Data: []byte("kind: Namespace\n")}}
	set, err := manifests.CollectFS(context.Background(), fsys, manifests.Options{})
	if err != nil {
		log.Fatal(err)
	}
	reader, err := set.Open()
	if err != nil {
		log.Fatal(err)
	}
	defer reader.Close()
	for _, f := range set.Files() {
		content, err := reader.Open(f)
		if err != nil {
			log.Fatal(err)
		}
		if _, err := io.Copy(os.Stdout, content); err != nil {
			log.Fatal(err)
		}
		content.Close()
	}
	// Output:
	// kind: Namespace
}
