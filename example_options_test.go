package oci_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http/httptest"
	"strings"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/internal/memregistry"
)

func ExampleBuildOptions_Validate() {
	opts := oci.BuildOptions{
		SourcePath:       "testdata/trees/flat",
		RegistryEndpoint: "https://registry.example.com/",
		Version:          "1.0.0+build",
	}
	_, err := opts.Validate()
	fmt.Println(err)
	fmt.Println(oci.Hint(err))

	opts.Version = "1.0.0"
	valid, err := opts.Validate()
	fmt.Println(valid.RegistryEndpoint, valid.Repository, valid.Layout, err)
	// Output:
	// invalid tag "1.0.0+build": "+" is not allowed
	// write "1.0.0" without the build metadata: with a hyphen in front, version ranges would pass over it
	// registry.example.com flat both <nil>
}

func ExampleParseReference() {
	ref, err := oci.ParseReference("oci://localhost:5000/acme/shop/staging:1.0.0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(ref.Host, ref.Port, ref.Repository, ref.Variant, ref.Ref)
	fmt.Println(ref.FullRepository())
	// Output:
	// localhost 5000 acme shop/staging 1.0.0
	// acme/shop/staging
}

// Flux refuses an object that two files define, so the artifact is not pushed.
func ExamplePreflightError() {
	server := httptest.NewServer(memregistry.Handler(memregistry.Options{}))
	defer server.Close()
	source, err := oci.SourceFromReader(context.Background(), strings.NewReader(`
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
`))
	if err != nil {
		log.Fatal(err)
	}
	_, err = oci.Build(context.Background(), oci.BuildOptions{
		Source: source, RegistryEndpoint: server.URL, Repository: "shop", Version: "1.0.0", GitOpsEngine: oci.GitOpsEngineFlux,
	})
	var refused *oci.PreflightError
	fmt.Println(errors.As(err, &refused), errors.Is(err, oci.ErrPreflight))
	for _, finding := range refused.Reasons {
		fmt.Printf("%s:%d: %s [%s]\n", finding.File, finding.Line, finding.Message, finding.Code)
	}
	// Output:
	// true true
	// manifests.yaml:7: Flux refuses the ConfigMap "settings": it is defined here and at manifests.yaml:2 [duplicate-object]
}

func ExampleBuildOptions_onEvent() {
	server := httptest.NewServer(memregistry.Handler(memregistry.Options{}))
	defer server.Close()
	_, err := oci.Build(context.Background(), oci.BuildOptions{
		SourcePath: "testdata/trees/flat", RegistryEndpoint: server.URL, Version: "1.0.0", Layout: oci.LayoutRoot,
		OnEvent: func(e oci.Event) {
			switch {
			case e.Push == nil:
				fmt.Println(e.Phase, e.Files, "files")
			case e.Push.Retry != nil:
				fmt.Println("attempt", e.Push.Retry.Attempt, "failed:", e.Push.Retry.Err)
			case e.Push.Tag != "":
				fmt.Println(e.Phase, "tag", e.Push.Tag)
			}
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// collect 6 files
	// pack 6 files
	// push tag 1.0.0
}
