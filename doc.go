// Package oci packages a directory of Kubernetes manifests as one OCI artifact that
// Flux and Argo CD accept with their default settings, and pushes it to a registry.
//
//	result, err := oci.Build(ctx, oci.BuildOptions{
//		SourcePath:       "deploy",
//		RegistryEndpoint: "ghcr.io",
//		Repository:       "acme/shop",
//		Version:          "1.4.0",
//		Layout:           oci.LayoutRoot,
//		Username:         user,
//		Password:         token,
//	})
//
// # Stages
//
// A build is a sequence of stages, and each stage is a package that works alone:
//
//	reference   checks where to push to
//	manifests   collects the files
//	packager    turns them into one image manifest, while registry looks up the tags
//	preflight   checks what Flux and Argo CD would make of the files
//	registry    pushes blobs, manifest and tags, in this order
//	unpacker    is the way back, for artifacts that were pulled
//
// This package checks the options, runs the stages in this order, and returns one
// result. Preflight is on by default: an artifact that every engine in question would
// certainly refuse, or render as nothing, is not pushed, and the error is
// [ErrPreflight]. BuildOptions.Preflight changes that.
//
// The same files and options give the same digest on any machine, whatever the registry,
// repository or tag, and nothing is sent if all tags point to that digest. With a layout
// other than [LayoutRoot] the base name of SourcePath is one of these options, because it
// is the default of Pack.Prefix.
//
// [Build] is for a single build. A [Builder] keeps connections and tokens for the next
// one, and a [Cache] the compressed and checked files of a tree.
//
// # Errors
//
// Every decision that a caller can take has a sentinel for [errors.Is]: see the variables,
// and [Builder.Build] for the stage that returns each. Facts are in struct types for
// [errors.As], such as [*RegistryError] and [*PreflightError]. [Hint] returns advice for a
// person, and [Retryable] whether the same call may succeed later. Texts of errors may
// change.
//
// # Environment
//
// The package never prints, exits, or keeps state between calls, except in a Builder or a
// Cache. It reads the environment only where the standard library does: proxies
// (net/http), the system's certificates (crypto/x509), the directories for temporary files
// and the working directory (os), and the path of a credential helper that a Docker
// configuration names (os/exec). All of it is safe for concurrent use.
//
// Types that hold a password print and marshal without it, except as an unexported field
// of another type, where fmt cannot call their methods.
package oci
