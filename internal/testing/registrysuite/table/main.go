// Command table prints the report that a run of the registry suite wrote to
// OCI_TEST_REPORT as a table in Markdown: a row for each case, a column for each
// registry. It fails if a case failed.
//
//	table report.json [document]
//
// With a document it also replaces the table between the lines "<!-- table -->" and
// "<!-- /table -->" in that file, unless a case failed.
package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/kubeoci/oci/internal/testing/registrysuite"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "table:", err)
		os.Exit(1)
	}
}

func run(arguments []string, out io.Writer) error {
	if len(arguments) < 1 || len(arguments) > 2 {
		return fmt.Errorf("want a report and at most one document, not %d arguments", len(arguments))
	}
	report, err := registrysuite.ReadReport(arguments[0])
	if err != nil {
		return err
	}
	if _, err := io.WriteString(out, report.Markdown()); err != nil {
		return err
	}
	if failed := report.Failed(); failed > 0 {
		return fmt.Errorf("%d failed", failed)
	}
	if len(arguments) == 1 {
		return nil
	}
	return replaceTable(arguments[1], report.Table())
}

// replaceTable replaces the table in a document.
func replaceTable(document, table string) error {
	const begin, end = "<!-- table -->\n", "<!-- /table -->\n"
	text, err := os.ReadFile(document)
	if err != nil {
		return err
	}
	before, rest, hasBegin := strings.Cut(string(text), begin)
	_, after, hasEnd := strings.Cut(rest, end)
	if !hasBegin || !hasEnd {
		return fmt.Errorf("%s has no lines %q and %q", document, strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	return os.WriteFile(document, []byte(before+begin+table+end+after), 0o644)
}
