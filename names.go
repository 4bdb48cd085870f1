package oci

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/kubeoci/oci/reference"
)

// trimBlanks removes spaces and tabs around a value. A line break is not a blank: it
// shows that the value is something else than the caller thinks.
func trimBlanks(s string) string { return strings.Trim(s, " \t") }

// repositoryName returns a legal name as it is, and normalises another one or the
// fallback. Text that cannot be meant as a repository, such as a path with ".." or a
// reference with a tag, is refused.
func repositoryName(given, fallback, endpoint string) (string, error) {
	if given == "" {
		return derivedRepository(fallback)
	}
	if beginsWithHost(given, endpoint) {
		return "", &hintError{
			fmt.Errorf("%w %.80q: it begins with a host", reference.ErrInvalidRepository, given),
			"the host belongs in RegistryEndpoint alone; Repository is the path below it",
		}
	}
	err := reference.CheckRepository(given)
	if err == nil {
		return given, nil
	}
	name := reference.NormalizeRepository(given)
	if name == "" || !resemblesRepository(given) {
		return "", err
	}
	return name, nil
}

// beginsWithHost reports whether the first segment of a repository is the host of the
// endpoint, or has a port. Another host is legal: mirrors have docker.io/library/app.
func beginsWithHost(repository, endpoint string) bool {
	first, _, more := strings.Cut(repository, "/")
	host, err := reference.ParseEndpoint(first)
	if !more || err != nil {
		return false
	}
	own, err := reference.ParseEndpoint(endpoint)
	public := strings.Contains(host.Host, ".") || host.Loopback() // "registry" may name both
	return host.Port != 0 || err == nil && public && strings.EqualFold(host.Host, own.Host)
}

func derivedRepository(fallback string) (string, error) {
	if fallback == "" {
		return "", &hintError{ErrRepositoryRequired, "set Repository to the repository to push to"}
	}
	name := reference.NormalizeRepository(fallback)
	if name == "" {
		return "", &hintError{ErrRepositoryRequired, fmt.Sprintf("set Repository: none can be derived from %.80q", fallback)}
	}
	return name, nil
}

// resemblesRepository reports whether s can be normalised without changing its
// structure.
func resemblesRepository(s string) bool {
	if strings.ContainsAny(s, `:@%\?#`) || strings.ContainsFunc(s, unicode.IsControl) {
		return false
	}
	for segment := range strings.SplitSeq(s, "/") {
		if strings.Trim(segment, ".") == "" {
			return false
		}
	}
	return true
}

// artifactName turns a name into one segment of a repository: the slashes of
// "org/app" become hyphens. It returns "" for "".
func artifactName(given string) (string, error) {
	if given == "" {
		return "", nil
	}
	name := reference.NormalizeRepository(strings.ReplaceAll(given, "/", "-"))
	if name == "" || !resemblesRepository(given) {
		return "", &hintError{
			fmt.Errorf("%w: %.80q", ErrInvalidArtifactName, given),
			"set Name to letters, digits and inner hyphens, such as my-app, or leave it empty",
		}
	}
	return name, nil
}

// distinctTags checks the version and the further tags, and drops duplicates.
func distinctTags(version string, tags []string) ([]string, error) {
	if version == "" {
		return nil, &hintError{ErrVersionRequired, "set Version to the tag to push, such as 1.0.0"}
	}
	if err := reference.CheckTag(version); err != nil {
		return nil, err
	}
	var further []string
	for _, tag := range tags {
		tag = trimBlanks(tag)
		if err := reference.CheckTag(tag); err != nil {
			return nil, err
		}
		if tag != version && !slices.Contains(further, tag) {
			further = append(further, tag)
		}
	}
	return further, nil
}
