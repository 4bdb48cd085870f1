package registrytest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/opencontainers/go-digest"
)

// LeftoverError reports a tag or manifest that the registry refused to delete, with
// the status of its response.
type LeftoverError struct {
	Reference string
	Status    int
}

func (e *LeftoverError) Error() string {
	return fmt.Sprintf("%s is left over: delete: status %d", e.Reference, e.Status)
}

// CleanUp deletes the manifests in all repositories that [Instance.Repository]
// named, and with them the tags. Blobs are left to the registry's garbage collection.
// If the registry refuses, the error is a [*LeftoverError].
func (t *Instance) CleanUp(ctx context.Context) error {
	var errs []error
	for _, repository := range t.Repositories() {
		if err := t.empty(ctx, repository); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// empty deletes the manifests that the tags of a repository point to, and then the
// remaining tags: some registries do not delete tags, others keep tags whose manifest
// is gone.
func (t *Instance) empty(ctx context.Context, repository string) error {
	tags, err := t.Tags(ctx, repository)
	if err != nil {
		return err
	}
	for _, tag := range tags {
		found, err := t.Do(ctx, t.Writer, http.MethodGet, manifestPath(repository, tag))
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

func (t *Instance) delete(ctx context.Context, repository, ref string) error {
	resp, err := t.Do(ctx, t.Writer, http.MethodDelete, manifestPath(repository, ref))
	if err == nil && resp.Status >= http.StatusBadRequest && resp.Status != http.StatusNotFound {
		err = &LeftoverError{repository + " " + ref, resp.Status}
	}
	return err
}

func manifestPath(repository, ref string) string {
	return "/v2/" + repository + "/manifests/" + ref
}

// Tags lists the tags of a repository: none if the repository does not exist.
func (t *Instance) Tags(ctx context.Context, repository string) ([]string, error) {
	resp, err := t.Do(ctx, t.Writer, http.MethodGet, "/v2/"+repository+"/tags/list")
	if err != nil {
		return nil, err
	}
	if resp.Status == http.StatusNotFound {
		return nil, nil
	}
	var list struct {
		Tags []string `json:"tags"`
	}
	if resp.Status != http.StatusOK {
		return nil, fmt.Errorf("list the tags of %s: status %d", repository, resp.Status)
	}
	err = json.Unmarshal(resp.Body, &list)
	return list.Tags, err
}
