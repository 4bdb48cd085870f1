package preflight

// Code names a rule.
type Code string

// The codes. What each is about is in the table of the package's documentation.
const (
	CodeNoFiles           Code = "no-files"
	CodePathMissing       Code = "path-missing"
	CodeNothingRendered   Code = "nothing-rendered"
	CodeSubfoldersOnly    Code = "subfolders-only"
	CodeSubfolders        Code = "subfolders"
	CodeTwoCopies         Code = "two-copies"
	CodeRenderedBy        Code = "rendered-by"
	CodeTwoKustomizations Code = "two-kustomizations"
	CodeEmptyKustomize    Code = "empty-kustomization"
	CodeKustomization     Code = "kustomization"
	CodeLoadRestriction   Code = "load-restriction"
	CodeArchiveSize       Code = "archive-size"
	CodeManifestSize      Code = "manifest-size"
	CodeTag               Code = "tag"
	CodeEntryName         Code = "entry-name"
	CodeCaseTwins         Code = "case-twins"
	CodePortableName      Code = "portable-name"
	CodeFluxIgnored       Code = "flux-ignored"
	CodeSourceIgnore      Code = "source-ignore"
	CodeEmptyFile         Code = "empty-file"
	CodeJSONNotTaken      Code = "json-not-taken"
	CodeExtensionCase     Code = "extension-case"
	CodeJSONObjects       Code = "json-objects"
	CodeNotObject         Code = "not-an-object"
	CodeNoAPIVersion      Code = "no-api-version"
	CodeNoKind            Code = "no-kind"
	CodeNoName            Code = "no-name"
	CodeGenerateName      Code = "generate-name"
	CodeDuplicateObject   Code = "duplicate-object"
	CodeSecret            Code = "plaintext-secret"
	CodeTemplate          Code = "template"
	CodeChart             Code = "chart"
	CodeSyntax            Code = "syntax"
	CodeDuplicateKey      Code = "duplicate-key"
	CodeTab               Code = "tab"
	CodeTooDeep           Code = "too-deep"
	CodeTooLarge          Code = "too-large"
	CodeAlias             Code = "alias"
)

// hints say what to do about a finding. Where it depends on more than the code
// the rule says it.
var hints = map[Code]string{
	CodeNoFiles:           "point at the directory that holds the manifests",
	CodePathMissing:       "give the engine a path that is in the artifact",
	CodeNothingRendered:   "point at the directory that holds the manifests, or give the engine another path: what it applied before is deleted where pruning is on",
	CodeSubfoldersOnly:    "set directory.recurse in the Application, give it the path of a subfolder, or add a kustomization.yaml",
	CodeSubfolders:        "set directory.recurse in the Application, or add a kustomization.yaml",
	CodeTwoKustomizations: "keep one of them",
	CodeEmptyKustomize:    "list resources in it, or remove it",
	CodeKustomization:     "correct what it says, or add what it names",
	CodeLoadRestriction:   "move the file into that folder or below, make its own folder a base, or set kustomize.buildOptions of Argo CD to --load-restrictor LoadRestrictionsNone",
	CodeArchiveSize:       "leave files out, or split the directory",
	CodeManifestSize:      "add a kustomization.yaml, split the directory, or raise the limit of Argo CD's repository server",
	CodeEntryName:         "rename it",
	CodeEmptyFile:         "remove it, or find out why nothing was written to it",
	CodeCaseTwins:         "rename one of them",
	CodePortableName:      "rename it, where anybody is to unpack the artifact on Windows",
	CodeFluxIgnored:       "rename it, or add a .sourceignore file",
	CodeJSONNotTaken:      "write it as YAML, or name it in a kustomization.yaml",
	CodeExtensionCase:     "rename it: the extension in lower case",
	CodeJSONObjects:       "make it a file for each object, or YAML",
	CodeNotObject:         "leave it out of the directory, or add a kustomization.yaml that lists what is to be applied",
	CodeGenerateName:      "give it a metadata.name",
	CodeDuplicateObject:   "keep one of them",
	CodeSecret:            "encrypt it with SOPS, or use a SealedSecret or an ExternalSecret: whoever can pull the artifact can read it",
	CodeTemplate:          "render it before, or leave it out of the directory",
}
