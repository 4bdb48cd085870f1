package registry

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"oras.land/oras-go/v2/registry/remote/errcode"
)

// maxErrorBytes is what is read of an answer that is an error.
const maxErrorBytes = 8 << 10

// answerError is an answer that is not what was asked for.
type answerError struct {
	method      string
	manifest    bool // or what is said of one
	status      int
	code        string // the registry's own, if it gave one
	message     string
	contentType string
	retryAfter  time.Duration
	given       bool // there was a credential
	// lost says that the answer is about an upload that the registry does not
	// know any more, as happens behind a load balancer.
	lost bool
}

func (e *answerError) Error() string { return "status " + strconv.Itoa(e.status) }

// expect returns the answer if it has one of the statuses, and closes it if not.
func expect(resp *http.Response, statuses ...int) error {
	for _, status := range statuses {
		if resp.StatusCode == status {
			return nil
		}
	}
	defer func() { _ = resp.Body.Close() }() // only read from
	e := newAnswerError(resp)
	var body struct {
		Errors errcode.Errors `json:"errors"`
	}
	// What is read to its end leaves a connection that can be used again.
	data, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBytes))
	if json.Unmarshal(data, &body) == nil && len(body.Errors) > 0 {
		e.code, e.message = body.Errors[0].Code, body.Errors[0].Message
	}
	return e
}

func newAnswerError(resp *http.Response) *answerError {
	contentType, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	return &answerError{
		method:      resp.Request.Method,
		manifest:    strings.Contains(resp.Request.URL.Path, "/manifests/"),
		status:      resp.StatusCode,
		contentType: contentType,
		retryAfter:  retryAfter(resp.Header.Get("Retry-After"), time.Now()),
	}
}

// retryAfter reads the header of that name, which has seconds or a date (RFC
// 9110 section 10.2.3). What it cannot read, or is in the past, is zero.
func retryAfter(header string, now time.Time) time.Duration {
	seconds, err := strconv.ParseUint(strings.TrimSpace(header), 10, 31)
	if err == nil || errors.Is(err, strconv.ErrRange) { // and seconds is the largest there is
		return time.Duration(seconds) * time.Second
	}
	date, err := http.ParseTime(header)
	if err != nil {
		return 0
	}
	return max(date.Sub(now), 0)
}

// Codes by which a registry says that it does not know an upload
// (distribution-spec v1.1, "Error Codes").
const (
	codeUploadUnknown = "BLOB_UPLOAD_UNKNOWN"
	codeUploadInvalid = "BLOB_UPLOAD_INVALID"
)

// markLost marks an answer to what was sent to an upload.
func markLost(err error) error {
	answer, ok := errors.AsType[*answerError](err)
	if ok && (answer.status == http.StatusNotFound || answer.code == codeUploadUnknown || answer.code == codeUploadInvalid) {
		answer.lost = true
	}
	return err
}

// codeTooManyRequests is what registries answer, with several statuses, to who
// asks too often (distribution-spec v1.1, "Error Codes").
const codeTooManyRequests = "TOOMANYREQUESTS"

// mayPass reports whether the same request may get another answer later.
func (e *answerError) mayPass() bool {
	if e.lost {
		return true
	}
	switch e.status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported,
		http.StatusInsufficientStorage, http.StatusNetworkAuthenticationRequired:
		return false
	case http.StatusForbidden:
		return e.code == codeTooManyRequests
	}
	return e.status >= http.StatusInternalServerError
}

// isPage reports whether the answer is for people.
func (e *answerError) isPage() bool { return e.code == "" && e.contentType == "text/html" }

// throttled reports whether the answer concerns whatever the client asks.
func (e *answerError) throttled() bool {
	return e.status == http.StatusTooManyRequests || e.code == codeTooManyRequests ||
		e.status == http.StatusServiceUnavailable && e.retryAfter > 0
}

// comeBack returns the answer for a request that is not sent before the time that is
// left has passed.
func (e *answerError) comeBack(left time.Duration) error {
	later := *e
	later.retryAfter = left
	return &later
}

// hasStatus reports whether err is an answer with one of the statuses.
func hasStatus(err error, statuses ...int) bool {
	answer, ok := errors.AsType[*answerError](err)
	if !ok {
		return false
	}
	for _, status := range statuses {
		if answer.status == status {
			return true
		}
	}
	return false
}
