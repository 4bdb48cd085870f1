package oci

import (
	"context"
	"errors"
	"fmt"

	"github.com/kubeoci/oci/registry"
)

// Types of the rules in Push.TagRules.
type (
	// TagRule decides whether a tag may be set.
	TagRule = registry.TagRule
	// TagMove is a tag that a build is about to set.
	TagMove = registry.TagMove
)

// secretsKey is the key of the findings about Secrets in the context of a [TagRule].
type secretsKey struct{}

var errNotInBuild = errors.New("RefuseSecrets is a rule for Push.TagRules of a build")

// RefuseSecrets is a [TagRule] that sets no tag to an artifact with Secrets, or generators
// of Secrets, whose values anyone can read, or with a file that cannot be checked for them:
// see [preflight.Secrets]. It depends on the files alone, whatever preflight does with such a
// finding, and also if that is off. Nothing of such an artifact is sent. It is not asked about
// a tag that points to the artifact already.
func RefuseSecrets(ctx context.Context, _ TagMove) (reason string, err error) {
	secrets, ok := ctx.Value(secretsKey{}).([]Finding)
	switch {
	case !ok:
		return "", errNotInBuild
	case len(secrets) == 0:
		return "", nil
	}
	reason = fmt.Sprintf("%.255q: %s", secrets[0].File, secrets[0].Message)
	if more := len(secrets) - 1; more > 0 {
		reason += fmt.Sprintf(" (and %d more)", more)
	}
	return reason, nil
}
