package oci_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci"
	"github.com/kubeoci/oci/internal/memregistry"
)

// A result tells that an artifact is clean from that it was not checked, and an unchanged
// push finds what a fresh one does.
func TestResultTellsWhetherItWasChecked(t *testing.T) {
	secret := "apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\n  namespace: shop\nstringData:\n  key: " + canary + "\n"
	fine := strings.Replace(configMap, "metadata:\n", "metadata:\n  namespace: shop\n", 1)
	for _, tt := range []struct {
		name, text string
		policy     oci.PreflightPolicy
		want       string // members of the JSON of the result, or of the error
		refused    bool
	}{
		{"clean, not checked", fine, oci.PreflightOff, `{"preflight":"off"}`, false},
		{"clean", fine, "", `{"preflight":"report","findings":[]}`, false},
		{"clean, enforced", fine, oci.PreflightEnforce, `{"preflight":"enforce","findings":[]}`, false},
		{"not checked", secret, oci.PreflightOff, `{"preflight":"off"}`, false},
		{"refused", secret, oci.PreflightEnforce, `{"findings":["plaintext-secret"]}`, true},
		{"reported", secret, oci.PreflightReport, `{"preflight":"report","findings":["plaintext-secret"]}`, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			opts := oci.BuildOptions{
				SourcePath: tree(t, map[string]string{"a.yaml": tt.text}), RegistryEndpoint: startRegistry(t, memregistry.Options{}).Host, Version: "v1",
				GitOpsEngine: oci.GitOpsEngineFlux, Preflight: oci.PreflightOptions{Policy: tt.policy},
			}
			fresh, err := json.Marshal(attemptResult(t, opts))
			require.NoError(t, err)
			unchecked := opts
			unchecked.Preflight.Policy = oci.PreflightOff
			build(t, unchecked)
			unchanged, err := json.Marshal(attemptResult(t, opts))
			require.NoError(t, err)
			assert.JSONEq(t, tt.want, members(t, fresh))
			assert.JSONEq(t, tt.want, members(t, unchanged))
			assert.Equal(t, tt.refused, strings.Contains(string(unchanged), `"reasons"`))
			assert.Equal(t, !tt.refused, strings.Contains(string(unchanged), `"unchanged":true`))
		})
	}
}

// attemptResult returns the result of a build, or the refusal.
func attemptResult(t *testing.T, opts oci.BuildOptions) any {
	t.Helper()
	result, err := oci.Build(t.Context(), opts)
	if refused, ok := errors.AsType[*oci.PreflightError](err); ok {
		assert.Zero(t, result)
		return refused
	}
	require.NoError(t, err)
	return result
}

// members returns the members of a result that concern preflight, with codes in place of
// findings.
func members(t *testing.T, data []byte) string {
	t.Helper()
	var result map[string]any
	require.NoError(t, json.Unmarshal(data, &result))
	some := map[string]any{}
	if policy, found := result["preflight"]; found {
		some["preflight"] = policy
	}
	if findings, found := result["findings"]; found {
		codes := []any{}
		for _, f := range findings.([]any) {
			codes = append(codes, f.(map[string]any)["code"])
		}
		some["findings"] = codes
	}
	text, err := json.Marshal(some)
	require.NoError(t, err)
	return string(text)
}
