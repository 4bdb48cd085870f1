package report

import (
	"fmt"
	"io"
	"strings"
)

const targetsHead = `# Benchmark targets

The targets of the comparison in [benchmarks.md](benchmarks.md), written by
` + "`make compare`" + `: do not edit.
`

const targetsMethod = `
Ratios compare medians. A ratio to flux or oras depends on the machine. Numbers of
requests, bytes sent, layer sizes and peak memory do not: ` + "`make compare-quick`" + ` fails if one
of these targets is not met.

The lower bound is the sum of the shortest times of all steps of a push, each measured in a
loop of its own on all cores: the start of a process, listing, sizes, reading, SHA-256 of
the archive, which cannot be shared among cores, and for a cold push DEFLATE. The registry
counts as instant. The bound of an unchanged push has no DEFLATE: it is that of a push
whose layer is known from a cache.
`

// Targets writes the checks as a page.
func (r *Report) Targets(w io.Writer) error {
	var b strings.Builder
	b.WriteString(targetsHead)
	fmt.Fprintf(&b, "\n%d of %d were met on %s on %s, %d cores.\n\n", len(r.Checks)-len(r.Unmet(false)), len(r.Checks),
		r.Date.Format("2006-01-02"), r.Machine.CPU, r.Machine.Cores)
	markdownTable(&b, r.targets())
	b.WriteString(targetsMethod)
	_, err := io.WriteString(w, b.String())
	return err
}
