package oci_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/preflight"
	"github.com/kubeoci/oci/registry"
)

// advised is an error with advice, possibly none.
type advised struct{ hint string }

func (advised) Error() string  { return "advised" }
func (a advised) Hint() string { return a.hint }

func TestHint(t *testing.T) {
	for _, tt := range []struct {
		name string
		err  error
		want string
	}{
		{"no error", nil, ""},
		{"no advice", errors.New("plain"), ""},
		{"advice", advised{"do"}, "do"},
		{"wrapped", fmt.Errorf("push: %w", advised{"do"}), "do"},
		{"the outermost", fmt.Errorf("%w, because %w", advised{"first"}, advised{"second"}), "first"},
		{"the first that has some", errors.Join(errors.New("plain"), advised{}, advised{"do"}), "do"},
		{"of a finding", &oci.PreflightError{Reasons: preflight.Findings{{Hint: "do"}}}, "do"},
		{"of the second finding", &oci.PreflightError{Reasons: preflight.Findings{{}, {Hint: "do"}}}, "do"},
		{"of a cause", &oci.PreflightError{Reasons: preflight.Findings{{Code: preflight.CodeNothingRendered, Hint: "move"}, {Code: preflight.CodeSyntax, Hint: "do"}}}, "do"},
	} {
		t.Run(tt.name, func(t *testing.T) { assert.Equal(t, tt.want, oci.Hint(tt.err)) })
	}
}

// The reason is that of the finding, which may be another than an engine that fails.
func TestPreflightErrorGivesTheReason(t *testing.T) {
	nothing := preflight.Finding{Code: preflight.CodeNothingRendered, Severity: preflight.Error, Message: "Argo CD renders nothing"}
	syntax := preflight.Finding{Code: preflight.CodeSyntax, Severity: preflight.Error, File: "a.yaml", Line: 2, Column: 4, Message: "the YAML does not parse"}
	secret := preflight.Finding{Code: preflight.CodeSecret, Severity: preflight.Warning, File: "a.yaml", Message: "the Secret \"a\" is not encrypted"}
	for _, tt := range []struct {
		name    string
		reasons preflight.Findings
		want    string
	}{
		{"none", nil, "preflight refused the artifact"},
		{"a warning", preflight.Findings{secret}, "preflight refused the artifact: a.yaml: warning: the Secret \"a\" is not encrypted [plaintext-secret]"},
		{"an effect and its cause", preflight.Findings{nothing, syntax, secret}, "preflight refused the artifact: a.yaml:2:4: error: the YAML does not parse [syntax] (and 2 more)"},
		{"an effect and a warning", preflight.Findings{nothing, secret}, "preflight refused the artifact: error: Argo CD renders nothing [nothing-rendered] (and 1 more)"},
		{"two effects", preflight.Findings{nothing, nothing}, "preflight refused the artifact: error: Argo CD renders nothing [nothing-rendered] (and 1 more)"},
		{"several", preflight.Findings{secret, {}, {}}, "preflight refused the artifact: a.yaml: warning: the Secret \"a\" is not encrypted [plaintext-secret] (and 2 more)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.EqualError(t, &oci.PreflightError{Reasons: tt.reasons}, tt.want)
		})
	}
}

func TestRetryable(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }))
	defer server.Close()
	_, failed := oci.ArtifactExists(t.Context(), oci.ArtifactExistsOptions{
		RegistryEndpoint: server.URL, Repository: "app", Version: "v1",
		Registry: oci.RegistryOptions{Retry: registry.RetryPolicy{MaxAttempts: 1}},
	})
	for _, tt := range []struct {
		name string
		err  error
		want bool
	}{
		{"no error", nil, false},
		{"another error", errors.New("plain"), false},
		{"a failure of the registry", fmt.Errorf("build: %w", failed), true},
		{"a refusal", &oci.RegistryError{Kind: registry.ErrPermissionDenied, StatusCode: 403}, false},
		{"a file that changed", fmt.Errorf("a: %w", manifests.ErrFileChanged), true},
		{"an option", oci.ErrVersionRequired, false},
		{"a cancelled context", context.Canceled, false},
		{"a failure because of a cancelled context", errors.Join(context.Canceled, failed), false},
		{"findings", &oci.PreflightError{}, false},
	} {
		t.Run(tt.name, func(t *testing.T) { assert.Equal(t, tt.want, oci.Retryable(tt.err)) })
	}
}
