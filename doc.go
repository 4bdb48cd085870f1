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
// what the tag points to already sends nothing. The base name of the source
// directory counts as an option where Name, Repository or Prefix come from it.
//
// A build runs through stages, each of which works alone in a package of its
// own: [github.com/kubeoci/oci/manifests] collects the files,
// [github.com/kubeoci/oci/packager] makes the artifact, and
// [github.com/kubeoci/oci/registry] pushes it. This package checks the options,
// runs the stages one after another and says what came of it.
//
// The package never prints, exits, or keeps state between calls. Of the
// environment it reads what the standard library does: the proxies (net/http),
// the system's certificates (crypto/x509), the directory of temporary files and
// the name of the working directory (os), and where to find a credential helper
// that a Docker configuration names (os/exec). All of it is safe for concurrent
// use.
//
// Types that hold a password print and marshal without it. That does not hold
// for an unexported field of such a type, where fmt cannot call its methods.
//
// Errors match the sentinels below through [errors.Is]. Many have a method
// Hint() string that says what to do about them.
package oci
