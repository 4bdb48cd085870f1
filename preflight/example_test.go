package preflight_test

import (
	"context"
	"fmt"
	"log"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/preflight"
)

func ExampleCheck() {
	ctx := context.Background()
	set, err := manifests.Collect(ctx, "../testdata/trees/helm-release", manifests.Options{})
	if err != nil {
		log.Fatal(err)
	}
	plan, err := packager.NewPlan(set, packager.LayoutRoot, packager.Options{})
	if err != nil {
		log.Fatal(err)
	}
	findings, err := preflight.Check(ctx, plan, preflight.Options{})
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range findings {
		fmt.Println(f)
		fmt.Println("hint:", f.Hint)
	}
	// Output:
	// values.yaml:3:1: error: Flux refuses a document that is no Kubernetes object [not-an-object]
	// hint: leave it out of the directory, or add a kustomization.yaml that lists what is to be applied
}
