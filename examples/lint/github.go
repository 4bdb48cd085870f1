package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/kubeoci/oci/examples/cli"
	"github.com/kubeoci/oci/preflight"
)

// commands are the workflow commands of GitHub Actions for the severities.
var commands = map[preflight.Severity]string{preflight.Error: "error", preflight.Warning: "warning", preflight.Info: "notice"}

// Characters that end a workflow command or a part of it are written as in a URL.
var (
	inMessage  = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	inProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// github prints an annotation for each finding, a line each, and the summary.
func (r report) github(w io.Writer) error {
	out := bufio.NewWriter(w)
	for _, f := range r.findings {
		properties := []string{"title=" + inProperty.Replace(cli.OneLine(string(f.Code)))}
		if f.Line > 0 && f.Column > 0 {
			properties = append([]string{fmt.Sprintf("col=%d", f.Column)}, properties...)
		}
		if f.Line > 0 {
			properties = append([]string{fmt.Sprintf("line=%d", f.Line)}, properties...)
		}
		if f.File != "" {
			properties = append([]string{"file=" + inProperty.Replace(r.pathOf(f.File))}, properties...)
		}
		message := cli.OneLine(f.Message)
		if f.Hint != "" {
			message += "\nhint: " + cli.OneLine(cli.Hint(f.Hint))
		}
		_, _ = fmt.Fprintf(out, "::%s %s::%s\n", commands[f.Severity], strings.Join(properties, ","), inMessage.Replace(message)) // Flush has the error
	}
	_, _ = fmt.Fprintln(out, r.summary)
	return out.Flush()
}
