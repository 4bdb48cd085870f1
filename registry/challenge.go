package registry

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/kubeoci/oci/internal/challenge"
)

const headerChallenge = "Www-Authenticate"

// withOneChallenge returns the header of a refusal with the challenge to respond to,
// because package auth reads no more than the first. Without one that it knows, the header
// stays as it is.
func withOneChallenge(header http.Header) http.Header {
	best, rank := challenge.Challenge{}, 0
	for _, c := range challenge.Parse(header[headerChallenge]) {
		if r := rankOf(c); r > rank {
			best, rank = c, r
		}
	}
	if rank == 0 {
		return header
	}
	header = header.Clone()
	header.Set(headerChallenge, fmt.Sprintf("%s realm=%q, service=%q, scope=%q",
		best.Scheme, best.Params["realm"], best.Params["service"], best.Params["scope"])) // quoted as package auth reads it
	return header
}

// rankOf is higher for a challenge to prefer, and 0 for one of an unknown scheme. Without
// a realm there is no token service to ask.
func rankOf(c challenge.Challenge) int {
	switch {
	case strings.EqualFold(c.Scheme, "bearer") && c.Params["realm"] != "":
		return 3
	case strings.EqualFold(c.Scheme, "basic"):
		return 2
	case strings.EqualFold(c.Scheme, "bearer"):
		return 1
	}
	return 0
}

// Bounds on the schemes that an error lists.
const (
	maxSchemes     = 4
	maxSchemeBytes = 32
)

// unknownChallenges returns the headers of a refusal if this package knows none of the
// schemes in them.
func unknownChallenges(resp *http.Response) []string {
	all := challenge.Parse(resp.Header[headerChallenge])
	if resp.StatusCode != http.StatusUnauthorized || len(all) == 0 || slices.ContainsFunc(all, func(c challenge.Challenge) bool { return rankOf(c) > 0 }) {
		return nil
	}
	return resp.Header[headerChallenge]
}

// schemesIn lists the schemes in a header. An ellipsis stands for those beyond the bound.
func schemesIn(header string) string {
	var schemes []string
	for _, c := range challenge.Parse([]string{header}) {
		scheme := cut(c.Scheme, maxSchemeBytes)
		if len(schemes) <= maxSchemes && !slices.ContainsFunc(schemes, func(s string) bool { return strings.EqualFold(s, scheme) }) {
			schemes = append(schemes, scheme)
		}
	}
	if len(schemes) > maxSchemes {
		schemes[maxSchemes] = "…"
	}
	return strings.Join(schemes, ", ")
}
