package cli

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/kubeoci/oci/preflight"
)

// phrases are parts of hints that name more than an option. The order matters: the first
// one that matches at a position is taken.
var phrases = []string{
	"log in and set Registry.DockerConfig", "log in with docker login",
	"Registry.DockerConfig to a file as docker login writes it, or leave it empty", "REGISTRY_AUTH_FILE to a file as docker login writes it, or DOCKER_CONFIG to the directory of such a config.json, or neither",
	"the credential helper or Registry.CredentialFunc", "the credential helper",
	"Registry.Timeout to at most 24h, or to 0 for the default", "-timeout to at most 24h",
	"Registry.VerifyTimeout to at most 24h, or to 0 for the default", "-timeout to at most 24h",
	"Registry.Timeout or the deadline", "-timeout",
	"Registry.VerifyTimeout, or the timeout or deadline of the call", "-timeout",
	"Registry.Scheme to http or https", "-plain-http or -plain-http=false",
	"unset Insecure, set Registry.Scheme to https, and remove http:// from RegistryEndpoint", "set -plain-http=false",
	"Registry.Scheme to http and remove https:// from RegistryEndpoint", "-plain-http",
	"Registry.Scheme to https and remove http:// from RegistryEndpoint", "-plain-http=false",
	"Registry.Scheme to https", "-plain-http=false",
	"Registry.Scheme to http", "-plain-http",
	"Source to a tree", "pipe the manifests into push -",
	"the Path of the root to", "the name in -root to",
	"another Path", "another name in -root",
	"Preflight.Path or Preflight.Paths", "-path",
	"remove the rule from Push.TagRules", "unset -not-older or -refuse-secrets",
	"Cache.Layer.Dir", "-cache",
	"Cache.Preflight.Dir", "-cache",
	"which Registry.Proxy or the environment names", "which HTTPS_PROXY or HTTP_PROXY names",
}

// flagNames maps the options in hints of the library to the words of a command line. An
// option without a flag has the empty string. A qualified name, such as Preflight.Path, is
// looked up before its last part.
var flagNames = map[string]string{
	// Source and destination
	"SourcePath":       "DIR",
	"Source":           "standard input",
	"Roots":            "-root",
	"Dir":              "",
	"FS":               "",
	"RegistryEndpoint": "the host in -ref",
	"Repository":       "the repository in -ref",
	"Version":          "the tag in -ref",
	"Tags":             "-tag",
	"Name":             "",
	"GitOpsEngine":     "-engine",

	// Collect
	"Include":            "-include",
	"Ignore":             "-ignore",
	"IgnoreFluxDefaults": "-ignore-flux-defaults",
	"Symlinks":           "-symlinks",
	"SkipSpecial":        "-skip-special",
	"SkipIgnoreFiles":    "",
	"SkipReferences":     "",
	"PortableNames":      "",
	"MaxFiles":           "",
	"MaxFileSize":        "",
	"MaxTotalSize":       "",
	"MaxDepth":           "",
	"MaxEntries":         "",
	"MaxIgnoreSize":      "",
	"MaxReferences":      "",

	// Pack
	"Layout":       "-layout",
	"LayoutRoot":   "-layout root",
	"LayoutPrefix": "-layout prefix",
	"LayoutBoth":   "-layout both",
	"Prefix":       "-prefix",
	"Annotations":  "-annotation",
	"SourceURL":    "-source-url",
	"Revision":     "-revision",
	"Created":      "-created",
	"Level":        "-level",
	"ArtifactType": "",

	// Preflight
	"Preflight.Path":             "-path",
	"Preflight.Paths":            "-path",
	"Preflight.DirectoryRecurse": "-recurse",
	"Preflight.TargetNamespace":  "-target-namespace",
	"Preflight.Policy":           "-preflight",
	"Preflight.Severity":         "-min",
	"MaxArchiveSize":             "",
	"MaxManifestSize":            "",
	"MaxMemory":                  "",
	"MaxFindings":                "",
	"MaxFileFindings":            "",
	"MaxCheckerFileSize":         "",
	"Checkers":                   "",

	// Push, pull and connection
	"Parallel":                  "-parallel",
	"FailFast":                  "-fail-fast",
	"ImmutableTags":             "",
	"Force":                     "",
	"DigestOnly":                "",
	"Steps":                     "",
	"TagRules":                  "-not-older and -refuse-secrets",
	"ReadBack":                  "-read-back",
	"KeepSameContent":           "-keep-same-content",
	"SkipLinks":                 "-skip-links",
	"AssumeBlobs":               "-assume-blobs",
	"MaxCompressedSize":         "",
	"MaxSize":                   "",
	"MaxPathLength":             "",
	"MaxNamesSize":              "",
	"MaxHeaderSize":             "",
	"AllowVersionControl":       "",
	"InPlace":                   "-in-place",
	"Username":                  "-username",
	"Password":                  "-password-stdin",
	"Insecure":                  "-plain-http",
	"Registry.Scheme":           "-plain-http",
	"AllowPlainHTTPCredentials": "-plain-http-credentials",
	"InsecureSkipVerify":        "-insecure-skip-verify",
	"RootCAs":                   "-ca-file",
	"ClientCertificates":        "",
	"Timeout":                   "-timeout",
	"VerifyTimeout":             "",
	"UserAgent":                 "",
	"DockerConfig":              "DOCKER_CONFIG",
	"DockerConfigJSON":          "",
	"Credential":                "",
	"CredentialFunc":            "",
	"IdentityToken":             "",
	"AccessToken":               "",
	"Transport":                 "",
	"AllowCrossOriginUploads":   "",
	"AllowLocalServices":        "",
	"MaxAttempts":               "",
	"MinWait":                   "",
	"MaxWait":                   "",
}

// word matches quoted text, which may be the name of a file, and words that may be an
// option: those with a capital letter and, before it, the names of the fields that hold
// it.
var word = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`"[^"]*"|[\w/.-]*[A-Z][\w/-]*(?:\.[\w/-]+)*`)
})

// Hint returns a hint of the library with flags in place of options.
func Hint(hint string) string { return Env{}.Hint(hint) }

// Hint is [Hint] for a program, which may not have all flags.
func (e Env) Hint(hint string) string {
	var without []string
	hint = word().ReplaceAllStringFunc(e.phrases().Replace(hint), func(option string) string {
		switch name, known := flagName(option); {
		case !known:
			return option
		case name == "" || !e.has(name):
			without = append(without, option)
			return option
		default:
			return name
		}
	})
	if len(without) > 0 {
		hint += fmt.Sprintf(" (an option of the library without a flag: %s)", strings.Join(without, ", "))
	}
	return hint
}

// phrases replaces those whose flags the program has.
func (e Env) phrases() *strings.Replacer {
	var pairs []string
	for pair := range slices.Chunk(phrases, 2) {
		if e.has(pair[1]) {
			pairs = append(pairs, pair...)
		}
	}
	return strings.NewReplacer(pairs...)
}

// HintFlags returns findings with flags in place of the options in their hints.
func (e Env) HintFlags(findings preflight.Findings) preflight.Findings {
	findings = slices.Clone(findings)
	for i := range findings {
		findings[i].Hint = e.Hint(findings[i].Hint)
	}
	return findings
}

// has reports whether the program has the flags among the words of a command line.
func (e Env) has(words string) bool {
	for word := range strings.FieldsSeq(words) {
		name, _, _ := strings.Cut(word, "=") // -plain-http=false
		if len(name) > 1 && name[0] == '-' && e.flags != nil && e.flags.Lookup(name[1:]) == nil {
			return false
		}
	}
	return true
}

func flagName(option string) (name string, known bool) {
	if name, known = flagNames[option]; known {
		return name, true
	}
	field := option[strings.LastIndex(option, ".")+1:]
	name, known = flagNames[field]
	return name, known
}
