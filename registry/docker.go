package registry

import (
	"context"
	"errors"

	"github.com/kubeoci/oci/internal/dockerauth"
)

// dockerFinder returns a finder for a Docker configuration.
func dockerFinder(config *dockerauth.Config, err error) (finder, error) {
	if err != nil {
		return nil, dockerError(err)
	}
	return func(ctx context.Context, host, repository string) (Credential, error) {
		cred, err := config.Credential(ctx, host, repository)
		return Credential(cred), dockerError(err)
	}, nil
}

// dockerError makes an error of package dockerauth one of this package.
func dockerError(err error) error {
	if e, ok := errors.AsType[*dockerauth.Error](err); ok {
		return &inputError{ErrInvalidCredential, e.Reason, e.Hint}
	}
	return err
}
