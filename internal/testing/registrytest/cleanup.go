package registrytest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/opencontainers/go-digest"
)

// LeftoverError says that a tag or manifest could not be deleted, and how the
// registry answered.
type LeftoverError struct {
	Reference string
	Status    int
}

func (e *LeftoverError) Error() string {
	return fmt.Sprintf("%s is still there: to delete it is answered %d", e.Reference, e.Status)
}

// CleanUp deletes the manifests in all repositories that [Target.Repository]
// named, and with them the tags. Blobs are the registry's to collect. Where the
// registry refuses, the error is a [*LeftoverError].
func (t *Target) CleanUp(ctx context.Context) error {
	var errs []error
	for _, repository := range t.Repositories() {
		if err := t.empty(ctx, repository); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// empty deletes what the tags of a repository point to, and then the tags that are
// still there: there are registries that delete no tags, and others that keep those
// which point to nothing any more.
func (t *Target) empty(ctx context.Context, repository string) error {
	tags, err := t.Tags(ctx, repository)
	if err != nil {
		return err
	}
	for _, tag := range tags {
		found, err := t.Ask(ctx, t.Writer, http.MethodGet, manifestPath(repository, tag))
		if err == nil && found.Status == http.StatusOK {
			err = t.delete(ctx, repository, digest.FromBytes(found.Body).String())
		}
		if err != nil {
			return err
		}
	}
	if tags, err = t.Tags(ctx, repository); err != nil {
		return err
	}
	for _, tag := range tags {
		if err := t.delete(ctx, repository, tag); err != nil {
			return err
		}
	}
	return nil
}

func (t *Target) delete(ctx context.Context, repository, ref string) error {
	answer, err := t.Ask(ctx, t.Writer, http.MethodDelete, manifestPath(repository, ref))
	if err == nil && answer.Status >= http.StatusBadRequest && answer.Status != http.StatusNotFound {
		err = &LeftoverError{repository + " " + ref, answer.Status}
	}
	return err
}

func manifestPath(repository, ref string) string {
	return "/v2/" + repository + "/manifests/" + ref
}

// Tags are those of a repository, and none where there is no such repository.
func (t *Target) Tags(ctx context.Context, repository string) ([]string, error) {
	answer, err := t.Ask(ctx, t.Writer, http.MethodGet, "/v2/"+repository+"/tags/list")
	if err != nil {
		return nil, err
	}
	if answer.Status == http.StatusNotFound {
		return nil, nil
	}
	var list struct {
		Tags []string `json:"tags"`
	}
	if answer.Status != http.StatusOK {
		return nil, fmt.Errorf("to list the tags of %s is answered %d", repository, answer.Status)
	}
	err = json.Unmarshal(answer.Body, &list)
	return list.Tags, err
}
