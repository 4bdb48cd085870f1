package preflight

import (
	"path"
	"slices"
	"strings"
)

// What Flux drops of an artifact that has no .sourceignore.
var (
	ignoredFolders    = []string{".git", ".github", ".circleci"}
	ignoredFiles      = []string{".gitignore", ".gitmodules", ".gitattributes", ".travis.yml", ".gitlab-ci.yml", "appveyor.yml", ".drone.yml", "cloudbuild.yaml", "codeship-services.yml", "codeship-steps.yml", ".goreleaser.yml", ".sops.yaml", ".flux.yaml"}
	ignoredExtensions = []string{".jpg", ".jpeg", ".gif", ".png", ".wmv", ".flv", ".tar.gz", ".zip"}
)

// fluxIgnores reports whether Flux drops an entry of the archive. A pattern
// without a slash is one for files and folders in any folder.
func fluxIgnores(name string) bool {
	parts := strings.Split(name, "/")
	for i, part := range parts {
		if slices.Contains(ignoredFiles, part) || i < len(parts)-1 && slices.Contains(ignoredFolders, part) ||
			slices.ContainsFunc(ignoredExtensions, func(ext string) bool { return strings.HasSuffix(part, ext) }) {
			return true
		}
	}
	return false
}

func isSourceIgnore(s *source) bool { return path.Base(s.file.Path) == ".sourceignore" }

// addIgnored reports a file that Flux drops. One that is no manifest is one for
// another program more often than not, and well left out.
func (c *checker) addIgnored(v *view, s *source) {
	severity := Info
	if hasObject(s) {
		severity = Warning
	}
	c.add(Finding{Code: CodeFluxIgnored, Severity: severity, File: s.file.Path, Message: "Flux drops a file of this name by default"}, []*view{v})
}
