package oci

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/kubeoci/oci/internal/calls"
	"github.com/kubeoci/oci/reference"
	"github.com/kubeoci/oci/registry"
)

// RegistryVerifier finds out whether a push would be allowed.
type RegistryVerifier interface {
	// VerifyAccess returns nil if a push would be allowed.
	VerifyAccess(ctx context.Context, opts VerifyOptions) error
}

// VerifyOptions name a repository to push to. RegistryEndpoint and Repository are
// required.
type VerifyOptions struct {
	// RegistryEndpoint is host[:port], with or without http:// or https://.
	RegistryEndpoint string
	// Repository is the repository below the endpoint. It must be legal.
	Repository string
	// Username and Password are the credential: both or none. Default: the credential
	// that Registry finds, or none.
	Username string
	Password string `json:"-"`
	// Insecure selects plain HTTP, as [BuildOptions].Insecure does.
	Insecure bool
	// Registry configures the connection. If Username and Password are set,
	// Registry.Credential must be empty or the same.
	Registry RegistryOptions
}

// WithReference returns o with RegistryEndpoint and Repository from ref; see
// [BuildOptions.WithReference].
func (o VerifyOptions) WithReference(ref *Reference) VerifyOptions {
	fillReference(ref, &o.RegistryEndpoint, &o.Repository, new(string))
	return o
}

// ArtifactExistsOptions name an artifact. All of RegistryEndpoint, Repository and Version
// are required.
type ArtifactExistsOptions struct {
	// RegistryEndpoint, Repository, Username, Password, Insecure and Registry mean the
	// same as in [VerifyOptions].
	RegistryEndpoint string
	Repository       string
	// Version is a tag or a digest.
	Version  string
	Username string
	Password string `json:"-"`
	Insecure bool
	Registry RegistryOptions
}

// WithReference returns o with RegistryEndpoint, Repository and Version from ref; see
// [BuildOptions.WithReference]. Here the version may be a digest.
func (o ArtifactExistsOptions) WithReference(ref *Reference) ArtifactExistsOptions {
	fillReference(ref, &o.RegistryEndpoint, &o.Repository, &o.Version)
	return o
}

// NewRegistryVerifier returns a verifier, which is safe for concurrent use.
//
// Its VerifyAccess opens an upload and cancels it, with the same connection and
// credentials as a push; see [registry.Client.VerifyAccess]. Errors match
// [ErrRegistryEndpointRequired], [ErrRepositoryRequired], [ErrInvalidOCIFormat],
// [ErrInvalidOCIScheme], [ErrInvalidPort], [ErrInvalidCredential], [ErrInvalidOptions],
// the error of ctx, or are a [*RegistryError].
//
// The value also has a method ArtifactExists, which does the same as the function
// [ArtifactExists]; assert an interface with it to call it.
func NewRegistryVerifier() RegistryVerifier { return verifier{} }

type verifier struct{}

func (verifier) VerifyAccess(ctx context.Context, opts VerifyOptions) error {
	client, repository, err := connect(ctx, opts)
	if err != nil {
		return err
	}
	defer client.Close()
	return client.VerifyAccess(ctx, repository)
}

// VerifyRegistryAccessWithTimeout verifies access as the value of [NewRegistryVerifier] does,
// and ends after timeout, or earlier if no time is left for another attempt. The error then
// describes the latest failure. It matches [context.DeadlineExceeded] if the time ran out during
// an attempt or a wait and, without any response, [ErrRegistryUnreachable]. After a success it
// takes up to two seconds more to clean up. A timeout of zero means
// opts.Registry.VerifyTimeout, and a negative one is [ErrInvalidOptions].
func VerifyRegistryAccessWithTimeout(ctx context.Context, opts VerifyOptions, timeout time.Duration) error {
	if timeout < 0 {
		return advise(fmt.Errorf("%w: the timeout %v is negative", ErrInvalidOptions, timeout), "pass a positive timeout, or zero for Registry.VerifyTimeout")
	}
	opts.Registry.VerifyTimeout = cmp.Or(timeout, opts.Registry.VerifyTimeout)
	return NewRegistryVerifier().VerifyAccess(ctx, opts)
}

// ArtifactExists reports whether the registry has the tag or digest. It takes one request
// if the artifact exists. A registry that refuses, fails or does not respond is an error,
// never a false.
//
// Errors are those of the value of [NewRegistryVerifier], and [ErrVersionRequired].
func ArtifactExists(ctx context.Context, opts ArtifactExistsOptions) (bool, error) {
	version := trimBlanks(opts.Version)
	if version == "" {
		return false, advise(ErrVersionRequired, "set Version to the tag or digest to look for")
	}
	var access VerifyOptions
	copyShared(&access, opts)
	client, repository, err := connect(ctx, access)
	if err != nil {
		return false, err
	}
	defer client.Close()
	return client.Exists(ctx, repository, version)
}

// ArtifactExists is the function of that name.
func (verifier) ArtifactExists(ctx context.Context, opts ArtifactExistsOptions) (bool, error) {
	return ArtifactExists(ctx, opts)
}

// connect checks the options and returns a client and the repository.
func connect(ctx context.Context, opts VerifyOptions) (*registry.Client, string, error) {
	if err := calls.Check(ctx); err != nil {
		return nil, "", err
	}
	endpoint, connection, err := resolveRegistry(opts.RegistryEndpoint, opts.Username, opts.Password, opts.Insecure, opts.Registry)
	if err != nil {
		return nil, "", err
	}
	repository := trimBlanks(opts.Repository)
	if repository == "" {
		return nil, "", advise(ErrRepositoryRequired, "set Repository to a repository of the registry")
	}
	if err := reference.CheckRepository(repository); err != nil {
		return nil, "", err
	}
	client, err := registry.NewClient(endpoint.String(), connection)
	return client, repository, err
}
