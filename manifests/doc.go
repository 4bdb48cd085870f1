// Package manifests finds the Kubernetes manifests in a directory, or in any
// [fs.FS], and says what it left out and why.
//
// [Collect] walks a tree once and returns a [Set]: the names and sizes of the
// files, not their content. Content is read later through [Set.Open], which
// refuses a file that is no longer the one that was found. A Set's memory
// therefore grows with the number of files and not with their size.
//
// The package reads files and nothing else: it opens no connection, leaves no
// goroutine behind, and writes nothing.
package manifests
