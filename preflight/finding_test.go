package preflight_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/preflight"
)

func TestSeverityNames(t *testing.T) {
	for severity, name := range map[preflight.Severity]string{preflight.Info: "info", preflight.Warning: "warning", preflight.Error: "error"} {
		assert.Equal(t, name, severity.String())
		parsed, err := preflight.ParseSeverity(name)
		require.NoError(t, err)
		assert.Equal(t, severity, parsed)
		parsed, err = preflight.ParseSeverity(strings.ToUpper(name))
		require.NoError(t, err)
		assert.Equal(t, severity, parsed)
	}
	assert.Empty(t, preflight.Severity(0).String())
	assert.Empty(t, preflight.Severity(9).String())
	for _, name := range []string{"", "fatal", " error"} {
		_, err := preflight.ParseSeverity(name)
		assert.ErrorIs(t, err, preflight.ErrUnknownSeverity, name)
	}
}

func TestFindingAsText(t *testing.T) {
	f := preflight.Finding{Code: preflight.CodeNoName, Severity: preflight.Error, Message: "it has no name"}
	assert.Equal(t, "error: it has no name [no-name]", f.String())
	f.File = "a.yaml"
	assert.Equal(t, "a.yaml: error: it has no name [no-name]", f.String())
	f.Line = 3
	assert.Equal(t, "a.yaml:3: error: it has no name [no-name]", f.String())
	f.Column = 5
	assert.Equal(t, "a.yaml:3:5: error: it has no name [no-name]", f.String())
}

func TestFindingAsJSON(t *testing.T) {
	f := preflight.Finding{Code: preflight.CodeNoName, Severity: preflight.Error, Engine: flux, File: "a.yaml", Line: 3, Column: 5, Message: "m", Hint: "h"}
	text, err := json.Marshal(f)
	require.NoError(t, err)
	assert.JSONEq(t, `{"code":"no-name","severity":"error","engine":"Flux","file":"a.yaml","line":3,"column":5,"message":"m","hint":"h"}`, string(text))
	var again preflight.Finding
	require.NoError(t, json.Unmarshal(text, &again))
	assert.Equal(t, f, again)
}

func TestFindingsBySeverity(t *testing.T) {
	findings := preflight.Findings{{Severity: preflight.Info}, {Severity: preflight.Error}, {Severity: preflight.Warning}}
	assert.Equal(t, preflight.Error, findings.Worst())
	assert.Zero(t, preflight.Findings(nil).Worst())
	assert.Equal(t, preflight.Findings{findings[1], findings[2]}, findings.AtLeast(preflight.Warning))
	assert.Nil(t, findings[:1].AtLeast(preflight.Warning))
}
