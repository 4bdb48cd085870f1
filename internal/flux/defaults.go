package flux

import "slices"

// IgnoreFile is the name of the files that hold ignore rules. Each applies to its
// own directory.
const IgnoreFile = ".sourceignore"

// DefaultIgnore returns the rules by which Flux drops files of an artifact that
// has no rules of its own, in the order of its sources.
func DefaultIgnore() []string { return slices.Concat(versionControl(), otherDefaults()) }

// versionControl returns the rules that stay in force beside those of an artifact.
func versionControl() []string {
	return []string{".git/", ".gitignore", ".gitmodules", ".gitattributes"}
}

// otherDefaults returns the rules that any rule of an artifact replaces.
func otherDefaults() []string {
	return []string{
		"*.jpg", "*.jpeg", "*.gif", "*.png", "*.wmv", "*.flv", "*.tar.gz", "*.zip",
		".github/", ".circleci/", ".travis.yml", ".gitlab-ci.yml", "appveyor.yml", ".drone.yml", "cloudbuild.yaml",
		"codeship-services.yml", "codeship-steps.yml",
		"**/.goreleaser.yml", "**/.sops.yaml", "**/.flux.yaml",
	}
}
