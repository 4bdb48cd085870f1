package registry

import (
	"context"
	"errors"

	"github.com/kubeoci/oci/internal/dockerauth"
)

// dockerFinder returns a finder for a Docker configuration, which it reads each time:
// credentials in files are rotated. An error is reported at the first time already.
func dockerFinder(read func() (*dockerauth.Config, error)) (finder, error) {
	if _, err := read(); err != nil {
		return nil, dockerError(err)
	}
	return func(ctx context.Context, host, repository string) (Credential, error) {
		config, err := read()
		if err != nil {
			return Credential{}, dockerError(err)
		}
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
