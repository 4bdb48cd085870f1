package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/testing/registrysuite"
)

func TestTable(t *testing.T) {
	for _, row := range []struct {
		name    string
		outcome registrysuite.Outcome
		failure string
	}{
		{"passed", registrysuite.Passed, ""},
		{"not available", registrysuite.Unavailable, ""},
		{"failed", registrysuite.Failed, "1 failed"},
	} {
		t.Run(row.name, func(t *testing.T) {
			report := registrysuite.NewReport()
			report.Registries = []registrysuite.Registry{{Kind: "zot", Results: []registrysuite.Result{{Name: "push", Outcome: row.outcome}}}}
			file := filepath.Join(t.TempDir(), "report.json")
			require.NoError(t, report.Write(file))
			var out strings.Builder
			err := run([]string{file}, &out)
			if row.failure == "" {
				require.NoError(t, err)
			} else {
				require.EqualError(t, err, row.failure)
			}
			assert.Contains(t, out.String(), "| push | ")
		})
	}
	require.EqualError(t, run(nil, new(strings.Builder)), "it takes one file, not 0")
}
