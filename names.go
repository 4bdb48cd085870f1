package oci

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/kubeoci/oci/reference"
)

// repositoryName keeps a legal name, and brings an illegal or derived one into
// legal form. What only looks like a repository, such as a path that climbs or
// a reference with a tag, is refused rather than made into another one.
func repositoryName(given, fallback string) (string, error) {
	if given == "" {
		if fallback == "" {
			return "", &hintError{ErrRepositoryRequired, "name the repository to push to"}
		}
		name := reference.NormalizeRepository(fallback)
		if reference.CheckRepository(name) != nil {
			return "", &hintError{ErrRepositoryRequired, fmt.Sprintf("name one, since none follows from %.80q", fallback)}
		}
		return name, nil
	}
	err := reference.CheckRepository(given)
	if err == nil {
		return given, nil
	}
	if strings.ContainsAny(given, `:@%\?#`) || strings.ContainsFunc(given, unicode.IsControl) {
		return "", err
	}
	for segment := range strings.SplitSeq(given, "/") {
		if strings.Trim(segment, ".") == "" {
			return "", err
		}
	}
	name := reference.NormalizeRepository(given)
	if reference.CheckRepository(name) != nil {
		return "", err
	}
	return name, nil
}

func artifactReference(endpoint, repository, tag string) string {
	return "oci://" + endpoint + "/" + repository + ":" + tag
}

// artifactName is [repositoryName] for a single segment.
func artifactName(given, repository string) (string, error) {
	if given == "" {
		return path.Base(repository), nil
	}
	name := reference.NormalizeRepository(given)
	if name == "" || strings.ContainsAny(given, `/\`) || strings.ContainsFunc(given, unicode.IsControl) {
		return "", fmt.Errorf("%w: %.80q", ErrInvalidName, given)
	}
	return name, nil
}

// distinctTags checks the version and the further tags, and drops repetitions.
func distinctTags(version string, tags []string) ([]string, error) {
	if version == "" {
		return nil, &hintError{ErrVersionRequired, "name the tag to push, such as 1.0.0"}
	}
	if err := reference.CheckTag(version); err != nil {
		return nil, err
	}
	var further []string
	for _, tag := range tags {
		if err := reference.CheckTag(tag); err != nil {
			return nil, err
		}
		if tag != version && !slices.Contains(further, tag) {
			further = append(further, tag)
		}
	}
	return further, nil
}

// hintError is a sentinel with advice.
type hintError struct {
	err  error
	hint string
}

func (e *hintError) Error() string { return e.err.Error() }

func (e *hintError) Unwrap() error { return e.err }

func (e *hintError) Hint() string { return e.hint }
