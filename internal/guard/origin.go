package guard

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"
)

// MaxRedirects is the limit of net/http.
const MaxRedirects = 10

// MayFollow reports whether a redirect of the requests in via, oldest first, is to be
// followed by req: one that only reads, and none from TLS to plain HTTP, or to a scheme
// other than these, which a transport of the caller may know. Content stays with the
// origin it is meant for, because another one could accept it and report success.
func MayFollow(req *http.Request, via []*http.Request) bool {
	first := via[0].URL
	if req.URL.Scheme != "https" && (first.Scheme == "https" || req.URL.Scheme != "http") {
		return false
	}
	reads := req.Method == http.MethodGet || req.Method == http.MethodHead
	return reads || SameOrigin(first, req.URL)
}

// SameOrigin compares scheme, host and port (RFC 6454 section 4).
func SameOrigin(a, b *url.URL) bool {
	return strings.EqualFold(a.Scheme, b.Scheme) &&
		strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

func port(u *url.URL) string {
	if u.Port() == "" && strings.EqualFold(u.Scheme, "https") {
		return "443"
	}
	return cmp.Or(u.Port(), "80")
}
