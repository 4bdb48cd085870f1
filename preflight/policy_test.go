package preflight_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/preflight"
)

func TestParsePolicy(t *testing.T) {
	for name, want := range map[string]preflight.Policy{
		"": preflight.PolicyReport, "report": preflight.PolicyReport, "Enforce": preflight.PolicyEnforce, " off ": preflight.PolicyOff,
	} {
		got, err := preflight.ParsePolicy(name)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
	_, err := preflight.ParsePolicy("no")
	require.ErrorIs(t, err, preflight.ErrUnknownPolicy)
	require.EqualError(t, err, `unknown preflight policy: "no" is not report, enforce or off`)
}

func TestRefusals(t *testing.T) {
	info, warning, failure := preflight.Finding{Severity: preflight.Info}, preflight.Finding{Severity: preflight.Warning}, preflight.Finding{Severity: preflight.Error}
	all := preflight.Findings{info, warning, failure}
	for _, tt := range []struct {
		name string
		opts preflight.Options
		want preflight.Findings
	}{
		{"zero", preflight.Options{}, preflight.Findings{failure}},
		{"report", preflight.Options{Policy: preflight.PolicyReport, Severity: preflight.Info}, preflight.Findings{failure}},
		{"enforce", preflight.Options{Policy: preflight.PolicyEnforce}, preflight.Findings{failure, warning}},
		{"enforce in upper case", preflight.Options{Policy: "ENFORCE"}, preflight.Findings{failure, warning}},
		{"enforce errors", preflight.Options{Policy: preflight.PolicyEnforce, Severity: preflight.Error}, preflight.Findings{failure}},
		{"enforce everything", preflight.Options{Policy: preflight.PolicyEnforce, Severity: preflight.Info}, preflight.Findings{failure, warning, info}},
		{"off", preflight.Options{Policy: preflight.PolicyOff}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, tt.opts.Refusals(all))
		})
	}
	assert.Empty(t, preflight.Options{}.Refusals(nil))
}
