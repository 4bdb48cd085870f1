package oci

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kubeoci/oci/internal/redact"
	"github.com/kubeoci/oci/registry"
)

// RegistryVerifier finds out whether a push would be allowed.
type RegistryVerifier interface {
	// VerifyAccess returns nil if a push would be allowed.
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
	// Registry says how to connect. Its Credential must be that of Username and
	// Password, or empty, where those are set.
	Registry RegistryOptions
}

// Format keeps the password out of what fmt prints.
func (o VerifyOptions) Format(f fmt.State, _ rune) {
	o.RegistryEndpoint = printable(o.RegistryEndpoint)
	redact.Format(f, o)
}

// NewRegistryVerifier returns a verifier, which is safe for concurrent use.
//
// Its VerifyAccess opens an upload and cancels it, with the same connection and
// credentials as a push; see [registry.Client.VerifyAccess]. Errors match
// [ErrRegistryEndpointRequired], [ErrRepositoryRequired],
// [ErrInvalidOCIFormat], [ErrInvalidOCIScheme], [ErrInvalidPort],
// [registry.ErrInvalidCredential], [registry.ErrInvalidOptions],
// [ErrRegistryUnreachable], [ErrRegistryAuthRequired],
// [ErrRegistryPermissionDenied], [ErrRegistryNotFound] or the context's error,
// or are a [*registry.Error] that matches none of them, for other refusals.
func NewRegistryVerifier() RegistryVerifier { return verifier{} }

type verifier struct{}

func (verifier) VerifyAccess(ctx context.Context, opts VerifyOptions) error {
	if err := checkContext(ctx); err != nil {
		return err
	}
	if opts.Insecure {
		if opts.Registry.Scheme == registry.SchemeHTTPS {
			return fmt.Errorf("%w: Insecure together with Scheme https", registry.ErrInvalidOptions)
		}
		opts.Registry.Scheme = registry.SchemeHTTP
	}
	endpoint, connect, err := connection(opts.RegistryEndpoint, opts.Username, opts.Password, opts.Registry)
	if err != nil {
		return err
	}
	if opts.Repository == "" {
		return &hintError{ErrRepositoryRequired, "name the repository that is to be pushed to"}
	}
	client, err := registry.NewClient(endpoint, connect)
	if err != nil {
		return err
	}
	defer client.Close()
	return client.VerifyAccess(ctx, opts.Repository)
}

// DefaultVerifyTimeout is how long a verification takes at most.
const DefaultVerifyTimeout = registry.DefaultVerifyTimeout

// ErrInvalidTimeout reports a negative timeout.
var ErrInvalidTimeout = errors.New("invalid timeout")

// VerifyRegistryAccessWithTimeout is VerifyAccess of [NewRegistryVerifier] that
// gives up after timeout. The error then says what the registry did last, and
// matches [context.DeadlineExceeded] and, if it did nothing,
// [ErrRegistryUnreachable]. Once access is verified, it takes up to two seconds
// more to clean up. Zero means what opts say, and a negative timeout is
// [ErrInvalidTimeout].
func VerifyRegistryAccessWithTimeout(ctx context.Context, opts VerifyOptions, timeout time.Duration) error {
	if err := checkContext(ctx); err != nil {
		return err
	}
	if timeout < 0 {
		return fmt.Errorf("%w: %v", ErrInvalidTimeout, timeout)
	}
	opts.Registry.VerifyTimeout = cmp.Or(timeout, opts.Registry.VerifyTimeout)
	return NewRegistryVerifier().VerifyAccess(ctx, opts)
}
