package oci

import (
	"context"
	"errors"
	"fmt"

	"github.com/kubeoci/oci/internal/advice"
	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/preflight"
	"github.com/kubeoci/oci/reference"
	"github.com/kubeoci/oci/registry"
)

// Errors of the options. All of them are found before anything is read or sent, except
// ErrNoManifestFiles, and ErrInvalidCredential for a Docker configuration or the result of a
// CredentialFunc: these are asked when the registry requires a credential.
var (
	// ErrSourcePathRequired reports options without a source.
	ErrSourcePathRequired = manifests.ErrPathRequired
	// ErrSourcePathNotFound reports a source path that does not exist.
	ErrSourcePathNotFound = manifests.ErrPathNotFound
	// ErrSourcePathNotDirectory reports a source path that is not a directory.
	ErrSourcePathNotDirectory = manifests.ErrPathNotDirectory
	// ErrTwoSources reports options with both SourcePath and Source, or a [Root] with
	// both Dir and FS.
	ErrTwoSources = manifests.ErrTwoSources
	// ErrNoManifestFiles reports a source without manifests.
	ErrNoManifestFiles = manifests.ErrNoManifestFiles

	// ErrRegistryEndpointRequired reports options without a registry.
	ErrRegistryEndpointRequired = errors.New("registry endpoint is required")
	// ErrRepositoryRequired reports options from which no repository follows.
	ErrRepositoryRequired = errors.New("repository is required")
	// ErrVersionRequired reports options without a version.
	ErrVersionRequired = errors.New("version is required")
	// ErrInvalidArtifactName reports a name that cannot be normalised.
	ErrInvalidArtifactName = errors.New("invalid artifact name")

	// ErrInvalidCredential reports a credential that cannot be sent, such as a user name
	// without a password.
	ErrInvalidCredential = registry.ErrInvalidCredential
	// ErrInvalidOptions reports options of the connection, the push or BuildAll that
	// contradict each other, or a value out of range, such as a negative timeout.
	ErrInvalidOptions = registry.ErrInvalidOptions
)

// Errors of a reference or a part of one. Package reference has finer ones: an illegal
// host, repository, tag or digest matches ErrInvalidOCIFormat and a sentinel of its own.
var (
	// ErrInvalidOCIScheme reports a scheme other than oci://, or, for an endpoint, other
	// than http, https and oci.
	ErrInvalidOCIScheme = reference.ErrInvalidOCIScheme
	// ErrInvalidOCIFormat reports text that is not a reference, or has an illegal part.
	ErrInvalidOCIFormat = reference.ErrInvalidOCIFormat
	// ErrInvalidPort reports a port that is not between 1 and 65535.
	ErrInvalidPort = reference.ErrInvalidPort
)

// Errors of a registry. The error in the chain is a [*RegistryError], which has the
// facts.
var (
	// ErrRegistryUnreachable reports that no registry responded.
	ErrRegistryUnreachable = registry.ErrUnreachable
	// ErrRegistryTLSMismatch reports TLS on a port of plain HTTP. It also matches
	// ErrRegistryUnreachable.
	ErrRegistryTLSMismatch = registry.ErrTLSMismatch
	// ErrRegistryNotRegistry reports a response that no registry sends. It also matches
	// ErrRegistryUnreachable.
	ErrRegistryNotRegistry = registry.ErrNotRegistry
	// ErrRegistryAuthRequired reports that the registry requires a credential and none
	// was given.
	ErrRegistryAuthRequired = registry.ErrAuthRequired
	// ErrRegistryPermissionDenied reports that the registry refused the credential, or
	// the operation to its owner.
	ErrRegistryPermissionDenied = registry.ErrPermissionDenied
	// ErrRegistryNotFound reports a repository, tag or digest that does not exist.
	ErrRegistryNotFound = registry.ErrNotFound
	// ErrRegistryTagConflict reports a tag that points to another artifact and must not
	// be moved.
	ErrRegistryTagConflict = registry.ErrTagConflict
	// ErrRegistryTagRefused reports a tag that a rule of Push.TagRules does not allow to be
	// set. It also matches ErrRegistryTagConflict.
	ErrRegistryTagRefused = registry.ErrTagRefused
	// ErrRegistryRateLimited reports a registry that limits the rate of requests.
	ErrRegistryRateLimited = registry.ErrRateLimited
	// ErrRegistryTooLarge reports an artifact that is larger than the registry accepts.
	ErrRegistryTooLarge = registry.ErrTooLarge
	// ErrRegistryInvalid reports a request that the registry refuses as malformed.
	ErrRegistryInvalid = registry.ErrInvalid
	// ErrRegistryUnsupported reports a feature that the registry does not have.
	ErrRegistryUnsupported = registry.ErrUnsupported
	// ErrRegistryServer reports an internal failure of the registry.
	ErrRegistryServer = registry.ErrServer
	// ErrRegistryCorrupt reports content that does not match its digest, or is missing
	// from an artifact that exists.
	ErrRegistryCorrupt = registry.ErrCorrupt
)

// RegistryError describes a failed operation on a registry: the operation, the status,
// the registry's own code, and one of the sentinels above.
type RegistryError = registry.Error

// TagConflictError names a tag and the digests it has and should have. It matches
// [ErrRegistryTagConflict].
type TagConflictError = registry.TagConflictError

// ErrPreflight reports an artifact that was not pushed because preflight refused it. The
// error in the chain is a [*PreflightError].
var ErrPreflight = errors.New("preflight refused the artifact")

// PreflightError has the findings for an artifact that was not pushed. It matches
// [ErrPreflight], and marshals to JSON.
type PreflightError struct {
	// Findings are all findings, including those that are not a reason.
	Findings preflight.Findings `json:"findings"`
	// Reasons are the findings for which the artifact was not pushed.
	Reasons preflight.Findings `json:"reasons"`
}

func (e *PreflightError) Error() string {
	if len(e.Reasons) == 0 {
		return ErrPreflight.Error()
	}
	text := fmt.Sprintf("%v: %v", ErrPreflight, e.Reasons[e.first()])
	if more := len(e.Reasons) - 1; more > 0 {
		text += fmt.Sprintf(" (and %d more)", more)
	}
	return text
}

// Is reports whether target is [ErrPreflight].
func (e *PreflightError) Is(target error) bool { return target == ErrPreflight }

// first returns the index of the reason to name. An engine often renders nothing because of a
// file that it cannot read: then that file is to be corrected, and the directory is right.
func (e *PreflightError) first() int {
	for i, reason := range e.Reasons {
		if reason.Severity != e.Reasons[0].Severity {
			break
		}
		if reason.Code != preflight.CodeNothingRendered {
			return i
		}
	}
	return 0
}

// Hint returns the hint of the reason in the message or, if that has none, the first hint of
// a reason, or "".
func (e *PreflightError) Hint() string {
	if len(e.Reasons) == 0 {
		return ""
	}
	for _, reason := range append(preflight.Findings{e.Reasons[e.first()]}, e.Reasons...) {
		if reason.Hint != "" {
			return reason.Hint
		}
	}
	return ""
}

// Hint returns the advice of the first error in the chain of err that has some, or "". It
// is a sentence without a full stop for a person, such as "set Version to the tag to
// push", and never holds a secret.
func Hint(err error) string {
	if adviser, ok := err.(interface{ Hint() string }); ok {
		if hint := adviser.Hint(); hint != "" {
			return hint
		}
	}
	switch wrapped := err.(type) {
	case interface{ Unwrap() error }:
		return Hint(wrapped.Unwrap())
	case interface{ Unwrap() []error }:
		for _, err := range wrapped.Unwrap() {
			if hint := Hint(err); hint != "" {
				return hint
			}
		}
	}
	return ""
}

// Retryable reports whether the same call may succeed later without a change: the
// registry or the network failed for the time being, or a file changed while it was read.
// Failures of the registry were retried already, see [registry.RetryPolicy];
// [RegistryError.RetryAfter] is the time to wait if the registry gave one. A context that
// has ended is never retryable, and a [*BuildAllError] only if each of its errors is.
func Retryable(err error) bool {
	if errors.Is(err, context.Canceled) {
		return false
	}
	if all, ok := errors.AsType[*BuildAllError](err); ok {
		return all.Retryable()
	}
	var registryError *RegistryError
	if errors.As(err, &registryError) {
		return registryError.Retryable()
	}
	return errors.Is(err, manifests.ErrFileChanged)
}

// advise adds a hint to an error.
func advise(err error, hint string) error { return &advice.Error{Err: err, Text: hint} }
