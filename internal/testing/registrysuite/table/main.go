// Command table prints what a run of the registry suite wrote to
// OCI_TEST_REPORT, as a table in Markdown: a row for each thing that the library
// does, a column for each registry. It fails where something failed.
//
//	table report.json
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/kubeoci/oci/internal/testing/registrysuite"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "table:", err)
		os.Exit(1)
	}
}

func run(arguments []string, out io.Writer) error {
	if len(arguments) != 1 {
		return fmt.Errorf("it takes one file, not %d", len(arguments))
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
	return nil
}
