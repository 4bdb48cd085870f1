package preflight_test

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"testing/fstest"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/preflight"
)

// planExample plans an artifact of a Secret and a template.
func planExample(ctx context.Context) *packager.Plan {
	set, err := manifests.CollectFS(ctx, fstest.MapFS{
		"db.yaml":  {Data: []byte("apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: shop}\nstringData: {password: example}\n")},
		"web.yaml": {Data: []byte("apiVersion: v1\nkind: Service\nmetadata: {name: {{ .Release.Name }}}\n")},
	}, manifests.Options{})
	if err != nil {
		log.Fatal(err)
	}
	plan, err := packager.NewPlan(set, packager.LayoutRoot, packager.Options{})
	if err != nil {
		log.Fatal(err)
	}
	return plan
}

// Secrets depends on no policy and on no engine.
func ExampleSecrets() {
	ctx := context.Background()
	findings, err := preflight.Secrets(ctx, preflight.Artifact{Plan: planExample(ctx)}, preflight.Options{Policy: preflight.PolicyOff})
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range findings {
		fmt.Println(f)
	}
	// Output: db.yaml:1:1: warning: the Secret "db" is not encrypted [plaintext-secret]
}

// A program may have a limit of its own.
func ExampleFindings_AtLeast() {
	ctx := context.Background()
	findings, err := preflight.Check(ctx, preflight.Artifact{Plan: planExample(ctx)}, preflight.Options{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("worst:", findings.Worst())
	for _, f := range findings.AtLeast(preflight.Error) {
		fmt.Println(f)
	}
	// Output:
	// worst: error
	// web.yaml: error: Flux and Argo CD refuse a template that is not YAML [template]
}

// An Observer also passes the files to the checkers of the caller while they are packed.
func ExampleNewObserver() {
	ctx := context.Background()
	plan := planExample(ctx)
	opts := preflight.Options{Checkers: []preflight.Checker{preflight.CheckerFunc(
		func(_ context.Context, file preflight.File) (found preflight.Findings, err error) {
			if !bytes.Contains(file.Content, []byte("namespace:")) {
				found = append(found, preflight.Finding{Code: "acme-namespace", Severity: preflight.Warning, Message: "no namespace is named"})
			}
			return found, nil
		},
	)}}
	observer := preflight.NewObserver(ctx, nil, opts)
	store := new(packager.Store)
	defer func() { _ = store.Close() }()
	if _, err := plan.Pack(ctx, store, nil, observer.Observe); err != nil {
		log.Fatal(err)
	}
	findings, err := preflight.Check(ctx, preflight.Artifact{Plan: plan, Observer: observer}, opts)
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range findings {
		if f.Code == "acme-namespace" {
			fmt.Println(f)
		}
	}
	// Output: web.yaml: warning: no namespace is named [acme-namespace]
}
