package preflight

import (
	"errors"
	"fmt"
	"strings"

	"github.com/kubeoci/oci/internal/advice"
)

// ErrInvalidNamespace reports an [Options.TargetNamespace] that is not the name of a
// namespace.
var ErrInvalidNamespace = errors.New("invalid namespace")

// validateNamespace checks that the namespace is a DNS label, as Kubernetes requires.
func (o Options) validateNamespace() error {
	name := o.TargetNamespace
	letters := func(r rune) bool { return r >= 'a' && r <= 'z' || r >= '0' && r <= '9' }
	rest := strings.TrimFunc(name, func(r rune) bool { return letters(r) || r == '-' })
	if rest == "" && len(name) <= 63 && !strings.HasPrefix(name, "-") && !strings.HasSuffix(name, "-") {
		return nil
	}
	return &advice.Error{
		Err:  fmt.Errorf("%w: %.80q", ErrInvalidNamespace, name),
		Text: "set Preflight.TargetNamespace to lower case letters, digits and hyphens, or leave it empty",
	}
}
