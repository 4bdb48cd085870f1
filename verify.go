package oci

import (
	"context"
	"fmt"
	"time"

	"github.com/kubeoci/oci/internal/redact"
)

// RegistryVerifier finds out whether a push would be allowed.
type RegistryVerifier interface {
	VerifyAccess(ctx context.Context, opts VerifyOptions) error
}

// VerifyOptions say where one wants to push to. RegistryEndpoint and Repository
// are required.
type VerifyOptions struct {
	// RegistryEndpoint is host[:port], with or without http:// or https://.
	RegistryEndpoint string
	// Repository is below the endpoint, and has to be legal.
	Repository string
	// Username and Password are the credential, both or none. Default: what
	// Registry says.
	Username string
	Password string `json:"-"`
	// Insecure speaks plain HTTP, which loopback hosts are spoken to anyway. It
	// does not turn the verification of certificates off.
	Insecure bool
	// Registry says how to connect. Its Credential must be empty where Username
	// is set.
	Registry RegistryOptions
}

// Format keeps the password out of what fmt prints.
func (o VerifyOptions) Format(f fmt.State, _ rune) { redact.Format(f, o) }

// NewRegistryVerifier returns a verifier, which is safe for concurrent use.
//
// Its VerifyAccess opens an upload and cancels it, with the same connection and
// credentials as a push; see [registry.Client.VerifyAccess]. Errors match
// [ErrRegistryEndpointRequired], [ErrRepositoryRequired],
// [ErrInvalidOCIFormat], [ErrRegistryUnreachable], [ErrRegistryAuthRequired],
// [ErrRegistryPermissionDenied], [ErrRegistryNotFound] or the context's error.
func NewRegistryVerifier() RegistryVerifier { return verifier{} }

type verifier struct{}

func (verifier) VerifyAccess(ctx context.Context, opts VerifyOptions) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	opts.Registry.PlainHTTP = opts.Registry.PlainHTTP || opts.Insecure
	endpoint, connect, err := connection(opts.RegistryEndpoint, opts.Username, opts.Password, opts.Registry)
	if err != nil {
		return err
	}
	if opts.Repository == "" {
		return &hintError{ErrRepositoryRequired, "name the repository that is to be pushed to"}
	}
	client, err := newClient(endpoint, connect)
	if err != nil {
		return err
	}
	return client.VerifyAccess(ctx, opts.Repository)
}

// VerifyRegistryAccessWithTimeout is VerifyAccess of [NewRegistryVerifier] that
// gives up after timeout with [context.DeadlineExceeded]. A timeout that is not
// positive has passed already.
func VerifyRegistryAccessWithTimeout(ctx context.Context, opts VerifyOptions, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return NewRegistryVerifier().VerifyAccess(ctx, opts)
}
