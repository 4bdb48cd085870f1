// Package oci packages a directory of Kubernetes manifests as one OCI artifact that
// Flux and Argo CD accept with their default settings, and pushes it to a registry.
//
//	result, err := oci.Build(ctx, oci.BuildOptions{
//		SourcePath:       "deploy",
//		RegistryEndpoint: "ghcr.io",
//		Repository:       "acme/shop",
//		Version:          "1.4.0",
//		Layout:           oci.LayoutRoot,
//	})
//
// # Stages
//
// A build is a sequence of stages, and each stage is a package that works alone:
//
//	reference   checks where to push to
//	manifests   collects the files
//	packager    turns them into one image manifest
//	preflight   checks what Flux and Argo CD would make of the files
//	registry    pushes blobs, manifest and tags, in this order
//	unpacker    turns a pulled artifact into files again
//
// This package checks the options, runs the stages, and returns one result. Preflight is on
// by default: an artifact that the engine named by GitOpsEngine, or both if none is named,
// would certainly refuse or render as nothing is not pushed, and the error is
// [ErrPreflight]. BuildOptions.Preflight changes that.
//
// The same files and options give the same digest on any machine, whatever the registry,
// repository or tag, and nothing is sent if all tags point to it. [Build] is for a single
// build, and [BuildAll] for many, such as the [Workloads] of a tree. A [Builder] keeps
// connections and tokens, a [Cache] compressed files and findings.
//
// # Errors
//
// There is a variable for [errors.Is] for each case that a caller may handle; [Builder.Build]
// lists them by stage. Details are in structs such as [*RegistryError] and
// [*PreflightError]. [Hint] returns advice for a person, and [Retryable] whether the same
// call may succeed later.
//
// # Environment
//
// The package never prints or exits, and keeps no state except in a Builder or a Cache. It
// reads the environment only through net/http (proxies), crypto/x509 (certificates), os
// (temporary and working directory) and os/exec (credential helpers). All of it is safe
// for concurrent use. Types that hold a password print and marshal without it, except as an
// unexported field of another type, where fmt cannot call their methods.
package oci
