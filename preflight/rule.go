package preflight

// rule is one thing that Check looks for.
type rule struct {
	code Code
	// severity is that of a finding that no engine is certain to refuse, unless the
	// check sets another.
	severity Severity
	doc      string // the line of the package documentation
	hint     string // empty if the check sets it, or there is nothing to advise
	check    func(m *model, r *report)
}

// rules returns the rules in the order of the package documentation.
func rules() []rule {
	return []rule{
		{CodeNoFiles, Error, "the artifact holds no file",
			"point at the directory that holds the manifests", checkNoFiles},
		{CodePathMissing, Warning, "there is nothing at the path of an engine",
			"give the engine a path that is in the artifact", checkPathMissing},
		{CodeNothingRendered, Warning, "an engine renders nothing at its path, and reports success",
			"point at the directory that holds the manifests, or give the engine another path: what it applied before is deleted where pruning is on", checkNothingRendered},
		{CodeSubfoldersOnly, Warning, "all manifests are in subfolders, where Argo CD does not look",
			"set directory.recurse in the Application, give it the path of a subfolder, or add a kustomization.yaml", checkSubfoldersOnly},
		{CodeSubfolders, Warning, "some manifests are in subfolders, where Argo CD does not look",
			"set directory.recurse in the Application, or add a kustomization.yaml", checkSubfolders},
		{CodeTwoCopies, Warning, "an engine finds both copies of the tree at its path",
			"", checkTwoCopies},
		{CodeRenderedBy, Info, "a chart or kustomization decides how Argo CD renders",
			"", checkRenderedBy},
		{CodeTwoKustomizations, Warning, "a folder has more than one kustomization file",
			"keep one of them", checkTwoKustomizations},
		{CodeEmptyKustomize, Warning, "a kustomization has nothing in it",
			"list resources in it, or remove it", checkEmptyKustomization},
		{CodeKustomization, Warning, "a kustomization cannot be read, or names what it does not get",
			"correct what it says, or add what it names", checkKustomizations},
		{CodeLoadRestriction, Info, "a kustomization names a file above its folder, which Argo CD refuses",
			"move the file into that folder or below, make its own folder a base, or set kustomize.buildOptions of Argo CD to --load-restrictor LoadRestrictionsNone", checkLoadRestriction},
		{CodeArchiveSize, Warning, "the archive is larger than what Argo CD unpacks",
			"leave files out, or split the directory", checkArchiveSize},
		{CodeManifestSize, Warning, "a plain directory is larger than what Argo CD takes",
			"add a kustomization.yaml, split the directory, or raise the limit of Argo CD's repository server", checkManifestSize},
		{CodeTag, Warning, "a version with + or _ as a tag",
			"", checkTags},
		{CodeEntryName, Warning, "a name with a backslash, with ../ in it, or that is not clean",
			"rename it", checkEntryNames},
		{CodeCaseTwins, Warning, "two names that differ by case only",
			"rename one of them", checkCaseTwins},
		{CodePortableName, Warning, "a name that Windows refuses",
			"rename it, where anybody is to unpack the artifact on Windows", checkPortableNames},
		{CodeFluxIgnored, Info, "a file that Flux drops, by default or by a .sourceignore",
			hintFluxIgnored, checkFluxIgnored},
		{CodeSourceIgnore, Info, "a .sourceignore, which Flux obeys in place of its defaults",
			"", checkSourceIgnore},
		{CodeEmptyFile, Info, "a manifest file of no bytes, or JSON with nothing in it",
			"remove it, or find out why nothing was written to it", checkEmptyFiles},
		{CodeJSONNotTaken, Info, "a JSON file where Flux reads YAML only",
			"write it as YAML, or name it in a kustomization.yaml", checkJSONNotTaken},
		{CodeExtensionCase, Info, "an extension in upper case, which no engine reads",
			"rename it: the extension in lower case", checkExtensionCase},
		{CodeJSONObjects, Warning, "several objects in a JSON file",
			"make it a file for each object, or YAML", checkJSONObjects},
		{CodeNotObject, Info, "a document that is no Kubernetes object where one is expected",
			"leave it out of the directory, or add a kustomization.yaml that lists what is to be applied", flawed(CodeNotObject)},
		{CodeNoAPIVersion, Info, "an object without apiVersion",
			"", flawed(CodeNoAPIVersion)},
		{CodeNoKind, Info, "an object without kind",
			"", flawed(CodeNoKind)},
		{CodeNoName, Info, "an object without metadata.name",
			"", flawed(CodeNoName)},
		{CodeGenerateName, Info, "an object with metadata.generateName only, which Flux refuses",
			"give it a metadata.name", flawed(CodeGenerateName)},
		{CodeDuplicateObject, Warning, "one object twice",
			"keep one of them", checkDuplicates},
		{CodeSecret, Warning, "a Secret with values that are not encrypted",
			"encrypt it with SOPS, or use a SealedSecret or an ExternalSecret: whoever can pull the artifact can read it", checkSecrets},
		{CodeTemplate, Info, "a template outside of a Helm chart",
			"render it before, or leave it out of the directory", checkTemplates},
		{CodeChart, Info, "a Helm chart below the path of an engine",
			"", checkCharts},
		{CodeSyntax, Warning, "what is no YAML, or no JSON",
			"", unparsed(CodeSyntax)},
		{CodeDuplicateKey, Warning, "a key that is in a mapping twice",
			"", unparsed(CodeDuplicateKey)},
		{CodeTab, Warning, "a tab where YAML wants blanks",
			"", unparsed(CodeTab)},
		{CodeTooDeep, Warning, "nesting that is too deep to look into",
			"", unparsed(CodeTooDeep)},
		{CodeTooLarge, Warning, "a file, or what it has in flow style, that is too large to look into",
			"", unparsed(CodeTooLarge)},
		{CodeAlias, Warning, "aliases that stand for too much",
			"", unparsed(CodeAlias)},
	}
}
