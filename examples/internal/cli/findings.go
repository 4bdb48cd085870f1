package cli

import (
	"fmt"
	"io"

	"github.com/kubeoci/oci/preflight"
)

// PrintFindings lists what was found, file by file, each with its hint.
func PrintFindings(w io.Writer, findings preflight.Findings) error {
	file := ""
	for i, f := range findings {
		if i == 0 || f.File != file {
			if file = f.File; file == "" {
				file = "the artifact"
			}
			if _, err := fmt.Fprintf(w, "%s\n", file); err != nil {
				return err
			}
			file = f.File
		}
		if err := printFinding(w, f); err != nil {
			return err
		}
	}
	return nil
}

func printFinding(w io.Writer, f preflight.Finding) error {
	place := ""
	if f.Line > 0 {
		place = fmt.Sprintf("%d:%d: ", f.Line, max(f.Column, 1))
	}
	if _, err := fmt.Fprintf(w, "  %s%v: %s [%s]\n", place, f.Severity, f.Message, f.Code); err != nil {
		return err
	}
	if f.Hint == "" {
		return nil
	}
	_, err := fmt.Fprintf(w, "    %s\n", f.Hint)
	return err
}
