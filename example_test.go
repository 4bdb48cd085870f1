package oci_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http/httptest"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/internal/memregistry"
)

func ExampleNewWorkloadArtifactBuilder() {
	server := httptest.NewServer(memregistry.Handler(memregistry.Options{}))
	defer server.Close()

	builder := oci.NewWorkloadArtifactBuilder()
	opts := oci.BuildOptions{
		SourcePath:       "testdata/trees/flat",
		RegistryEndpoint: server.URL,
		Repository:       "acme/wiki",
		Version:          "1.0.0",
		Tags:             []string{"latest"},
		GitOpsEngine:     oci.GitOpsEngineFlux,
	}
	for range 2 {
		result, err := builder.Build(context.Background(), opts)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(result.Artifact.Repository, result.Tags, "unchanged:", result.Unchanged)
		fmt.Println(len(result.Files), "files, Flux path:", result.Artifact.Paths.Flux)
	}
	// Output:
	// acme/wiki [1.0.0 latest] unchanged: false
	// 6 files, Flux path: ./
	// acme/wiki [1.0.0 latest] unchanged: true
	// 6 files, Flux path: ./
}

func ExampleBuildOptions_Validate() {
	opts := oci.BuildOptions{
		SourcePath:       "testdata/trees/flat",
		RegistryEndpoint: "https://registry.example.com/",
		Version:          "1.0.0+build",
	}
	_, err := opts.Validate()
	fmt.Println(err)
	var adviser interface{ Hint() string }
	if errors.As(err, &adviser) {
		fmt.Println(adviser.Hint())
	}

	opts.Version = "1.0.0"
	valid, err := opts.Validate()
	fmt.Println(valid.RegistryEndpoint, valid.Repository, valid.Name, err)
	// Output:
	// invalid tag "1.0.0+build": "+" is not allowed
	// write "1.0.0-build"
	// registry.example.com flat flat <nil>
}

func ExampleBuildEmpty() {
	server := httptest.NewServer(memregistry.Handler(memregistry.Options{}))
	defer server.Close()

	result, err := oci.BuildEmpty(context.Background(), oci.EmptyBuildOptions{
		RegistryEndpoint: server.URL,
		Repository:       "clusters/staging",
		Version:          "initial",
		GitOpsEngine:     oci.GitOpsEngineFlux,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Files)
	// Output: [kustomization.yaml]
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

func ExampleNewRegistryVerifier() {
	server := httptest.NewServer(memregistry.Handler(memregistry.Options{
		Users: map[string]memregistry.User{"ci": {Password: "secret", ReadOnly: true}},
	}))
	defer server.Close()

	opts := oci.VerifyOptions{RegistryEndpoint: server.URL, Repository: "acme/shop"}
	err := oci.NewRegistryVerifier().VerifyAccess(context.Background(), opts)
	fmt.Println(errors.Is(err, oci.ErrRegistryAuthRequired))

	opts.Username, opts.Password = "ci", "secret"
	err = oci.NewRegistryVerifier().VerifyAccess(context.Background(), opts)
	fmt.Println(errors.Is(err, oci.ErrRegistryPermissionDenied))
	// Output:
	// true
	// true
}
