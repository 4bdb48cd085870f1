package faults

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Status answers without asking the registry, in its form if there is a code.
// The rest are the names and values of headers.
func Status(status int, code string, headers ...string) Fault {
	contentType, body := "text/plain", ""
	if code != "" {
		contentType, body = "application/json", fmt.Sprintf(`{"errors":[{"code":%q,"message":"an injected fault"}]}`, code)
	}
	fault := Body(status, contentType, body, headers...)
	fault.Name = strings.Join(append([]string{strconv.Itoa(status), code}, headers...), " ")
	return fault
}

// Body answers with a text without asking the registry.
func Body(status int, contentType, body string, headers ...string) Fault {
	return Fault{fmt.Sprintf("%d with %d bytes of %s", status, len(body), contentType), func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", contentType)
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body) // to HEAD it is an error
	}}
}

// Page answers with a web page, and status 200.
func Page() Fault { return Body(http.StatusOK, "text/html", "<html><body>Welcome</body></html>") }

// RetryAfterDate answers with a status, and says when to come back in the form
// of a date. It has whole seconds, and is never early.
func RetryAfterDate(status int, wait time.Duration) Fault {
	return Fault{fmt.Sprint(status, " until a date in ", wait), func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
		date := time.Now().Add(wait + time.Second - 1).UTC().Format(http.TimeFormat)
		Status(status, "", "Retry-After", date).serve(w, r, registry)
	}}
}

// Expired asks the registry as if the token were not there.
func Expired() Fault {
	return Fault{"expired token", func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
		r = r.Clone(r.Context())
		r.Header.Del("Authorization")
		registry.ServeHTTP(w, r)
	}}
}

// Claim answers that what was asked for is there, with the size that is given
// for it, and sends nothing of it.
func Claim(size func(about string) int64) Fault {
	return Fault{"claim to have it", func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		_, about := KindOf(r)
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Content-Length", strconv.FormatInt(size(about), 10))
		w.Header().Set("Docker-Content-Digest", about)
	}}
}

// Redirect sends the client to the same path below another origin, which is a
// scheme and a host. An empty one is where it came from.
func Redirect(origin string) Fault {
	return Fault{"redirect to " + origin, func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		w.Header().Set("Location", origin+r.URL.RequestURI())
		w.WriteHeader(http.StatusTemporaryRedirect)
	}}
}

// Header has another value for a header of the registry's answer. Empty means
// that it is not there.
func Header(name, value string) Fault {
	return altered(fmt.Sprintf("%s: %q", name, value), func(_ *http.Request, answer *httptest.ResponseRecorder) {
		if answer.Header().Del(name); value != "" {
			answer.Header().Set(name, value)
		}
	})
}

// Location has another place for the upload that the registry opened, made from
// the one that it names.
func Location(name string, change func(r *http.Request, place *url.URL) string) Fault {
	return altered(name, func(r *http.Request, answer *httptest.ResponseRecorder) {
		if place, err := url.Parse(answer.Header().Get("Location")); err == nil {
			answer.Header().Set("Location", change(r, place))
		}
	})
}

// Corrupted has one byte of the answer's body changed.
func Corrupted() Fault {
	return altered("corrupted", func(_ *http.Request, answer *httptest.ResponseRecorder) {
		if body := answer.Body.Bytes(); len(body) > 0 {
			body[len(body)/2] ^= 1
		}
	})
}

// Truncated answers with half of the body, as if that were all.
func Truncated() Fault {
	return altered("truncated", func(_ *http.Request, answer *httptest.ResponseRecorder) {
		answer.Body.Truncate(answer.Body.Len() / 2)
		answer.Header().Del("Content-Length")
	})
}

// altered changes the answer of the registry before it is sent.
func altered(name string, change func(*http.Request, *httptest.ResponseRecorder)) Fault {
	return Fault{name, func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
		answer := record(r, registry)
		change(r, answer)
		send(w, r, answer)
	}}
}

func send(w http.ResponseWriter, r *http.Request, answer *httptest.ResponseRecorder) {
	sendHeader(w, r, answer)
	_, _ = w.Write(answer.Body.Bytes()) // the client is gone
}

// record returns the registry's answer to a request that has arrived in full:
// net/http does not learn of clients that leave before that.
func record(r *http.Request, registry http.Handler) *httptest.ResponseRecorder {
	whole(r)
	answer := httptest.NewRecorder()
	registry.ServeHTTP(answer, r)
	if r.Method == http.MethodHead {
		answer.Body.Reset() // which net/http would not send
	}
	return answer
}

// whole reads the request's body, so that it can be read again.
func whole(r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		cut()
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
}

// sendHeader says how much there is to come, where there can be anything.
func sendHeader(w http.ResponseWriter, r *http.Request, answer *httptest.ResponseRecorder) {
	for name, values := range answer.Header() {
		w.Header()[name] = values
	}
	if r.Method != http.MethodHead && answer.Code != http.StatusNoContent {
		w.Header().Set("Content-Length", strconv.Itoa(answer.Body.Len()))
	}
	w.WriteHeader(answer.Code)
}
