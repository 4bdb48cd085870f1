package registry

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Hint says what to do about the error, or "".
func (e *Error) Hint() string {
	for _, hint := range []func() string{e.certificateHint, e.providerHint, e.causeHint} {
		if text := hint(); text != "" {
			return text
		}
	}
	return hints[e.Kind]
}

var hints = map[error]string{
	ErrUnreachable:      "check the host and port, and that the registry is running",
	ErrTLSMismatch:      "ask for plain HTTP if the registry is to be used without TLS",
	ErrNotRegistry:      "check the host and port, and whether the registry speaks TLS there",
	ErrAuthRequired:     "give a user name and password, or use the Docker configuration after logging in",
	ErrPermissionDenied: "check the credentials, and that they allow to push to this repository",
	ErrNotFound:         "check the name; where the registry does not create repositories, or the projects they are in, by itself, create it first",
	ErrTagConflict:      "push under another tag, or let tags be moved",
	ErrRateLimited:      "try again later, or less often",
	ErrTooLarge:         "push less, or raise the limit of the registry or of the proxy in front of it",
	ErrInvalid:          "check whether the registry takes OCI artifacts of this kind",
	ErrUnsupported:      "check whether the registry takes OCI artifacts",
	ErrServer:           "try again later",
	ErrCorrupt:          "try again; if it stays so, push the artifact anew",
}

// causeHint is for what the kind does not say.
func (e *Error) causeHint() string {
	switch {
	case e.RetryAfter > 0:
		return fmt.Sprintf("the registry says to come back in %v", e.RetryAfter.Round(time.Second))
	case errors.Is(e.Err, errForeignUpload):
		return "allow uploads to other hosts if that one is to be trusted; behind a proxy, tell the registry its address"
	case e.Kind == ErrUnsupported && errors.Is(e.Err, errLocalService):
		return "allow services at local addresses if the registry is one of your own"
	case e.Kind == ErrUnsupported && is[*realmError](e.Err):
		return "have the registry name a token service that speaks TLS as it does itself"
	case e.Kind == ErrPermissionDenied && e.StatusCode == http.StatusUnauthorized:
		return "check the user name and password, or the token"
	case e.Kind == ErrTagConflict && e.StatusCode != 0:
		return "push under another tag: the registry does not let this one be moved"
	case e.Kind != ErrUnreachable && e.Kind != nil:
		return ""
	case errors.Is(e.Err, context.DeadlineExceeded):
		return "allow more time, or find out why the registry does not answer"
	}
	return ""
}

// providerHint is for registries whose answers mean something of their own.
func (e *Error) providerHint() string {
	host, repository, _ := strings.Cut(e.Reference, "/")
	host, _, _ = strings.Cut(host, ":")
	refused := e.Kind == ErrPermissionDenied || e.Kind == ErrAuthRequired
	switch parts := strings.Count(repository, "/") + 1; {
	case (isBelow(host, "amazonaws.com") || isBelow(host, "amazonaws.com.cn")) && (e.Kind == ErrNotFound || e.Kind == ErrUnreachable && isBroken(e.Err)):
		return "create the repository first: Amazon ECR does so by itself only with a creation template"
	case isBelow(host, "pkg.dev") && e.Kind == ErrNotFound:
		return "create the repository first: Artifact Registry takes images only below one, as in host/project/repository/name"
	case host == "ghcr.io" && e.StatusCode == http.StatusForbidden:
		return "give both a user name and a token that may write packages; where the package was made elsewhere, add this repository in its settings, under Manage Actions access"
	case host == "docker.io" && refused && parts != 2:
		return "push to docker.io/<namespace>/<name>: Docker Hub takes names of exactly two parts"
	case isBelow(host, "azurecr.io") && e.Kind == ErrServer:
		return "check the retention policy and locks of the repository: Azure refuses to move a tag in this way"
	case (host == "quay.io") && (e.Kind == ErrInvalid || e.Kind == ErrUnsupported):
		return "ask the owner of the registry to allow OCI artifacts of this type: Quay has a list of them"
	}
	return ""
}

// isBelow reports whether host is domain, or in it.
func isBelow(host, domain string) bool {
	return host == domain || strings.HasSuffix(host, "."+domain)
}

func (e *Error) certificateHint() string {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](e.Err); !ok {
		return ""
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](e.Err); ok {
		return "give the certificate authority of the registry as one to trust"
	}
	if _, ok := errors.AsType[x509.HostnameError](e.Err); ok {
		return "connect under a name that the certificate is for"
	}
	return "renew the certificate of the registry"
}
