package registry

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/kubeoci/oci/internal/challenge"
)

// usualChallenge is the challenge of a registry, as a Client met it with a credential or
// token that the registry then accepted. It is taken for that of a repository which was not
// asked for one yet: such a request would be refused, at the cost of a round trip. If a
// registry turns out to want something else for some repositories, it is always asked.
type usualChallenge struct {
	ability
	header atomic.Pointer[string]
}

// expected returns the challenge to expect, or nil.
func (u *usualChallenge) expected() *string {
	if u.isRefused() {
		return nil
	}
	return u.header.Load()
}

// learn remembers the challenge of a refusal without its scope, which is that of one
// repository: package auth knows which scopes a request needs.
func (u *usualChallenge) learn(header string) {
	for _, c := range challenge.Parse([]string{header}) {
		delete(c.Params, "scope")
		usual := headerOf(c)
		u.header.Store(&usual)
	}
}

// refusalOf returns the response of a registry to a request that it refuses with a
// challenge.
func refusalOf(req *http.Request, challenge string) *http.Response {
	if req.Body != nil {
		_ = req.Body.Close() // as a RoundTripper has to
	}
	return &http.Response{
		Status:     fmt.Sprint(http.StatusUnauthorized, " ", http.StatusText(http.StatusUnauthorized)),
		StatusCode: http.StatusUnauthorized,
		Proto:      "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:  http.Header{headerChallenge: {challenge}},
		Body:    io.NopCloser(strings.NewReader("")),
		Request: req,
	}
}

// refusesPassword reports whether a registry refuses a request that had a password, and asks
// for one again.
func refusesPassword(resp *http.Response) bool {
	_, _, sent := resp.Request.BasicAuth()
	return sent && resp.StatusCode == http.StatusUnauthorized && slices.ContainsFunc(challenge.Parse(resp.Header.Values(headerChallenge)), func(c challenge.Challenge) bool {
		return strings.EqualFold(c.Scheme, "Basic")
	})
}
