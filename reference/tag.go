package reference

import (
	"strconv"
	"strings"

	"github.com/kubeoci/oci/internal/version"
)

const (
	maxTag   = 128 // OCI distribution specification, section "Pulling manifests"
	tagBytes = alphanum + "_.-"
)

// CheckTag checks s against the grammar of a tag in the OCI distribution
// specification 1.1, section "Pulling manifests": [a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}.
//
// The error is an [*Error] of kind [ErrInvalidTag]. Its hint proposes a legal tag
// like the refused one where there is any: a-b for a+b, and 1.2.3 for 1.2.3+build, which
// version ranges select, while they pass over 1.2.3-build as a pre-release. It is for
// a person to accept: different texts can lead to the same tag. It proposes none for
// a digest. Text that may hold a secret is not repeated, nor made into a proposal.
func CheckTag(s string) error {
	if screen(s) != nil {
		return &Error{Kind: ErrInvalidTag, Reason: `"@" and "?" are not allowed`, hint: tagHint("")}
	}
	if err := checkTag(s); err != nil {
		return err
	}
	return nil
}

// CheckDigest checks that s is a sha256 or sha512 digest in lower case, the two
// algorithms that the OCI image specification 1.1 registers (section "Digests").
//
// The error is an [*Error] of kind [ErrInvalidDigest].
func CheckDigest(s string) error {
	if screen(s) != nil {
		return &Error{Kind: ErrInvalidDigest, Reason: `"@" and "?" are not allowed`}
	}
	if err := checkDigest(s); err != nil {
		return err
	}
	return nil
}

func checkTag(s string) *Error {
	var reason string
	switch {
	case s == "":
		reason = "missing"
	case len(s) > maxTag:
		reason = "longer than 128 bytes"
	case s[0] == '.' || s[0] == '-':
		reason = "starts with " + strconv.Quote(s[:1])
	default:
		reason = checkBytes(s, tagBytes)
	}
	if reason == "" {
		return nil
	}
	return newError(ErrInvalidTag, s, reason, tagHint(s))
}

// tagHint proposes the legal runs at the beginning of s, joined by hyphens.
func tagHint(s string) string {
	if resemblesDigest(s) {
		return "a digest is the result of a push: set Version to a tag"
	}
	reason := ""
	if release, unselectable := version.Selectable(s); unselectable {
		s, reason = release, " without the build metadata: with a hyphen in front, version ranges would pass over it"
	}
	runs := strings.FieldsFunc(s[:min(len(s), maxTag)], func(r rune) bool {
		return !strings.ContainsRune(tagBytes, r)
	})
	proposal := strings.TrimLeft(strings.Join(runs, "-"), ".-")
	if proposal == "" {
		return "write a tag such as v1.0.0"
	}
	return "write " + strconv.Quote(proposal) + reason
}
