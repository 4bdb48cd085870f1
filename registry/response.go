package registry

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"oras.land/oras-go/v2/registry/remote/errcode"

	"github.com/kubeoci/oci/internal/guard"
)

// maxErrorBytes bounds how much of an error response is read.
const maxErrorBytes = 8 << 10

// responseError is a response with an unexpected status.
type responseError struct {
	method      string
	manifest    bool // it is about a manifest
	status      int
	code        string // the registry's own, if it gave one
	message     string
	detail      string // if it is text
	contentType string
	server      string // the name that it gives itself
	signed      bool   // by headers or a body that only registries send
	retryAfter  time.Duration
	from        *url.URL // it came from this one
	given       bool     // a credential was sent, or would have been
	owner       *owner   // of that, if it was looked up
	plain       bool     // over plain HTTP
	challenges  []string // if this package knows none of their schemes
	// token is set for a response of the token service.
	token bool
	// repeated is set for a doubtful denial after the last attempt.
	repeated bool
	// known is set if the host has responded as a registry before in the same call.
	known bool
	// unsure is set if the request may have set the tag nevertheless.
	unsure bool
	// lost is set if the registry seems to have lost the content: it does not know the
	// upload any more, as happens behind a load balancer, or finds another digest. So is it
	// if somebody on the way refuses to ask before the content is sent (RFC 9110, section
	// 10.1.1): the next attempt does not.
	lost bool
}

func (e *responseError) Error() string { return "status " + strconv.Itoa(e.status) }

// expect returns nil if the response has one of the statuses. Otherwise the caller has to
// close it. The error is that of reading the body if only that tells whether a registry responded.
func expect(resp *http.Response, statuses ...int) error {
	for _, status := range statuses {
		if resp.StatusCode == status {
			return nil
		}
	}
	e := newResponseError(resp)
	var body struct {
		Errors errcode.Errors `json:"errors"`
	}
	// A body that is read to its end leaves the connection reusable.
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxErrorBytes))
	if json.Unmarshal(data, &body) == nil {
		e.quote(body.Errors)
	}
	// The body may be longer than the part that was read.
	e.signed = e.signed || bytes.HasPrefix(bytes.TrimSpace(data), []byte(`{"errors"`))
	if err != nil && e.kind() == ErrNotRegistry {
		return connectionError(err)
	}
	return e
}

// quote takes over the first of the errors in a body.
func (e *responseError) quote(all errcode.Errors) {
	if len(all) > 0 {
		e.code, e.message = all[0].Code, all[0].Message
		e.detail, _ = all[0].Detail.(string)
	}
}

func newResponseError(resp *http.Response) *responseError {
	contentType, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	return &responseError{
		method:      resp.Request.Method,
		manifest:    isManifestPath(resp.Request.URL.Path),
		status:      resp.StatusCode,
		plain:       resp.Request.URL.Scheme == "http",
		contentType: contentType,
		server:      resp.Header.Get("Server"),
		signed:      resp.Header.Get(headerChallenge) != "" || resp.Header.Get("Docker-Distribution-Api-Version") != "",
		retryAfter:  retryAfter(resp.Header.Get("Retry-After"), time.Now()),
		from:        resp.Request.URL,
		challenges:  unknownChallenges(resp),
	}
}

// maxRetryAfter is the longest wait that a server may ask for. Those of public registries
// are minutes, and a header is a single number: a mistake must not stop clients for years.
const maxRetryAfter = time.Hour

// retryAfter parses the header of that name, which has seconds or a date (RFC
// 9110 section 10.2.3). An invalid header, or a date in the past, is zero. A time that is
// too long for a Duration is the longest there is, 292 years.
func retryAfter(header string, now time.Time) time.Duration {
	seconds, err := strconv.ParseUint(strings.TrimSpace(header), 10, 64)
	if err == nil || errors.Is(err, strconv.ErrRange) { // and seconds is the largest there is
		if seconds > uint64(math.MaxInt64/time.Second) {
			return math.MaxInt64
		}
		return time.Duration(seconds) * time.Second
	}
	date, err := http.ParseTime(header)
	if err != nil {
		return 0
	}
	return max(date.Sub(now), 0)
}

// Error codes of registries that tell more than the status (distribution-spec v1.1,
// "Error Codes", except for codeTagInvalid).
const (
	codeBlobUnknown         = "BLOB_UNKNOWN"
	codeManifestBlobUnknown = "MANIFEST_BLOB_UNKNOWN"
	codeTagInvalid          = "TAG_INVALID"
	codeTooManyRequests     = "TOOMANYREQUESTS" // with several statuses
	codeUnsupported         = "UNSUPPORTED"
	codeDigestInvalid       = "DIGEST_INVALID"
	codeUploadInvalid       = "BLOB_UPLOAD_INVALID"
	codeUploadUnknown       = "BLOB_UPLOAD_UNKNOWN"
)

// markLost marks a response to content that was sent to an upload.
func markLost(err error) error {
	resp, ok := errors.AsType[*responseError](err)
	if ok && (resp.status == http.StatusNotFound || resp.status == http.StatusExpectationFailed || resp.code == codeUploadUnknown || resp.code == codeUploadInvalid) {
		resp.lost = true
	}
	return err
}

// retryable reports whether the same request may get another response later.
func (e *responseError) retryable() bool {
	switch {
	case e.retryAfter > maxRetryAfter:
		return false
	case e.lost, e.limited(), e.doubtfulDenial():
		return true
	case isOneOf(e.status, http.StatusRequestTimeout, http.StatusTooEarly):
		return true
	case isOneOf(e.status, http.StatusNotImplemented, http.StatusHTTPVersionNotSupported,
		http.StatusInsufficientStorage, http.StatusNetworkAuthenticationRequired):
		return false
	}
	return e.status >= http.StatusInternalServerError
}

// limited reports whether the client made too many requests. GHCR answers 403 to
// one that exceeds its secondary rate limit.
func (e *responseError) limited() bool {
	return e.status == http.StatusTooManyRequests || e.code == codeTooManyRequests ||
		e.status == http.StatusForbidden && e.retryAfter > 0
}

// doubtfulDenial reports whether a token service denied a token that it may grant later. That of
// GHCR does so at times. A denial by a registry is final.
func (e *responseError) doubtfulDenial() bool { return e.isTokenDenial() && !e.repeated }

// isTokenDenial reports whether a token service denied a credential, or that of GHCR a
// token for everybody. Without a credential, other denials mean that one is needed.
func (e *responseError) isTokenDenial() bool {
	asked := e.given || e.status == http.StatusForbidden && e.from.Hostname() == "ghcr.io"
	return e.token && asked && e.isDenial() && !e.limited() && !e.isNoTokenService()
}

// throttles reports whether the response concerns every request to the server: it is no
// response of a token service or storage elsewhere.
func (e *responseError) throttles(server *url.URL) bool {
	if !guard.SameOrigin(e.from, server) {
		return false
	}
	return e.limited() || e.status == http.StatusServiceUnavailable && e.retryAfter > 0
}

// isPage reports whether the response is a web page.
func (e *responseError) isPage() bool { return e.code == "" && e.contentType == "text/html" }

// comeBack returns the error for a request that is not sent because the registry asked
// the client to wait. It has a copy, because other calls than that of e use it.
func (e responseError) comeBack(left time.Duration) error {
	e.retryAfter = left
	return &e
}

// subject returns a request to the registry and its object, in words.
func subject(method string, path string) string {
	object := "an upload"
	switch {
	case isManifestPath(path):
		object = "a manifest"
	case strings.HasSuffix(path, "/tags/list"):
		object = "the list of tags"
	case method == http.MethodGet, method == http.MethodHead:
		object = "a blob"
	}
	return method + " of " + object
}

func isManifestPath(path string) bool { return strings.Contains(path, "/manifests/") }

// hasStatus reports whether err is a response of the registry with one of the statuses.
func hasStatus(err error, statuses ...int) bool {
	resp, ok := errors.AsType[*responseError](err)
	return ok && !resp.token && isOneOf(resp.status, statuses...)
}

// isSuccess reports whether err is a response with a status of success that is not the one
// for the request.
func isSuccess(err error) bool {
	resp, ok := errors.AsType[*responseError](err)
	return ok && !resp.token && resp.isSuccess()
}

func isOneOf(status int, statuses ...int) bool {
	for _, s := range statuses {
		if status == s {
			return true
		}
	}
	return false
}
