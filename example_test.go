package oci_test

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"testing/fstest"
	"time"

	ocilayout "oras.land/oras-go/v2/content/oci"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/preflight"
)

// The examples of this file use nothing that another module cannot import.
// TestExamplesWorkWhenCopied copies the file into one and runs them with a registry in
// place of localhost:5000.

//go:embed testdata/trees/flat
var files embed.FS

// Manifests that are compiled into a program need no directory.
func ExampleBuild_embed() {
	source, err := fs.Sub(files, "testdata/trees/flat")
	if err != nil {
		log.Fatal(err)
	}
	result, err := oci.Build(context.Background(), oci.BuildOptions{
		Source: source, RegistryEndpoint: "localhost:5000", Repository: "acme/wiki", Version: "1.0.0", Layout: oci.LayoutRoot,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(result.Files), "files,", result.Artifact.Paths.ArgoCD)
}

// A reference names registry, repository and tag at once.
func ExampleBuild_reference() {
	ref, err := oci.ParseReference("oci://localhost:5000/acme/wiki/staging:1.0.0")
	if err != nil {
		log.Fatal(err)
	}
	opts := oci.BuildOptions{SourcePath: "testdata/trees/flat", Layout: oci.LayoutRoot}.WithReference(ref)
	result, err := oci.Build(context.Background(), opts)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Artifact.Repository, result.Tags)
}

// noLatest finds images without a fixed version.
func noLatest(_ context.Context, file preflight.File) (findings preflight.Findings, err error) {
	number := 0
	for line := range bytes.Lines(file.Content) {
		if number++; bytes.HasSuffix(bytes.TrimSpace(line), []byte(":latest")) {
			findings = append(findings, preflight.Finding{Code: "acme-latest", Severity: preflight.Error, Line: number, Message: "the image has no fixed version"})
		}
	}
	return findings, nil
}

// A check of the caller sees each file while it is packed, and may refuse the artifact.
func ExampleBuild_checker() {
	_, err := oci.Build(context.Background(), oci.BuildOptions{
		Source:           fstest.MapFS{"pod.yaml": {Data: []byte("apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n  - image: web:latest\n")}},
		RegistryEndpoint: "localhost:5000", Repository: "acme/web", Version: "1.0.0", Layout: oci.LayoutRoot,
		Preflight: oci.PreflightOptions{Checkers: []preflight.Checker{preflight.CheckerFunc(noLatest)}},
	})
	var refused *oci.PreflightError
	if errors.As(err, &refused) {
		fmt.Println(refused.Reasons[0])
	}
}

// A cluster can be prepared before there is anything to deploy.
func ExampleBuildEmpty() {
	result, err := oci.BuildEmpty(context.Background(), oci.EmptyBuildOptions{
		RegistryEndpoint: "localhost:5000", Repository: "clusters/staging", Version: "initial", Layout: oci.LayoutRoot,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Files)
}

func ExampleArtifactExists() {
	exists, err := oci.ArtifactExists(context.Background(), oci.ArtifactExistsOptions{
		RegistryEndpoint: "localhost:5000", Repository: "acme/wiki", Version: "1.0.0",
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(exists)
}

func ExampleVerifyRegistryAccessWithTimeout() {
	opts := oci.VerifyOptions{RegistryEndpoint: "localhost:5000", Repository: "acme/wiki"}
	err := oci.VerifyRegistryAccessWithTimeout(context.Background(), opts, 10*time.Second)
	if err != nil {
		log.Fatalln(err, oci.Hint(err))
	}
	fmt.Println("a push would be allowed")
}

// A controller keeps one Builder, and a Cache for each tree.
func ExampleBuilder() {
	var builder oci.Builder
	defer builder.Close()
	opts := oci.BuildOptions{
		SourcePath: "testdata/trees/flat", RegistryEndpoint: "localhost:5000", Version: "1.0.0",
		Layout: oci.LayoutRoot, Cache: new(oci.Cache),
	}
	for range 2 {
		result, err := builder.Build(context.Background(), opts)
		fmt.Println("unchanged:", result.Unchanged, "retry:", oci.Retryable(err))
	}
}

// The packages of the stages work alone, here without a registry.
func Example_layoutOnDisk() {
	set, setErr := manifests.Collect(context.Background(), "testdata/trees/flat", manifests.Options{})
	store, storeErr := ocilayout.New("artifact")
	if err := errors.Join(setErr, storeErr); err != nil {
		log.Fatal(err)
	}
	result, err := packager.Pack(context.Background(), store, set, packager.LayoutRoot, packager.Options{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.ContentDigest, store.Tag(context.Background(), result.Manifest, "1.0.0"))
}
