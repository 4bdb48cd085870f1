package gitops

import (
	"regexp"
	"regexp/syntax"
	"slices"
)

// Verification makes Flux verify the signature of an artifact before it reads it. The zero
// value verifies nothing. Set Secret for a key, Identities for a keyless signature of cosign,
// or Notation and Secret.
type Verification struct {
	// Notation selects notation. The default is cosign.
	Notation bool
	// Secret is the name of a Secret in the namespace of the OCIRepository: with public keys
	// in entries that end in .pub for cosign, or with trustpolicy.json and certificates that
	// end in .crt or .pem for notation.
	Secret string
	// Identities are the signers to trust without a key: one of them must match. Flux itself
	// takes none for any signer, which is refused here.
	Identities []Identity
	// TrustedRoot is the name of a Secret with a trusted_root.json of another Sigstore than the
	// public one. Flux knows it since source-controller 1.9.
	TrustedRoot string
}

// Identity is the identity in the certificate of a keyless signature. Both fields are regular
// expressions in Go syntax that must start with ^ and end with $, each alternative of them,
// since Flux would take a match anywhere in the text: https://evil.example/https://github.com/acme.
type Identity struct {
	Issuer  string
	Subject string
}

// ExactIdentity returns the identity that matches this issuer and this subject alone, such as
// "https://token.actions.githubusercontent.com" and
// "https://github.com/acme/shop/.github/workflows/push.yaml@refs/heads/main".
func ExactIdentity(issuer, subject string) Identity {
	return Identity{"^" + regexp.QuoteMeta(issuer) + "$", "^" + regexp.QuoteMeta(subject) + "$"}
}

// verify is spec.verify of an OCIRepository.
type verify struct {
	Provider    string         `yaml:"provider"`
	SecretRef   *named         `yaml:"secretRef,omitempty"`
	Identities  []oidcIdentity `yaml:"matchOIDCIdentity,omitempty"`
	TrustedRoot *named         `yaml:"trustedRootSecretRef,omitempty"`
}

type oidcIdentity struct {
	Issuer  string `yaml:"issuer"`
	Subject string `yaml:"subject"`
}

// spec returns nil if nothing is to be verified.
func (v Verification) spec() (*verify, error) {
	if !v.Notation && v.Secret == "" && len(v.Identities) == 0 && v.TrustedRoot == "" {
		return nil, nil
	}
	if err := v.check(); err != nil {
		return nil, err
	}
	spec := &verify{Provider: "cosign", SecretRef: secretRef(v.Secret), TrustedRoot: secretRef(v.TrustedRoot)}
	if v.Notation {
		spec.Provider = "notation"
	}
	for _, id := range v.Identities {
		spec.Identities = append(spec.Identities, oidcIdentity(id))
	}
	return spec, nil
}

func (v Verification) check() error {
	switch {
	case v.Notation && v.Secret == "":
		return setting("Verify.Secret", "", "missing, and notation needs a trust policy and certificates", "")
	case v.Notation && (len(v.Identities) > 0 || v.TrustedRoot != ""):
		return setting("Verify.Notation", "", "Identities and TrustedRoot are those of cosign", "unset Verify.Identities and Verify.TrustedRoot")
	case v.Secret != "" && len(v.Identities) > 0:
		return setting("Verify.Identities", "", "Flux ignores them if Secret is set", "unset one of Verify.Secret and Verify.Identities")
	case v.Secret == "" && len(v.Identities) == 0:
		return setting("Verify.Identities", "", "missing, and Flux would accept any signer", "set Verify.Identities or Verify.Secret")
	}
	for _, id := range v.Identities {
		if err := checkPattern("Verify.Identities.Issuer", id.Issuer); err != nil {
			return err
		}
		if err := checkPattern("Verify.Identities.Subject", id.Subject); err != nil {
			return err
		}
	}
	return checkOptional(checkSecret, "Verify.Secret", v.Secret, "Verify.TrustedRoot", v.TrustedRoot)
}

func checkPattern(field, pattern string) error {
	parsed, err := syntax.Parse(pattern, syntax.Perl) // as package regexp does
	switch {
	case err != nil:
		return setting(field, pattern, "not a regular expression", "")
	case !isBound(parsed, syntax.OpBeginText), !isBound(parsed, syntax.OpEndText):
		return setting(field, pattern, "not a pattern that starts with ^ and ends with $ in each alternative",
			"use ExactIdentity for a literal identity, and a group for alternatives: ^(a|b)$")
	}
	return checkText(field, pattern)
}

// isBound reports whether every match of an expression begins with the begin of the text, or
// ends with its end. Each alternative in ^a|b$ is open on one side.
func isBound(re *syntax.Regexp, end syntax.Op) bool {
	switch re.Op {
	case end:
		return true
	case syntax.OpCapture:
		return isBound(re.Sub[0], end)
	case syntax.OpConcat:
		if end == syntax.OpBeginText {
			return isBound(re.Sub[0], end)
		}
		return isBound(re.Sub[len(re.Sub)-1], end)
	case syntax.OpAlternate:
		return !slices.ContainsFunc(re.Sub, func(sub *syntax.Regexp) bool { return !isBound(sub, end) })
	}
	return false
}
