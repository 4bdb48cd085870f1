package manifests_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"strings"
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
		fmt.Println("skipped:", s.Path, s.Reason)
	}
	// Output:
	// kustomize has 15 files
	// base/app.properties 399
	// base/defaults.env 279
	// base/deployment.yaml 2822
	// skipped: README.md extension
}

func ExampleCollectRoots() {
	base := fstest.MapFS{
		"kustomization.yaml": {Data: []byte("resources: [namespace.yaml]\n")},
		"namespace.yaml":     {Data: []byte("kind: Namespace\n")},
	}
	overlay := fstest.MapFS{
		"kustomization.yaml": {Data: []byte("resources: [../base]\n")},
	}
	set, err := manifests.CollectRoots(context.Background(), []manifests.Root{
		{Path: "base", FS: base}, {Path: "production", FS: overlay},
	}, manifests.Options{})
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range set.Files() {
		fmt.Println(f.Path)
	}
	fmt.Println(len(set.Problems()), "problems")
	// Output:
	// base/kustomization.yaml
	// base/namespace.yaml
	// production/kustomization.yaml
	// 0 problems
}

// Links and version-control data are treated as by Collect, but ignore rules have no effect.
func ExampleDirectories() {
	fleet := fstest.MapFS{
		"apps/shop/shop.yaml":             {Data: []byte("kind: Namespace\n")},
		"apps/web/base/web.yaml":          {Data: []byte("kind: Namespace\n")},
		"apps/.drafts/draft.yaml":         {Data: []byte("kind: Namespace\n")},
		"clusters/eu/apps/proxy/all.yaml": {Data: []byte("kind: Namespace\n")},
		"apps/README.md":                  {Data: []byte("# Apps\n")},
	}
	dirs, err := manifests.Directories(context.Background(), manifests.Root{FS: fleet}, []string{"apps/*", "clusters/*/apps/*"}, manifests.Options{})
	fmt.Println(dirs, err)
	_, err = manifests.Directories(context.Background(), manifests.Root{FS: fleet}, []string{"app/*"}, manifests.Options{})
	fmt.Println(err, errors.Is(err, manifests.ErrNoMatch))
	// Output:
	// [apps/shop apps/web clusters/eu/apps/proxy] <nil>
	// no directory matches the pattern: "app/*" true
}

func ExampleFromReader() {
	stdin := strings.NewReader("kind: Namespace\n---\nkind: ConfigMap\n")
	fsys, err := manifests.FromReader(context.Background(), stdin)
	if err != nil {
		log.Fatal(err)
	}
	set, err := manifests.CollectFS(context.Background(), fsys, manifests.Options{})
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range set.Files() {
		fmt.Println(f.Path, f.Size)
	}
	// Output:
	// manifests.yaml 36
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
	for _, p := range set.Problems() {
		if p.Code == manifests.ProblemMissing {
			fmt.Println("missing:", p.Path)
		}
		fmt.Println(p)
	}
	// Output:
	// missing: service.yaml
	// kustomization.yaml:2:3: resources[0]: refers to a missing file: "service.yaml"
	// kustomization.yaml:4:21: configMapGenerator[0].files[1]: refers to a path outside the source directory: "../shared.conf"
}

func ExampleOptions_symlinks() {
	fsys := fstest.MapFS{
		"real/app.yaml": {Data: []byte("kind: Deployment\n")},
		"current":       {Data: []byte("real"), Mode: fs.ModeSymlink},
		"main.yaml":     {Data: []byte("real/app.yaml"), Mode: fs.ModeSymlink},
	}
	set, err := manifests.CollectFS(context.Background(), fsys, manifests.Options{Symlinks: manifests.SymlinksFiles})
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range set.Files() {
		fmt.Println(f.Path, f.Linked())
	}
	for _, s := range set.Skipped() {
		fmt.Println("skipped:", s.Path, s.Reason)
	}
	// Output:
	// main.yaml true
	// real/app.yaml false
	// skipped: current/ symlink-directory
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
		"app\nv2.yaml":   {Data: []byte("kind: ConfigMap\n")},
	}
	_, err := manifests.CollectFS(context.Background(), fsys, manifests.Options{})
	fmt.Println(err)

	var pathErr *manifests.PathError
	if errors.As(err, &pathErr) {
		fmt.Println("hint:", pathErr.Hint())
	}
	// Output:
	// name is not usable in an archive: "app\nv2.yaml"
	// hint: rename it: names must be UTF-8 without control characters and backslashes, and directories must not end in two dots
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
	fmt.Println("included:", set.Files()[0].Path)
	for _, s := range set.Skipped() {
		if s.Reason == manifests.ReasonIgnored {
			fmt.Printf("skipped: %s by %s in %s\n", s.Path, s.Pattern, s.Source)
		}
	}
	// Output:
	// included: namespace.yaml
	// skipped: .github/ by .github/ in flux-defaults
	// skipped: tests/ by /tests/ in .sourceignore:2
	// skipped: values.yaml by values*.yaml in options
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
		content, err := reader.Open(context.Background(), f)
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
