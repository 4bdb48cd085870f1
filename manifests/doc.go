// Package manifests finds the Kubernetes manifests in a directory, or in any
// [fs.FS], and reports the files that it skips and why.
//
// [Collect] walks a tree once and returns a [Set]: the names and sizes of the
// files, not their content. [CollectFS] does the same for a file system, such as an
// embedded one or that of [FromReader], and [CollectRoots] for several trees. Content
// is read later through [Set.Open], which refuses a file that has changed since. The
// memory of a Set therefore grows with the number of files and not with their size.
//
// Collecting takes three steps. A walk lists the files with a manifest's extension
// and the others that [Options] include, by the ignore rules and the [SymlinkPolicy].
// Then the files that kustomizations refer to are added. Finally, files of several
// trees must not collide. Defects in kustomizations are not errors: [Set.Problems]
// lists them.
//
// The package only reads files: it opens no connections, writes nothing, and leaves
// no goroutines behind, unless a method of the caller's [fs.FS] blocks.
package manifests
