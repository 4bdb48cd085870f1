package oci_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/kubeoci/oci"
)

// Each directory below apps becomes an artifact in a repository of its own: acme/apps/web
// and so on. One that fails does not keep the others from being published.
func ExampleBuilder_BuildAll() {
	ctx := context.Background()
	builds, err := oci.Workloads(ctx, oci.BuildOptions{
		SourcePath: ".", RegistryEndpoint: "localhost:5000", Repository: "acme", Version: "1.0.0", Layout: oci.LayoutRoot,
	}, "apps/*")
	if err != nil {
		log.Fatalln(err, oci.Hint(err))
	}
	var builder oci.Builder
	defer builder.Close()
	result, err := builder.BuildAll(ctx, builds, oci.BuildAllOptions{
		OnOutcome: func(o oci.BuildOutcome) { fmt.Println(o, o.Status) },
	})
	fmt.Println(result.Built, "built,", result.Unchanged, "unchanged,", result.Failed, "failed")
	var all *oci.BuildAllError
	if errors.As(err, &all) {
		for _, o := range all.Failed {
			fmt.Println(o, o.Err, oci.Hint(o.Err))
		}
	}
}

// Workloads may be deeper in a tree, and their options can be changed before they are built.
func ExampleWorkloads() {
	builds, err := oci.Workloads(context.Background(), oci.BuildOptions{
		SourcePath: ".", RegistryEndpoint: "localhost:5000", Repository: "acme", Version: "1.0.0",
	}, "clusters/*/apps/*", "platform")
	if err != nil {
		log.Fatal(err)
	}
	for i := range builds {
		builds[i].Push.AssumeBlobs = true // one request for each that did not change
	}
}
