package registry

import (
	"context"
	"errors"

	"github.com/kubeoci/oci/internal/dockerauth"
)

// dockerFinder returns a finder for a Docker configuration, which it reads each time:
// credentials in files are rotated. A registry that needs no credential does not need a
// configuration that can be read, either.
func dockerFinder(from origin, read func() (*dockerauth.Config, error)) finder {
	return func(ctx context.Context, host, repository string) (found, error) {
		config, err := read()
		if err != nil {
			return found{}, dockerError(err)
		}
		cred, where, err := config.Credential(ctx, host, repository)
		return found{Credential(cred), where, from}, dockerError(err)
	}
}

// dockerError makes an error of package dockerauth one of this package.
func dockerError(err error) error {
	if e, ok := errors.AsType[*dockerauth.Error](err); ok {
		return &inputError{ErrInvalidCredential, e.Reason, e.Hint}
	}
	return err
}
