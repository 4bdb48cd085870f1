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

// Status responds without calling the registry, with an error body if there is a code.
// The rest are names and values of headers.
func Status(status int, code string, headers ...string) Fault {
	contentType, body := "text/plain", ""
	if code != "" {
		contentType, body = "application/json", fmt.Sprintf(`{"errors":[{"code":%q,"message":"an injected fault"}]}`, code)
	}
	fault := Body(status, contentType, body, headers...)
	fault.Name = strings.Join(append([]string{strconv.Itoa(status), code}, headers...), " ")
	return fault
}

// Body responds with a text without calling the registry.
func Body(status int, contentType, body string, headers ...string) Fault {
	return Fault{fmt.Sprintf("%d with %d bytes of %s", status, len(body), contentType), func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", contentType)
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body) // an error for HEAD
	}}
}

// Page responds with status 200 and a web page.
func Page() Fault { return Body(http.StatusOK, "text/html", "<html><body>Welcome</body></html>") }

// RetryAfterDate responds with a status and a date in Retry-After, which has whole
// seconds and is never early.
func RetryAfterDate(status int, wait time.Duration) Fault {
	return Fault{fmt.Sprint(status, " until a date in ", wait), func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
		date := time.Now().Add(wait + time.Second - 1).UTC().Format(http.TimeFormat)
		Status(status, "", "Retry-After", date).serve(w, r, registry)
	}}
}

// Expired calls the registry without the token.
func Expired() Fault {
	return Fault{"expired token", func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
		r = r.Clone(r.Context())
		r.Header.Del("Authorization")
		registry.ServeHTTP(w, r)
	}}
}

// Claim responds that the object exists, with the given size, and sends no content.
func Claim(size func(about string) int64) Fault {
	return Fault{"claim to have it", func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		_, about := KindOf(r)
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Content-Length", strconv.FormatInt(size(about), 10))
		w.Header().Set("Docker-Content-Digest", about)
	}}
}

// Redirect redirects to the same path of another origin, which is a scheme and a host.
// An empty one is the origin of the request.
func Redirect(origin string) Fault {
	return Fault{"redirect to " + origin, func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		w.Header().Set("Location", origin+r.URL.RequestURI())
		w.WriteHeader(http.StatusTemporaryRedirect)
	}}
}

// Header replaces a header of the registry's response, or removes it if value is
// empty.
func Header(name, value string) Fault {
	return altered(fmt.Sprintf("%s: %q", name, value), func(_ *http.Request, resp *httptest.ResponseRecorder) {
		if resp.Header().Del(name); value != "" {
			resp.Header().Set(name, value)
		}
	})
}

// Location replaces the location of the upload that the registry opened by one made
// from it.
func Location(name string, change func(r *http.Request, location *url.URL) string) Fault {
	return altered(name, func(r *http.Request, resp *httptest.ResponseRecorder) {
		if location, err := url.Parse(resp.Header().Get("Location")); err == nil {
			resp.Header().Set("Location", change(r, location))
		}
	})
}

// Corrupted changes one byte of the response body.
func Corrupted() Fault {
	return altered("corrupted", func(_ *http.Request, resp *httptest.ResponseRecorder) {
		if body := resp.Body.Bytes(); len(body) > 0 {
			body[len(body)/2] ^= 1
		}
	})
}

// Truncated responds with half of the body as if it were complete.
func Truncated() Fault {
	return altered("truncated", func(_ *http.Request, resp *httptest.ResponseRecorder) {
		resp.Body.Truncate(resp.Body.Len() / 2)
		resp.Header().Del("Content-Length")
	})
}

// altered changes the response of the registry before it is sent.
func altered(name string, change func(*http.Request, *httptest.ResponseRecorder)) Fault {
	return Fault{name, func(w http.ResponseWriter, r *http.Request, registry http.Handler) {
		resp := record(r, registry)
		change(r, resp)
		send(w, r, resp)
	}}
}

func send(w http.ResponseWriter, r *http.Request, resp *httptest.ResponseRecorder) {
	sendHeader(w, r, resp)
	_, _ = w.Write(resp.Body.Bytes()) // the client is gone
}

// record returns the registry's response to a request that has arrived completely,
// because net/http does not notice clients that disconnect before that.
func record(r *http.Request, registry http.Handler) *httptest.ResponseRecorder {
	buffer(r)
	resp := httptest.NewRecorder()
	registry.ServeHTTP(resp, r)
	if r.Method == http.MethodHead {
		resp.Body.Reset() // net/http would not send it
	}
	return resp
}

// buffer reads the request body, so that it can be read again.
func buffer(r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		cut()
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
}

// sendHeader sends the header with the length of the body, if a body is allowed.
func sendHeader(w http.ResponseWriter, r *http.Request, resp *httptest.ResponseRecorder) {
	for name, values := range resp.Header() {
		w.Header()[name] = values
	}
	if r.Method != http.MethodHead && resp.Code != http.StatusNoContent {
		w.Header().Set("Content-Length", strconv.Itoa(resp.Body.Len()))
	}
	w.WriteHeader(resp.Code)
}
