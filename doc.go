// Package oci ships a directory of Kubernetes manifests as one OCI artifact
// that both Flux and Argo CD accept with their default settings.
//
//	result, err := oci.NewWorkloadArtifactBuilder().Build(ctx, oci.BuildOptions{
//		SourcePath:       "deploy",
//		RegistryEndpoint: "ghcr.io",
//		Repository:       "acme/shop",
//		Version:          "1.4.0",
//		Username:         user,
//		Password:         token,
//	})
//
// The same files and options give the same digest on any machine, and a push of
// what the tag points to already sends nothing.
//
// A build runs through stages, each of which works alone in a package of its
// own: [github.com/kubeoci/oci/manifests] collects the files,
// [github.com/kubeoci/oci/packager] makes the artifact, and
// [github.com/kubeoci/oci/registry] pushes it. This package checks the options,
// runs the stages one after another and says what came of it.
//
// The package never prints, exits, or keeps state between calls, and reads of
// the environment only what net/http does for proxies and os for the directory
// of temporary files. All of it is safe for concurrent use. Types that hold a
// password print and marshal without it.
//
// Errors match the sentinels below through [errors.Is]. Many have a method
// Hint() string that says what to do about them.
package oci
