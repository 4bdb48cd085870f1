package preflight

import (
	"errors"
	"fmt"
	"strings"

	"github.com/kubeoci/oci/internal/advice"
)

// Policy selects which findings keep an artifact from being pushed. The empty
// string means [PolicyReport].
type Policy string

const (
	// PolicyReport refuses an artifact with a finding that is an [Error], and
	// reports all others.
	PolicyReport Policy = "report"
	// PolicyEnforce refuses an artifact with a finding of [Options.Severity] or
	// worse.
	PolicyEnforce Policy = "enforce"
	// PolicyOff checks nothing.
	PolicyOff Policy = "off"
)

// ErrUnknownPolicy reports a [Policy] that is none of the constants.
var ErrUnknownPolicy = errors.New("unknown preflight policy")

// ParsePolicy reads the name of a policy in upper or lower case. The empty string
// is [PolicyReport]. The error matches [ErrUnknownPolicy].
func ParsePolicy(name string) (Policy, error) {
	name = strings.TrimSpace(name)
	if name == "" {
		return PolicyReport, nil
	}
	for _, policy := range []Policy{PolicyReport, PolicyEnforce, PolicyOff} {
		if strings.EqualFold(name, string(policy)) {
			return policy, nil
		}
	}
	return "", &advice.Error{Err: fmt.Errorf("%w: %.40q is not report, enforce or off", ErrUnknownPolicy, name), Text: "set Preflight.Policy to report, enforce or off"}
}
