package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/testing/registrysuite"
)

func TestTable(t *testing.T) {
	for _, tt := range []struct {
		name    string
		outcome registrysuite.Outcome
		failure string
	}{
		{"passed", registrysuite.Passed, ""},
		{"not available", registrysuite.Unavailable, ""},
		{"failed", registrysuite.Failed, "1 failed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			report := registrysuite.NewReport()
			report.Registries = []registrysuite.Registry{{Kind: "zot", Results: []registrysuite.Result{{Name: "push", Outcome: tt.outcome}}}}
			file := filepath.Join(t.TempDir(), "report.json")
			require.NoError(t, report.Write(file))
			var out strings.Builder
			err := run([]string{file}, &out)
			if tt.failure == "" {
				require.NoError(t, err)
			} else {
				require.EqualError(t, err, tt.failure)
			}
			assert.Contains(t, out.String(), "| push | ")
		})
	}
	require.EqualError(t, run(nil, new(strings.Builder)), "want a report and at most one document, not 0 arguments")
}

func TestTableInDocument(t *testing.T) {
	report := registrysuite.NewReport()
	report.Registries = []registrysuite.Registry{{Kind: "zot", Results: []registrysuite.Result{{Name: "push", Outcome: registrysuite.Passed}}}}
	report.Absent = []string{"zot-docker is not available"}
	file, document := filepath.Join(t.TempDir(), "report.json"), filepath.Join(t.TempDir(), "registries.md")
	require.NoError(t, report.Write(file))
	require.NoError(t, os.WriteFile(document, []byte("# Registries\n"), 0o600))
	require.ErrorContains(t, run([]string{file, document}, new(strings.Builder)), `has no lines "<!-- table -->" and "<!-- /table -->"`)

	require.NoError(t, os.WriteFile(document, []byte("# Registries\n\n<!-- table -->\n| old |\n<!-- /table -->\n\nEnd.\n"), 0o600))
	require.NoError(t, run([]string{file, document}, new(strings.Builder)))
	text, err := os.ReadFile(document)
	require.NoError(t, err)
	assert.Equal(t, "# Registries\n\n<!-- table -->\n"+report.Table()+"<!-- /table -->\n\nEnd.\n", string(text))

	report.Registries[0].Results[0].Outcome = registrysuite.Failed
	require.NoError(t, report.Write(file))
	require.EqualError(t, run([]string{file, document}, new(strings.Builder)), "1 failed")
	after, err := os.ReadFile(document)
	require.NoError(t, err)
	assert.Equal(t, text, after, "a failed run changes nothing")
}
