package registry

import (
	"net/http"
	"slices"
)

// kinds are the classes of responses, in the order in which they are tried: the first
// that matches applies. They depend on the status and, where it tells more, on the
// registry's own code (distribution-spec v1.1, "Error Codes").
var kinds = []struct {
	matches func(*responseError) bool
	kind    error
}{
	{(*responseError).limited, ErrRateLimited},
	{(*responseError).isNoTokenService, ErrUnsupported},
	{func(e *responseError) bool { return e.challenges != nil }, ErrUnsupported},
	{(*responseError).isForeignDenial, ErrNotRegistry},
	{func(e *responseError) bool { return e.isDenial() && !e.given }, ErrAuthRequired},
	{(*responseError).isDenial, ErrPermissionDenied},
	{func(e *responseError) bool { return e.isSuccess() && !e.isPage() }, ErrUnsupported},
	{(*responseError).isForeign, ErrNotRegistry},
	{withStatus(http.StatusNotFound), ErrNotFound},
	{withStatus(http.StatusRequestEntityTooLarge), ErrTooLarge},
	{withStatus(http.StatusMethodNotAllowed, http.StatusUnsupportedMediaType, http.StatusNotImplemented,
		http.StatusHTTPVersionNotSupported), ErrUnsupported},
	{func(e *responseError) bool { return e.code == codeUnsupported }, ErrUnsupported},
	{withStatus(http.StatusRequestTimeout, http.StatusTooEarly), ErrServer},
	{func(e *responseError) bool { return e.status >= http.StatusInternalServerError }, ErrServer},
}

// kind returns the class of the response.
func (e *responseError) kind() error {
	for _, k := range kinds {
		if k.matches(e) {
			return k.kind
		}
	}
	return ErrInvalid
}

func withStatus(statuses ...int) func(*responseError) bool {
	return func(e *responseError) bool { return isOneOf(e.status, statuses...) }
}

func (e *responseError) isDenial() bool {
	return isOneOf(e.status, http.StatusUnauthorized, http.StatusForbidden)
}

// isNoTokenService reports whether no token service gives the response, although the
// registry names one there.
func (e *responseError) isNoTokenService() bool {
	return e.token && (e.status < http.StatusBadRequest || isOneOf(e.status, http.StatusNotFound, http.StatusMethodNotAllowed) ||
		e.isPage() && e.status < http.StatusInternalServerError && e.status != http.StatusUnauthorized)
}

// isForeignDenial reports whether another program than a registry forbids the request, such
// as a filter. A registry writes an error body or a challenge, and some nothing but the
// header of the API. The response to HEAD has no body, and does not tell.
func (e *responseError) isForeignDenial() bool {
	return e.status == http.StatusForbidden && !e.token && e.method != http.MethodHead && e.isAnonymous()
}

// isAnonymous reports whether nothing in the response is of a registry.
func (e *responseError) isAnonymous() bool {
	return e.code+e.message == "" && (e.isPage() || !e.signed)
}

// isForeign reports whether no registry gives the response.
func (e *responseError) isForeign() bool {
	switch {
	case e.status < http.StatusBadRequest, e.status == http.StatusNetworkAuthenticationRequired:
		return true
	case e.code != "":
		return false
	case e.isPage() && e.method != http.MethodPut: // of a web server without a registry
		if isOneOf(e.status, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented) {
			return true
		}
	}
	return e.status == http.StatusNotFound && e.method == http.MethodPost && e.isAnonymous() || e.mayExpectTLS()
}

// mayExpectTLS reports whether a TLS port can have answered to plain HTTP.
func (e *responseError) mayExpectTLS() bool {
	return e.status == http.StatusBadRequest && e.isAnonymous() && e.plain && !e.known
}

// isSuccess reports whether the status is one of success, but not the one for the request.
func (e *responseError) isSuccess() bool {
	return e.status >= http.StatusOK && e.status < http.StatusMultipleChoices
}

// keepsTag reports whether the response refuses to move a tag if it points to another
// manifest.
func (e *responseError) keepsTag() bool {
	if !e.manifest || e.method != http.MethodPut {
		return false
	}
	return e.isConflict() || isOneOf(e.status, http.StatusBadRequest, http.StatusForbidden) && slices.Contains(codesOfTags, e.code)
}

// isConflict reports whether the response can mean nothing else.
func (e *responseError) isConflict() bool {
	return isOneOf(e.status, http.StatusConflict, http.StatusPreconditionFailed) ||
		e.status == http.StatusBadRequest && e.code == codeTagInvalid // ECR
}

// codesOfTags are the codes with which registries refuse to move a tag. Most have other
// meanings, too. BLOB_UPLOAD_INVALID is that of Nexus.
var codesOfTags = []string{codeTagInvalid, "TAG_IMMUTABLE", codeUploadInvalid, "MANIFEST_INVALID", "DENIED", "UNKNOWN"}
