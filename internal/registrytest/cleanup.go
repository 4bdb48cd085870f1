package registrytest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// LeftoverError says that a tag could not be deleted, and how the registry
// answered.
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

func (t *Target) empty(ctx context.Context, repository string) error {
	tags, err := t.Tags(ctx, repository)
	if err != nil {
		return err
	}
	for _, tag := range tags {
		if err := t.deleteTag(ctx, repository, tag); err != nil {
			return err
		}
	}
	return nil
}

// deleteTag deletes what a tag points to, and the tag if that is still there: there
// are registries that delete no tags, and others that keep those which point to
// nothing any more.
func (t *Target) deleteTag(ctx context.Context, repository, tag string) error {
	path := "/v2/" + repository + "/manifests/"
	answer, err := t.Ask(ctx, t.Writer, http.MethodHead, path+tag)
	for _, ref := range []string{answer.Header.Get("Docker-Content-Digest"), tag} {
		if err != nil || answer.Status == http.StatusNotFound {
			return err
		}
		deleted, err := t.Ask(ctx, t.Writer, http.MethodDelete, path+ref)
		if err != nil {
			return err
		}
		if deleted.Status >= http.StatusBadRequest && deleted.Status != http.StatusNotFound {
			return &LeftoverError{repository + ":" + tag, deleted.Status}
		}
		if answer, err = t.Ask(ctx, t.Writer, http.MethodHead, path+tag); err != nil {
			return err
		}
	}
	return nil
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
