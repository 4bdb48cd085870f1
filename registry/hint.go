package registry

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/kubeoci/oci/internal/advice"
)

// Hint returns advice for the error, or "".
func (e *Error) Hint() string {
	if failed, ok := errors.AsType[*Error](e.Err); ok { // that of a step, a rule or a source
		if hint := failed.Hint(); hint != "" {
			return hint
		}
	}
	for _, hint := range []func() string{e.inputHint, e.certificateHint, e.providerHint, e.causeHint} {
		if text := hint(); text != "" {
			return text
		}
	}
	if e.Kind == ErrNotFound && e.Op == opVerifyRead {
		return "check the name"
	}
	if hint := readHints[e.Kind]; hint != "" && e.reads() {
		return hint
	}
	return hints[e.Kind]
}

// reads reports whether the operation only reads.
func (e *Error) reads() bool { return slices.Contains([]string{opResolve, opPull, opVerifyRead}, e.Op) }

var hints = map[error]string{
	ErrUnreachable:      "check the host and port, and that the registry is running",
	ErrTLSMismatch:      "set Registry.Scheme to http and remove https:// from RegistryEndpoint if the registry is used without TLS",
	ErrNotRegistry:      "check the host and port; if the registry expects TLS there, unset Insecure, set Registry.Scheme to https, and remove http:// from RegistryEndpoint",
	ErrAuthRequired:     "set Username and Password, or log in and set Registry.DockerConfig",
	ErrPermissionDenied: "check the credentials, and that they allow pushing to this repository",
	ErrNotFound:         "check the name; if the registry does not create repositories or projects by itself, create them first",
	ErrTagConflict:      "push under another tag, or unset Push.ImmutableTags",
	ErrTagRefused:       "correct what the rule found, push under another tag, or remove the rule from Push.TagRules",
	ErrRateLimited:      "try again later, or less often",
	ErrTooLarge:         "push less, or raise the limit of the registry or of the proxy in front of it",
	ErrInvalid:          "check whether the registry accepts OCI artifacts of this kind",
	ErrUnsupported:      "check whether the registry accepts OCI artifacts",
	ErrServer:           "try again later",
	ErrCorrupt:          "try again; if the error remains, push the artifact again",
}

// Hints on a credential of an option other than Username and Password.
const (
	hintFunc    = "check the credential that Registry.CredentialFunc returns"
	hintContent = "renew the entry in Registry.DockerConfigJSON"
)

// readHints are those of operations that only read, where they differ.
var readHints = map[error]string{
	ErrPermissionDenied: "check the credentials, and that they allow pulling from this repository",
	ErrNotFound:         "check the name, and the tag or digest",
	ErrTooLarge:         "raise the limit of the registry or of the proxy in front of it",
	ErrInvalid:          "check the name, and the tag or digest",
	ErrUnsupported:      "check whether the registry serves OCI artifacts",
	ErrCorrupt:          "try again; if the error remains, the artifact has to be published again",
}

// inputHint is that of an option, a credential or a proxy that cannot be used, or of a program
// that can open no connection.
func (e *Error) inputHint() string {
	if input, ok := errors.AsType[*inputError](e.Err); ok {
		return input.hint
	}
	if proxy, ok := errors.AsType[*proxyError](e.Err); ok {
		return proxy.Hint()
	}
	if failed, ok := errors.AsType[*net.OpError](e.Err); ok && failed.Op == "proxyconnect" { // as net/http has it
		return "check the proxy, which Registry.Proxy or the environment names, and that it is running; NO_PROXY exempts hosts"
	}
	return advice.OpenFiles(e.Err)
}

// causeHint is more specific than the kind.
func (e *Error) causeHint() string {
	switch {
	case e.RetryAfter > 24*time.Hour:
		return fmt.Sprintf("check the registry, or the proxy in front of it: it asks clients to wait for %v", e.RetryAfter.Truncate(time.Second))
	case e.RetryAfter > 0:
		return fmt.Sprintf("try again in %v, as the registry asks", e.RetryAfter.Round(time.Second))
	case errors.Is(e.Err, errForeignUpload):
		return "set Registry.AllowCrossOriginUploads if that host is to be trusted; behind a proxy, configure the registry with its public address"
	case errors.Is(e.Err, errLocalService):
		return "set Registry.AllowLocalServices if the registry is one of your own"
	case errors.Is(e.Err, errPlainToken):
		return errPlainCredential.(*inputError).hint
	case e.service && e.Kind == ErrUnsupported:
		return "check the URL of the token service in the configuration of the registry: what responds there is none"
	case is[*realmError](e.Err):
		return "configure the registry with the URL of its token service, with https if the registry has TLS"
	case e.Kind == ErrUnsupported && e.StatusCode >= http.StatusOK && e.StatusCode < http.StatusMultipleChoices:
		return "check whether a proxy changes the responses of the registry; otherwise report the status to the owner of the registry"
	case e.Kind == ErrNotRegistry && e.StatusCode == http.StatusForbidden && strings.HasPrefix(e.Reference, "localhost:5000/"):
		return "check the port: on macOS, AirPlay Receiver uses port 5000"
	case e.Kind == ErrNotRegistry && e.StatusCode == http.StatusForbidden:
		return "check the host and port, and the proxies and filters in front of the registry: one of them, or another program, refuses the request"
	case e.Kind == ErrNotRegistry && e.StatusCode != 0 && e.StatusCode != http.StatusBadRequest:
		return "check the host and port, and whether a proxy or a login page responds in place of the registry"
	case e.Kind == ErrUnsupported && e.StatusCode == http.StatusUnauthorized:
		return "ask the owner of the registry to offer Basic or Bearer authentication"
	case e.Kind == ErrPermissionDenied && e.origin == fromFile && e.reads():
		return "log in to the registry again, or log out: without a credential, public repositories can be read"
	case e.Kind == ErrPermissionDenied && e.origin == fromFile && (e.service || e.StatusCode == http.StatusUnauthorized):
		return "log in to the registry again"
	case e.Kind == ErrAuthRequired && e.origin == fromContent:
		return "add an entry for this registry to Registry.DockerConfigJSON"
	case e.Kind == ErrPermissionDenied && e.origin == fromContent && (e.service || e.StatusCode == http.StatusUnauthorized):
		return hintContent
	case e.Kind == ErrAuthRequired && e.origin == fromFunc:
		return "return a credential that this registry accepts from Registry.CredentialFunc"
	case e.Kind == ErrPermissionDenied && e.StatusCode == http.StatusUnauthorized && e.origin == fromFunc:
		return hintFunc
	case e.Kind == ErrPermissionDenied && e.StatusCode == http.StatusUnauthorized:
		return "check Username and Password, or the token"
	case e.Kind == ErrTagConflict && isOneOf(e.StatusCode, http.StatusBadRequest, http.StatusForbidden) && e.Code != codeTagInvalid:
		return "push under another tag if the registry does not let this one be moved; otherwise its message gives the reason"
	case e.Kind == ErrInvalid && isOneOf(e.StatusCode, http.StatusConflict, http.StatusPreconditionFailed):
		return "read the registry's message: a quota or a policy may be the reason"
	case e.Kind == ErrTagConflict && e.StatusCode != 0:
		return "push under another tag: the registry does not let this one be moved"
	case e.Kind == ErrServer && isOneOf(e.StatusCode, http.StatusInsufficientStorage, http.StatusNetworkAuthenticationRequired):
		return "ask the owner of the registry, or of the proxy in front of it: another attempt gets the same response"
	case is[*sizeError](e.Err):
		return "set PullOptions.MaxSize to a larger number of bytes if the artifact is to be trusted"
	case e.Kind == ErrTooLarge && e.StatusCode == 0 && e.reads():
		return "name a smaller artifact: manifests are limited to 4 MiB and 1,000 blobs"
	case e.Kind == ErrTooLarge && e.StatusCode == 0:
		return "split the artifact: manifests are limited to 4 MiB"
	case e.Kind == ErrUnsupported && e.StatusCode == 0:
		return "name the manifest of a single image or artifact"
	case e.Kind != ErrUnreachable && e.Kind != nil:
		return ""
	case errors.Is(e.Err, context.DeadlineExceeded):
		if late, ok := errors.AsType[*lateError](e.Err); ok && late.credential {
			return "check why the credential helper or Registry.CredentialFunc takes so long, or raise " + e.timeOption()
		}
		return "raise " + e.timeOption() + ", or check why the registry does not respond"
	}
	return ""
}

// timeOption names the field of Options that limits the operation. For a verification,
// package oci has a function with a timeout that replaces it.
func (e *Error) timeOption() string {
	if e.Op == opVerify || e.Op == opVerifyRead {
		return "Registry.VerifyTimeout, or the timeout or deadline of the call"
	}
	return "Registry.Timeout or the deadline"
}

// providerHint is for registries whose responses have a meaning of their own.
func (e *Error) providerHint() string {
	host, repository, _ := strings.Cut(e.Reference, "/")
	host, _, _ = strings.Cut(host, ":")
	refused := e.Kind == ErrPermissionDenied || e.Kind == ErrAuthRequired
	switch parts := strings.Count(repository, "/") + 1; {
	case e.reads() && host == "ghcr.io" && refused && e.StatusCode == http.StatusForbidden:
		return "set Username, and as Password a token that may read packages, of a user with access to this one"
	case e.reads() && host == "docker.io" && refused && parts != 2:
		return "write docker.io/<namespace>/<name>: Docker Hub has names of exactly two parts"
	case e.reads():
	case (isBelow(host, "amazonaws.com") || isBelow(host, "amazonaws.com.cn")) && (e.Kind == ErrNotFound || e.Kind == ErrUnreachable && isBroken(e.Err)):
		return "create the repository first: Amazon ECR creates it on push only with a creation template"
	case isBelow(host, "pkg.dev") && e.Kind == ErrNotFound:
		return "create the repository first: Artifact Registry accepts images only below one, as in host/project/repository/name"
	case host == "ghcr.io" && refused && e.StatusCode == http.StatusForbidden:
		return "set Username, and as Password a token that may write packages; if another repository created the package, add this one in its settings, under Manage Actions access"
	case host == "docker.io" && refused && parts != 2:
		return "push to docker.io/<namespace>/<name>: Docker Hub accepts names of exactly two parts"
	case isBelow(host, "azurecr.io") && e.Kind == ErrServer:
		return "check the retention policy and locks of the repository: Azure refuses to move a tag in this way"
	case host == "quay.io" && (e.Kind == ErrInvalid || e.Kind == ErrUnsupported):
		return "ask the owner of the registry to allow OCI artifacts of this type: Quay has a list of them"
	}
	return ""
}

// isBelow reports whether host is domain or a subdomain of it.
func isBelow(host, domain string) bool {
	return host == domain || strings.HasSuffix(host, "."+domain)
}

// certificateHint is that of TLS that one side refuses.
func (e *Error) certificateHint() string {
	if isAlert(e.Err) {
		return "check whether the registry expects a client certificate, which Registry.ClientCertificates presents, and that it accepts TLS 1.2 or newer"
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](e.Err); !ok {
		return ""
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](e.Err); ok {
		return "add the certificate authority of the registry to Registry.RootCAs"
	}
	if _, ok := errors.AsType[x509.HostnameError](e.Err); ok {
		return "use a host name that the certificate is valid for"
	}
	return "renew the certificate of the registry, or correct the clock of this machine"
}
