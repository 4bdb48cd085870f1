package oci

import (
	"fmt"
	"strings"

	"github.com/kubeoci/oci/internal/redact"
)

// The options and the result print, and marshal to JSON, without secrets. From that JSON
// the options can be read again, except for the secrets.

// Format prints the options without secrets.
func (o BuildOptions) Format(f fmt.State, _ rune) { redact.Format(f, o) }

// MarshalJSON omits secrets.
func (o BuildOptions) MarshalJSON() ([]byte, error) {
	type plain BuildOptions
	o.RegistryEndpoint, o.Name = printable(o.RegistryEndpoint), givenName(o.Name, o.derivedName)
	return redact.JSON(plain(o), redact.Addresses)
}

// Format prints the options without secrets.
func (o EmptyBuildOptions) Format(f fmt.State, _ rune) { redact.Format(f, o) }

// MarshalJSON omits secrets.
func (o EmptyBuildOptions) MarshalJSON() ([]byte, error) {
	type plain EmptyBuildOptions
	o.RegistryEndpoint, o.Name = printable(o.RegistryEndpoint), givenName(o.Name, o.derivedName)
	return redact.JSON(plain(o), redact.Addresses)
}

// Format prints the options without secrets.
func (o VerifyOptions) Format(f fmt.State, _ rune) { redact.Format(f, o) }

// MarshalJSON omits secrets.
func (o VerifyOptions) MarshalJSON() ([]byte, error) {
	type plain VerifyOptions
	o.RegistryEndpoint = printable(o.RegistryEndpoint)
	return redact.JSON(plain(o), redact.Addresses)
}

// Format prints the options without secrets.
func (o ArtifactExistsOptions) Format(f fmt.State, _ rune) { redact.Format(f, o) }

// MarshalJSON omits secrets.
func (o ArtifactExistsOptions) MarshalJSON() ([]byte, error) {
	type plain ArtifactExistsOptions
	o.RegistryEndpoint = printable(o.RegistryEndpoint)
	return redact.JSON(plain(o), redact.Addresses)
}

// Format prints the options without secrets.
func (o ValidatedBuildOptions) Format(f fmt.State, verb rune) { BuildOptions(o).Format(f, verb) }

// MarshalJSON omits secrets.
func (o ValidatedBuildOptions) MarshalJSON() ([]byte, error) { return BuildOptions(o).MarshalJSON() }

// Format prints the options without secrets.
func (o ValidatedEmptyBuildOptions) Format(f fmt.State, verb rune) {
	EmptyBuildOptions(o).Format(f, verb)
}

// MarshalJSON omits secrets.
func (o ValidatedEmptyBuildOptions) MarshalJSON() ([]byte, error) {
	return EmptyBuildOptions(o).MarshalJSON()
}

// Format prints the result as JSON.
func (r BuildResult) Format(f fmt.State, _ rune) { redact.Format(f, r) }

// MarshalJSON omits passwords in URLs, such as one that a finding quotes.
func (r BuildResult) MarshalJSON() ([]byte, error) {
	type plain BuildResult
	r.Tags, r.Files, r.Artifact.AllPaths = array(r.Tags), array(r.Files), array(r.Artifact.AllPaths)
	return redact.JSON(plain(r), redact.Addresses)
}

// array returns a list for JSON, which is null there if it is nil.
func array[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// Format prints the plan as JSON.
func (p BuildPlan) Format(f fmt.State, _ rune) { redact.Format(f, p) }

// MarshalJSON omits passwords in URLs.
func (p BuildPlan) MarshalJSON() ([]byte, error) {
	type plain BuildPlan
	return redact.JSON(plain(p), redact.Addresses)
}

// MarshalJSON omits passwords in URLs.
func (e *PreflightError) MarshalJSON() ([]byte, error) {
	type plain PreflightError
	return redact.JSON((*plain)(e), redact.Addresses)
}

// givenName returns "" for a name that Validate derived: in options that are read again, it
// would be recorded, which changes the digest.
func givenName(name, derived string) string {
	if name == derived {
		return ""
	}
	return name
}

// printable hides an endpoint that may hold a password, which package reference
// refuses as well.
func printable(endpoint string) string {
	if strings.ContainsAny(endpoint, "@%?") {
		return redact.Mark
	}
	return endpoint
}
