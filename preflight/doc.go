// Package preflight replays the rules of Flux and Argo CD on what is about to be
// pushed, so that what a cluster would refuse, or drop without a word, is known
// before.
//
// [Check] takes a manifests.Set and its packager.Layout, reads the files, and
// returns [Findings]. The engines are taken to be as they are installed, with a
// Flux Kustomization or an Argo CD Application that has no settings but the path.
//
// A finding is an [Error] where an engine that was named, or every engine that
// the layout is for, would certainly fail or render nothing. It is a [Warning]
// where only one of two engines that nobody named would, or where trouble is
// likely, and [Info] otherwise.
//
// What an engine certainly reads: of a plain directory, Argo CD reads the files
// directly in it; without a kustomization at its path, Flux reads all YAML below,
// but for folders with a kustomization of their own. What lies beside or below a
// kustomization is read only where that says so: files among the resources of one
// that is built, and of those that it names, are read as objects, and no two of
// one kustomization may be of the same object. Neither kustomizations nor charts
// are rendered here, so the rules about objects are silent on all else there.
//
// The rules:
//
//	no-files             the artifact holds no file
//	path-missing         there is nothing at the path of an engine
//	nothing-rendered     an engine renders nothing at its path, and reports success
//	subfolders-only      all manifests are in subfolders, where Argo CD does not look
//	subfolders           some manifests are in subfolders, where Argo CD does not look
//	two-copies           an engine finds both copies of the tree at its path
//	rendered-by          a chart or kustomization decides how Argo CD renders
//	two-kustomizations   a folder has more than one kustomization file
//	empty-kustomization  a kustomization has nothing in it
//	kustomization        a kustomization cannot be read, or names what it does not get
//	load-restriction     a kustomization names a file above its folder, which Argo CD refuses
//	archive-size         the archive is larger than what Argo CD unpacks
//	manifest-size        a plain directory is larger than what Argo CD takes
//	tag                  a version with + or _ as a tag
//	entry-name           a name with a backslash, with ../ in it, or that is not clean
//	case-twins           two names that differ by case only
//	portable-name        a name that Windows refuses
//	flux-ignored         a file that Flux drops, by default or by a .sourceignore
//	source-ignore        a .sourceignore, which Flux obeys in place of its defaults
//	empty-file           a manifest file of no bytes, or JSON with nothing in it
//	json-not-taken       a JSON file where Flux reads YAML only
//	extension-case       an extension in upper case, which no engine reads
//	json-objects         several objects in a JSON file
//	not-an-object        a document that is no Kubernetes object where one is expected
//	no-api-version       an object without apiVersion
//	no-kind              an object without kind
//	no-name              an object without metadata.name
//	generate-name        an object with metadata.generateName only, which Flux refuses
//	duplicate-object     one object twice
//	plaintext-secret     a Secret with values that are not encrypted
//	template             a template outside of a Helm chart
//	chart                a Helm chart below the path of an engine
//	syntax               what is no YAML, or no JSON
//	duplicate-key        a key that is in a mapping twice
//	tab                  a tab where YAML wants blanks
//	too-deep             nesting that is too deep to look into
//	too-large            a file, or what it has in flow style, that is too large to look into
//	alias                aliases that stand for too much
//
// Names that differ by Unicode normalisation only are not found.
package preflight
