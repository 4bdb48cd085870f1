package gitops

import (
	"cmp"
	"strings"
)

const (
	// maxLabel is the limit of a DNS label and of the value of a label. Both engines write the
	// name of their object into a label of everything that they apply:
	// kustomize.toolkit.fluxcd.io/name and app.kubernetes.io/instance.
	maxLabel = 63
	// maxSubdomain is the limit of most other names in Kubernetes.
	maxSubdomain = 253

	alphanumeric = "abcdefghijklmnopqrstuvwxyz0123456789"
)

// objectName returns the name in the options, or else one made of the last segment of the
// repository, with a hyphen in place of each run of dots and underscores.
func objectName(name, repository string) (string, error) {
	derived := name == ""
	if derived {
		segment := repository[strings.LastIndex(repository, "/")+1:]
		name = strings.Join(strings.FieldsFunc(segment, func(r rune) bool { return r == '.' || r == '_' }), "-")
	}
	if err := checkName("Name", name, maxLabel, "-."); err != nil {
		if derived {
			err.Reason += ", and it is derived from Repository"
			err.hint = "set Name"
		}
		return "", err
	}
	return name, nil
}

// checkNamespace checks a name in the grammar of a DNS label (RFC 1123).
func checkNamespace(field, name string) error { return check(field, name, maxLabel, "-") }

// check is [checkName] without a typed nil.
func check(field, name string, limit int, separators string) error {
	if err := checkName(field, name, limit, separators); err != nil {
		return err
	}
	return nil
}

// checkName checks a name in the grammar of a DNS label or, with a dot among the separators,
// of a DNS subdomain (RFC 1123), as
// https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ has it.
func checkName(field, name string, limit int, separators string) *Error {
	reason := ""
	switch {
	case name == "":
		reason = "missing"
	case len(name) > limit:
		reason = map[int]string{maxLabel: "longer than 63 bytes", maxSubdomain: "longer than 253 bytes"}[limit]
	case strings.Trim(name, alphanumeric+separators) != "":
		reason = `only a-z, 0-9, "-" and "." are allowed`
		if separators == "-" {
			reason = `only a-z, 0-9 and "-" are allowed`
		}
	default:
		for label := range strings.SplitSeq(name, ".") {
			if label == "" || strings.Trim(label, "-") != label {
				reason = "each part must start and end with a letter or digit"
			}
		}
	}
	if reason == "" {
		return nil
	}
	return &Error{Kind: ErrInvalidObjectName, Field: field, Value: name, Reason: reason}
}

// checkSecret checks the name of a Secret. Its error does not repeat the name.
func checkSecret(field, name string) error {
	if err := checkName(field, name, maxSubdomain, "-."); err != nil {
		err.Value = ""
		return err
	}
	return nil
}

// checkOptional checks each field that is set: pairs of a field and its value.
func checkOptional(check func(field, value string) error, fields ...string) (err error) {
	for i := 0; i < len(fields); i += 2 {
		if fields[i+1] != "" {
			err = cmp.Or(err, check(fields[i], fields[i+1]))
		}
	}
	return err
}
