package oci_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/gitops"
	"github.com/kubeoci/oci/internal/memregistry"
	"github.com/kubeoci/oci/preflight"
	"github.com/kubeoci/oci/registry"
)

// startExample starts a registry, and returns options that push a tree to it.
func startExample() (opts oci.BuildOptions, stop func()) {
	server := httptest.NewServer(memregistry.Handler(memregistry.Options{}))
	return oci.BuildOptions{
		SourcePath: "testdata/trees/flat", RegistryEndpoint: strings.TrimPrefix(server.URL, "http://"),
		Repository: "acme/wiki", Version: "1.4.0", Layout: oci.LayoutRoot,
	}, server.Close
}

// A plan tells what a build would do, and the build gives exactly its digest.
func ExampleBuilder_Plan() {
	opts, stop := startExample()
	defer stop()
	ctx := context.Background()
	var b oci.Builder
	defer b.Close()

	plan, err := b.Plan(ctx, opts)
	if err != nil {
		log.Fatal(err)
	}
	result, err := b.Build(ctx, opts)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(plan.Tags[0].Tag, plan.Tags[0].Action, plan.Result.Artifact.Digest == result.Artifact.Digest)
	if plan, err = b.Plan(ctx, opts); err != nil {
		log.Fatal(err)
	}
	fmt.Println(plan.Tags[0].Tag, plan.Tags[0].Action)
	// Output:
	// 1.4.0 create true
	// 1.4.0 nothing
}

// A job that checks pull requests needs no registry, and decides which findings fail it: here
// warnings and errors, except those of one rule.
func ExampleBuilder_Plan_preflight() {
	var b oci.Builder
	plan, err := b.Plan(context.Background(), oci.BuildOptions{
		SourcePath: "testdata/trees/helm-release", Layout: oci.LayoutRoot,
		Preflight: oci.PreflightOptions{Policy: oci.PreflightEnforce, Severity: preflight.Warning},
	})
	if err != nil {
		log.Fatalln(err, oci.Hint(err))
	}
	for _, f := range plan.Refused {
		if f.Code != preflight.CodeSubfolders {
			fmt.Println(f.Severity, f.Code, f.File)
		}
	}
	// Output: warning not-an-object values.yaml
}

// Jobs that run again and again share a directory: one that changes no file compresses and
// checks nothing.
func ExampleCache() {
	opts, stop := startExample()
	defer stop()
	dir, err := os.MkdirTemp("", "cache") // usually below os.UserCacheDir
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	for range 2 {
		cache := new(oci.Cache) // of another process
		cache.Layer.Dir, cache.Preflight.Dir = dir, dir
		opts.Cache = cache
		result, err := oci.Build(context.Background(), opts)
		if err != nil {
			log.Fatalln(err, oci.Hint(err))
		}
		fmt.Println("unchanged:", result.Unchanged, "compressed:", cache.Layer.Size() > 0)
	}
	// Output:
	// unchanged: false compressed: true
	// unchanged: true compressed: false
}

// Without a registry, a plan gives the digest, the files and the findings.
func ExampleBuildPlan_WriteText() {
	var b oci.Builder
	plan, err := b.Plan(context.Background(), oci.BuildOptions{SourcePath: "testdata/trees/flat", Layout: oci.LayoutRoot})
	if err != nil {
		log.Fatal(err)
	}
	if err := plan.WriteText(os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// A step attaches a statement before any tag points to the artifact. If it fails, no tag
// has moved.
func ExamplePushOptions_steps() {
	opts, stop := startExample()
	defer stop()
	opts.Push.ReadBack = true
	opts.Push.Steps = []registry.Step{{Name: "attest", Run: func(ctx context.Context, p *registry.Published) error {
		_, err := p.Attach(ctx, registry.Attachment{
			ArtifactType: "application/vnd.example.tested+json",
			Layers:       []registry.AttachmentLayer{{MediaType: "application/json", Content: []byte(`{"tested":true}`)}},
		})
		if err != nil {
			return err
		}
		found, err := p.Referrers(ctx, "application/vnd.example.tested+json")
		fmt.Println("before", p.Tags, "point to it:", len(found), "statement")
		return err
	}}}
	result, err := oci.Build(context.Background(), opts)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Tags)
	// Output:
	// before [1.4.0] point to it: 1 statement
	// [1.4.0]
}

// An older build does not overwrite a newer one.
func ExampleTagRule() {
	opts, stop := startExample()
	defer stop()
	opts.Version, opts.Tags = "latest", nil
	opts.Push.TagRules = []oci.TagRule{registry.NotOlder}

	opts.Pack.Created = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	if _, err := oci.Build(context.Background(), opts); err != nil {
		log.Fatal(err)
	}
	opts.Pack.Created = time.Date(2026, 11, 27, 11, 0, 0, 0, time.UTC)
	_, err := oci.Build(context.Background(), opts)
	if conflict, ok := errors.AsType[*oci.TagConflictError](err); ok {
		fmt.Println(conflict.Tag, conflict.Reason)
	}
	// Output: latest "2026-11-27T11:00:00Z" is older than "2026-11-27T12:00:00Z", by the annotation org.opencontainers.image.created
}

// Nothing of an artifact with plaintext Secrets is sent.
func ExampleRefuseSecrets() {
	opts, stop := startExample()
	defer stop()
	source, err := oci.SourceFromReader(context.Background(), strings.NewReader(
		"apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: wiki}\nstringData: {password: example}\n"))
	if err != nil {
		log.Fatal(err)
	}
	opts.SourcePath, opts.Source = "", source
	opts.Push.TagRules = []oci.TagRule{oci.RefuseSecrets}
	_, err = oci.Build(context.Background(), opts)
	if conflict, ok := errors.AsType[*oci.TagConflictError](err); ok {
		fmt.Println(conflict.Reason)
	}
	// Output: "manifests.yaml": the Secret "db" is not encrypted
}

// Commits that change no manifest give one digest, and cause no reconciliation.
func ExamplePushOptions_keepSameContent() {
	opts, stop := startExample()
	defer stop()
	opts.Push.KeepSameContent = true
	var b oci.Builder
	defer b.Close()
	for _, commit := range []string{"main@sha1:1111", "main@sha1:2222"} {
		opts.Pack.Revision = commit
		result, err := b.Build(context.Background(), opts)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(result.Unchanged, result.SameContent)
	}
	// Output:
	// false false
	// true true
}

// A build without a tag is known by its digest alone.
func ExamplePushOptions_digestOnly() {
	opts, stop := startExample()
	defer stop()
	opts.Version, opts.Push.DigestOnly = "", true
	result, err := oci.Build(context.Background(), opts)
	if err != nil {
		log.Fatal(err)
	}
	_, digest, _ := strings.Cut(result.Artifact.Reference, "@")
	fmt.Println(digest == result.Artifact.Digest.String(), len(result.Tags))
	// Output: true 0
}

// The result of a build describes the artifact to package gitops, which writes the objects
// that make an engine read it.
func ExampleBuildResult_HandOver() {
	opts, stop := startExample()
	defer stop()
	result, err := oci.Build(context.Background(), opts)
	if err != nil {
		log.Fatal(err)
	}
	artifact := result.HandOver()
	revisions, err := artifact.Revisions(gitops.Ref{})
	if err != nil {
		log.Fatal(err)
	}
	tag, _, _ := strings.Cut(revisions.Flux, "@")
	application, err := gitops.ArgoCD(artifact, gitops.ArgoCDOptions{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(tag, strings.Contains(string(application), "targetRevision: 1.4.0"))
	// Output: 1.4.0 true
}
