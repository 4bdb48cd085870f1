package registrysuite_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/testing/registrysuite"
)

func report() *registrysuite.Report {
	return &registrysuite.Report{
		Date: "2026-01-31",
		Registries: []registrysuite.Registry{
			{Kind: "zot", Version: "zot v1", Results: []registrysuite.Result{
				{Name: "push", Outcome: registrysuite.Passed},
				{Name: "large layer", Outcome: registrysuite.Passed, Note: "8 MiB"},
				{Name: "referrers", Outcome: registrysuite.Failed, Note: "never seen"},
			}},
			{Kind: "embedded", Results: []registrysuite.Result{
				{Name: "push", Outcome: registrysuite.Failed},
				{Name: "referrers", Outcome: registrysuite.Unavailable, Note: "status 404 | 405"},
			}},
		},
		Absent: []string{"zot-docker is not available: no engine responds"},
	}
}

func TestMarkdown(t *testing.T) {
	assert.Equal(t, `| 2026-01-31 | zot<br>zot v1 | embedded |
|---|---|---|
| push | yes | **failed** |
| large layer | 8 MiB |  |
| referrers | **failed** | – status 404 \| 405 |

zot-docker is not available: no engine responds
`, report().Markdown())
	assert.Equal(t, 2, report().Failed())
}

func TestReportIsReadBack(t *testing.T) {
	file := filepath.Join(t.TempDir(), "report.json")
	require.NoError(t, report().Write(file))
	read, err := registrysuite.ReadReport(file)
	require.NoError(t, err)
	assert.Equal(t, report(), read)
	_, err = registrysuite.ReadReport(filepath.Join(t.TempDir(), "none"))
	require.Error(t, err)
}

// The published table has a row for each case.
func TestDocumentHasAllCases(t *testing.T) {
	text, err := os.ReadFile("../../../docs/registries.md")
	require.NoError(t, err)
	var rows []string
	table, _, _ := strings.Cut(string(text), "<!-- /table -->")
	for line := range strings.Lines(table) {
		if cells := strings.Split(line, " | "); len(cells) > 1 {
			rows = append(rows, strings.TrimPrefix(cells[0], "| "))
		}
	}
	require.NotEmpty(t, rows)
	assert.Equal(t, registrysuite.CaseNames(), rows[1:]) // the first is the heading
}
