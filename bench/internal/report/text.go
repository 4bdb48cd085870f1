package report

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Text writes the report for a terminal.
func (r *Report) Text(w io.Writer) error {
	tables := [][][]string{r.versions(), r.measured()}
	if len(r.Checks) > 0 {
		tables = append(tables, r.targets())
	}
	for i, rows := range tables {
		if i > 0 {
			if _, err := fmt.Fprintln(w); err != nil {
				return err
			}
		}
		if err := align(w, rows); err != nil {
			return err
		}
	}
	for _, l := range r.Limits {
		if _, err := fmt.Fprintln(w); err != nil {
			return err
		}
		if err := l.Text(w); err != nil {
			return err
		}
	}
	return nil
}

func align(w io.Writer, rows [][]string) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		if _, err := fmt.Fprintln(table, strings.Join(row, "\t")); err != nil {
			return err
		}
	}
	return table.Flush()
}
