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
	artifact := preflight.Artifact{Plan: plan, Engines: []packager.GitOpsEngine{packager.GitOpsEngineFlux}}
	findings, err := preflight.Check(ctx, artifact, preflight.Options{})
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range findings {
		fmt.Println(f)
		fmt.Println("hint:", f.Hint)
	}
	// Output:
	// values.yaml:3:1: error: Flux refuses a document that is not a Kubernetes object [not-an-object]
	// hint: exclude it with Collect.Ignore, or add a kustomization.yaml that lists the manifests
}
