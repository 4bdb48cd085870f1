// Package preflight checks an artifact against the rules of Flux and Argo CD before
// it is pushed, so that the files that a cluster would refuse or silently ignore are
// known in advance.
//
// [Check] takes an [Artifact], which is a packager.Plan and the engines that it is
// for. It reads the files, judges them at the path that the plan gives each engine,
// and returns [Findings]. [Options.Refusals] returns the findings for which the
// artifact should not be pushed. The engines are assumed to run with their default
// settings, with a Flux Kustomization or an Argo CD Application that sets nothing but
// the path, directory.recurse if [Options.DirectoryRecurse] is set, and targetNamespace
// if [Options.TargetNamespace] is.
//
// A finding is an [Error] if an engine that the caller named certainly fails or
// renders nothing because of it. If no engine was named, it is an Error only if both
// certainly fail, even if for different reasons, and a [Warning] if only one of them
// does. Findings that are likely to cause trouble are Warnings too, and all others
// are [Info].
//
// An engine certainly reads these files:
//
//   - Argo CD: the files of a plain directory, and with directory.recurse also those
//     of its subdirectories.
//   - Flux: all YAML below a path without a kustomization, except in directories with
//     a kustomization of their own.
//   - At and below a kustomization: the files that it lists, directly or through
//     another one. Its resources are checked as objects, of which no two may be the
//     same, unless a kustomization between may rename or delete one.
//
// Kustomizations and charts are not rendered, so files that no kustomization lists
// are not checked as objects.
//
// The rules:
//
//	no-files             the artifact has no files
//	path-missing         the path of an engine is not in the artifact
//	nothing-rendered     an engine renders nothing at its path, and reports success
//	subfolders-only      all manifests are in subdirectories, which Argo CD does not read
//	subfolders           some manifests are in subdirectories, which Argo CD does not read
//	two-copies           an engine finds both copies of the tree at its path
//	rendered-by          a chart or kustomization decides how Argo CD renders
//	two-kustomizations   a directory has more than one kustomization file
//	empty-kustomization  a kustomization is empty
//	kustomization        a kustomization is invalid, or refers to a file or object that is not there
//	unknown-field        a kustomization has a field that kustomize does not know
//	kustomize-plugin     a kustomization needs Helm, a program or a container, which engines refuse by default
//	unlisted             no kustomization refers to manifests beside one or below it
//	load-restriction     a kustomization refers to a file above its directory, which Argo CD refuses
//	archive-size         the archive is larger than Argo CD unpacks
//	manifest-size        a plain directory is larger than Argo CD accepts
//	tag                  a tag is a version with + or _
//	repository-name      Flux refuses the name of a repository or registry, or takes it for another
//	entry-name           a name contains a backslash or ../, or is not clean
//	case-twins           two names differ by case only
//	portable-name        Windows refuses a name, or a character of it is invisible
//	flux-ignored         Flux ignores a file, by default or because of a .sourceignore
//	source-ignore        a .sourceignore replaces Flux's default ignore rules
//	empty-file           a manifest file has no bytes, or a JSON file no value
//	json-not-taken       Flux does not read a JSON file, because no kustomization lists it
//	extension-case       an extension is in upper case, which no engine reads
//	json-objects         a JSON file has several objects
//	not-an-object        a document is not a Kubernetes object although an engine expects one
//	no-api-version       an object has no apiVersion
//	no-kind              an object has no kind
//	no-name              an object has no metadata.name
//	generate-name        an object has metadata.generateName only, which Flux refuses
//	items                an object that is not a List has items, which engines apply in its place
//	no-namespace         an object has no namespace, which Flux refuses
//	namespace-renamed    a kustomization, or targetNamespace, renames a Namespace
//	duplicate-object     an object is defined more than once
//	plaintext-secret     a Secret has values that are not encrypted
//	encrypted            SOPS encrypted an object
//	not-text             a value or key that has to be text is not
//	too-large-to-apply   an object is larger than the API server accepts
//	template             a template is outside a Helm chart
//	chart                a Helm chart is below the path of an engine
//	syntax               a file is not valid YAML or JSON
//	document-start       a document starts with a directive, on the line of ---, or behind ... without ---
//	duplicate-key        a mapping has a duplicate key
//	tab                  a line of YAML is indented with a tab
//	too-deep             a document is nested too deeply to be checked
//	too-large            a file, or its part in flow style, is too large to be checked
//	alias                the aliases of a document expand to too many values
//	unseen-file          a file is too large for the checkers of the caller
//	more-findings        there are more findings than are listed
//
// Names that differ by Unicode normalization only are not reported.
//
// Some limits are fixed: a file has at most 4 MiB, and a kustomization 1 MiB. A document has at
// most 1,000 nested mappings and sequences, and its aliases expand to at most 400,000 values.
// Flow style that is not JSON has at most 250 nested ones, 128 KiB in one piece, and 1 MiB in a
// file. What exceeds them is not checked, and a finding reports that: too-large, too-deep, alias
// or kustomization.
//
// [Options.Checkers] adds rules of the caller. A caller that reads the files for another
// purpose passes them to an [Observer] or a [Cache], so that Check need not read them.
package preflight
