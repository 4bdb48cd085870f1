// Package gitops hands a published artifact over to Flux and Argo CD: it writes the objects
// that make an engine read the artifact, and reads from their status whether the artifact
// has arrived.
//
// An [Artifact] describes the artifact: the address, tag, digest and paths of the result of a
// build. [Flux] returns an OCIRepository and a Kustomization as YAML, and [ArgoCD] an
// Application. A [Ref] selects whether an engine follows the tag, a range of versions, or
// nothing but the digest. [Artifact.Revisions] returns the revisions that the engines will
// report.
//
// # Status
//
// [StatusOf] takes the objects of one engine, as the API server returns them, and a manifest
// digest:
//
//	objects, err := exec.Command("kubectl", "-n", "flux-system", "get",
//		"ocirepository/shop", "kustomization/shop", "-o", "json").Output()
//	…
//	status, err := gitops.StatusOf(digest, objects)
//
// It depends on these objects alone, so a caller asks again after each change of them, or at
// intervals, until the state is one to stop at. Conditions that look right too early, or
// wrong although nothing failed, are not taken at their word. Recordings of a real cluster
// hold these rules for Flux.
//
//   - A Kustomization with Ready=True reports the revision before for a moment after each
//     change of its source, so [Live] needs status.lastAppliedRevision and the current
//     generation as well.
//   - A new Kustomization has Ready=False before its source has an artifact, and so has one
//     whose dependency is not ready. Only an attempt to apply the digest is [Failed].
//   - An earlier digest can return, by a roll-back. An object in which another digest is live
//     is therefore [Pending], and [Status.Revision] names the other one: the status cannot
//     tell whether that comes before or after.
//
// Both engines try again after a failure, on their own or when something changes. A failure
// that names no digest, such as that of a source whose tag is missing, can be older than the
// push. Compare the time in [Status.Condition] with that of the push before giving up, and
// request a reconciliation to be sure.
//
// # Signatures
//
// [FluxOptions.Verify] makes Flux verify a signature before it applies an artifact. Argo CD
// verifies none for OCI sources.
//
// # Secrets
//
// The YAML names Secrets and never contains a credential. Argo CD finds credentials by the
// address of the repository, in Secrets with the label argocd.argoproj.io/secret-type.
//
// The package has no state and does no I/O. All functions may be called concurrently.
package gitops
