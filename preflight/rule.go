package preflight

import "sync"

// rule is one thing that Check looks for.
type rule struct {
	code Code
	// severity is that of a finding that no engine is certain to refuse, unless the
	// check sets another.
	severity Severity
	doc      string // the line of the package documentation
	hint     string // empty if the check sets it, or there is nothing to advise
	// check is the function of a rule because of which engines may refuse the artifact, and
	// note that of any other rule. One of them is nil.
	check func(m *model, r *report)
	note  func(m *model, r notes)
}

// notes is a [report] for a rule because of which no engine refuses the artifact.
type notes interface {
	add(f Finding, concerned ...*view)
	omitWarnings(n int)
}

func (r *rule) apply(m *model, all *report) {
	if r.check != nil {
		r.check(m, all)
	} else {
		r.note(m, all)
	}
}

const (
	hintDuplicate = "keep one of them"
	pruning       = ": an engine that prunes deletes everything it applied before"
)

// rules returns the rules in the order of the package documentation.
var rules = sync.OnceValue(func() []rule {
	return []rule{
		{CodeNoFiles, Error, "the artifact has no files",
			"set SourcePath to the directory that holds the manifests", nil, checkNoFiles},
		{CodePathMissing, Warning, "the path of an engine is not in the artifact",
			"set Preflight.Path to a directory of the source", checkPathMissing, nil},
		{CodeNothingRendered, Warning, "an engine renders nothing at its path, and reports success",
			"set SourcePath or Preflight.Path to the directory that holds the manifests" + pruning, checkNothingRendered, nil},
		{CodeSubfoldersOnly, Warning, "all manifests are in subdirectories, which Argo CD does not read",
			"add a kustomization.yaml that lists the manifests to render", checkSubfoldersOnly, nil},
		{CodeSubfolders, Warning, "some manifests are in subdirectories, which Argo CD does not read",
			"set directory.recurse in the Application and Preflight.DirectoryRecurse, or add a kustomization.yaml", nil, checkSubfolders},
		{CodeTwoCopies, Warning, "an engine finds both copies of the tree at its path",
			"give the engine the path of one copy, or set Layout to root", checkTwoCopies, nil},
		{CodeRenderedBy, Info, "a chart or kustomization decides how Argo CD renders",
			"", checkRenderedBy, nil},
		{CodeTwoKustomizations, Warning, "a directory has more than one kustomization file",
			"keep one of them", checkTwoKustomizations, nil},
		{CodeEmptyKustomize, Warning, "a kustomization is empty",
			"list resources in it, or remove it", checkEmptyKustomization, nil},
		{CodeKustomization, Warning, "a kustomization is invalid, or refers to a file or object that is not there",
			"correct the kustomization, or add the file that it refers to", checkKustomizations, nil},
		{CodeUnknownField, Warning, "a kustomization has a field that kustomize does not know",
			"correct its name, or remove it", checkUnknownFields, nil},
		{CodePlugin, Warning, "a kustomization needs Helm, a program or a container, which engines refuse by default",
			"", checkPlugins, nil},
		{CodeUnlisted, Info, "no kustomization refers to manifests beside one or below it",
			"list them in resources, or exclude them with Collect.Ignore", nil, checkUnlisted},
		{CodeLoadRestriction, Info, "a kustomization refers to a file above its directory, which Argo CD refuses",
			"move the file into that directory or below, make its own directory a base, or set kustomize.buildOptions of Argo CD to --load-restrictor LoadRestrictionsNone and Preflight.Policy to off", checkLoadRestriction, nil},
		{CodeArchiveSize, Warning, "the archive is larger than Argo CD unpacks",
			"exclude files with Collect.Ignore, split the directory, or raise the limit of Argo CD's repository server and Preflight.MaxArchiveSize", checkArchiveSize, nil},
		{CodeManifestSize, Warning, "a plain directory is larger than Argo CD accepts",
			"add a kustomization.yaml, split the directory, or raise the limit of Argo CD's repository server and Preflight.MaxManifestSize", checkManifestSize, nil},
		{CodeTag, Warning, "a tag is a version with + or _",
			"", nil, checkTags},
		{CodeRepositoryName, Warning, "Flux refuses the name of a repository or registry, or takes it for another",
			"set Repository to two characters or more", nil, checkRepositoryName},
		{CodeEntryName, Warning, "a name contains a backslash or ../, or is not clean",
			"rename it", checkEntryNames, nil},
		{CodeCaseTwins, Warning, "two names differ by case only",
			"rename one of them", nil, checkCaseTwins},
		{CodePortableName, Warning, "Windows refuses a name, or a character of it is invisible",
			"rename it if the artifact is to be unpacked on Windows", nil, checkPortableNames},
		{CodeFluxIgnored, Info, "Flux ignores a file, by default or because of a .sourceignore",
			"exclude it with Collect.IgnoreFluxDefaults, or if Flux is to read it, " + hintFluxIgnored, nil, checkFluxIgnored},
		{CodeSourceIgnore, Info, "a .sourceignore replaces Flux's default ignore rules",
			"", nil, checkSourceIgnore},
		{CodeEmptyFile, Info, "a manifest file has no bytes, or a JSON file no value",
			"remove it, or find out why nothing was written to it", checkEmptyFiles, nil},
		{CodeJSONNotTaken, Info, "Flux does not read a JSON file, because no kustomization lists it",
			"convert it to YAML, or list it in a kustomization.yaml", nil, checkJSONNotTaken},
		{CodeExtensionCase, Info, "an extension is in upper case, which no engine reads",
			"rename it with an extension in lower case", nil, checkExtensionCase},
		{CodeJSONObjects, Warning, "a JSON file has several objects",
			"put each object into a file of its own, or convert the file to YAML", checkJSONObjects, nil},
		{CodeNotObject, Info, "a document is not a Kubernetes object although an engine expects one",
			"exclude it with Collect.Ignore, or add a kustomization.yaml that lists the manifests", flawed(CodeNotObject), nil},
		{CodeNoAPIVersion, Info, "an object has no apiVersion",
			"set apiVersion, or exclude the file with Collect.Ignore", flawed(CodeNoAPIVersion), nil},
		{CodeNoKind, Info, "an object has no kind",
			"set kind, or exclude the file with Collect.Ignore", flawed(CodeNoKind), nil},
		{CodeNoName, Info, "an object has no metadata.name",
			"set metadata.name", flawed(CodeNoName), nil},
		{CodeGenerateName, Info, "an object has metadata.generateName only, which Flux refuses",
			"set metadata.name", flawed(CodeGenerateName), nil},
		{CodeItems, Warning, "an object that is not a List has items, which engines apply in its place",
			"move the items to another field, or set kind to List", checkItems, nil},
		{CodeNoNamespace, Info, "an object has no namespace, which Flux refuses",
			"set namespace in a kustomization.yaml, or spec.targetNamespace in the Flux Kustomization and Preflight.TargetNamespace here", nil, checkNoNamespace},
		{CodeNamespaceRenamed, Info, "a kustomization, or targetNamespace, renames a Namespace",
			"move the Namespace to another directory, or give it that name", nil, checkNamespaceRenamed},
		{CodeDuplicateObject, Warning, "an object is defined more than once",
			hintDuplicate, checkDuplicates, nil},
		{CodeSecret, Warning, "a Secret has values that are not encrypted",
			"encrypt it with SOPS, or use a SealedSecret or an ExternalSecret: anyone who can pull the artifact can read it", nil, checkPlaintext},
		{CodeEncrypted, Info, "SOPS encrypted an object",
			"set spec.decryption in the Kustomization", checkEncrypted, nil},
		{CodeNotText, Warning, "a value or key that has to be text is not",
			"put it in quotes", checkNotText, nil},
		{CodeTooLargeToApply, Warning, "an object is larger than the API server accepts",
			"", checkTooLargeToApply, nil},
		{CodeTemplate, Info, "a template is outside a Helm chart",
			"render it first, or exclude it with Collect.Ignore", checkTemplates, nil},
		{CodeChart, Info, "a Helm chart is below the path of an engine",
			"", checkCharts, nil},
		{CodeSyntax, Warning, "a file is not valid YAML or JSON",
			"correct it, or exclude the file with Collect.Ignore", unparsed(CodeSyntax), nil},
		{CodeDocumentStart, Warning, "a document starts with a directive, on the line of ---, or behind ... without ---",
			"remove the directive, and start documents on the line below ---", checkDocumentStarts, nil},
		{CodeDuplicateKey, Warning, "a mapping has a duplicate key",
			"keep one of the keys", checkDuplicateKeys, nil},
		{CodeTab, Warning, "a line of YAML is indented with a tab",
			"indent it with spaces", unparsed(CodeTab), nil},
		{CodeTooDeep, Warning, "a document is nested too deeply to be checked",
			"nest the values less deeply", unparsed(CodeTooDeep), nil},
		{CodeTooLarge, Warning, "a file, or its part in flow style, is too large to be checked",
			"split the file", unparsed(CodeTooLarge), nil},
		{CodeAlias, Warning, "the aliases of a document expand to too many values",
			"write the values in place of the aliases", unparsed(CodeAlias), nil},
		{CodeUnseenFile, Warning, "a file is too large for the checkers of the caller",
			"exclude it with Collect.Ignore, or raise Preflight.MaxCheckerFileSize", nil, checkUnseenFiles},
		{CodeMoreFindings, Info, "there are more findings than are listed",
			"", nil, checkOmitted},
	}
})
