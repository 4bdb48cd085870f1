package preflight_test

import (
	"context"
	"fmt"
	"log"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/preflight"
)

// A tree that lies once at the root is checked for both engines. Flux reads chart
// values as a manifest, and Argo CD does not read subdirectories.
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
	findings, err := preflight.Check(ctx, preflight.Artifact{Plan: plan}, preflight.Options{})
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range findings {
		fmt.Println(f)
		fmt.Println("hint:", f.Hint)
	}
	// Output:
	// warning: Argo CD does not read the subdirectories of its path "." by default (files with objects in them: 7) [subfolders]
	// hint: set directory.recurse in the Application and Preflight.DirectoryRecurse, or add a kustomization.yaml
	// values.yaml:3:1: warning: Flux refuses a document that is not a Kubernetes object [not-an-object]
	// hint: exclude it with Collect.Ignore, or add a kustomization.yaml that lists the manifests
}

// The policy decides which findings keep the artifact from being pushed.
func ExampleOptions_Refusals() {
	ctx := context.Background()
	set, err := manifests.Collect(ctx, "../testdata/trees/helm-release", manifests.Options{})
	if err != nil {
		log.Fatal(err)
	}
	plan, err := packager.NewPlan(set, packager.LayoutRoot, packager.Options{})
	if err != nil {
		log.Fatal(err)
	}
	for _, engine := range []packager.GitOpsEngine{packager.GitOpsEngineFlux, packager.GitOpsEngineArgoCD, packager.GitOpsEngineNone} {
		for _, policy := range []preflight.Policy{preflight.PolicyReport, preflight.PolicyEnforce} {
			opts := preflight.Options{Policy: policy}
			artifact := preflight.Artifact{Plan: plan, Engines: []packager.GitOpsEngine{engine}}
			findings, err := preflight.Check(ctx, artifact, opts)
			if err != nil {
				log.Fatal(err)
			}
			fmt.Println(engine, policy, len(opts.Refusals(findings)))
		}
	}
	// Output:
	// Flux report 1
	// Flux enforce 1
	// ArgoCD report 0
	// ArgoCD enforce 1
	// None report 0
	// None enforce 2
}

// Packing passes the files to a cache, so that Check does not read them again.
func ExampleCache() {
	ctx := context.Background()
	set, err := manifests.Collect(ctx, "../testdata/trees/flat", manifests.Options{})
	if err != nil {
		log.Fatal(err)
	}
	plan, err := packager.NewPlan(set, packager.LayoutRoot, packager.Options{})
	if err != nil {
		log.Fatal(err)
	}
	store := new(packager.Store)
	defer func() { _ = store.Close() }()
	cache := new(preflight.Cache)
	if _, err := plan.Pack(ctx, store, nil, cache.Observe); err != nil {
		log.Fatal(err)
	}
	findings, err := preflight.Check(ctx, preflight.Artifact{Plan: plan, Cache: cache}, preflight.Options{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("findings:", len(findings))
	// Output:
	// findings: 0
}
