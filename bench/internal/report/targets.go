package report

import (
	"fmt"
	"io"
	"strings"
)

const targetsHead = `# Benchmark targets

The targets of the comparison in [benchmarks.md](benchmarks.md) and what each step of a
push costs alone, written by ` + "`make compare`" + `: do not edit.
`

const targetsMethod = `
"flux lib" and "oras lib" are the libraries, "flux" and "oras" the programs; "ours" is
this library with default options, "ours, program" the examples.

Ratios of times are medians of the ratios within each round. Beside a ratio of wall times
stands that of the CPU times, which holds on a busy machine too. Ratios of times depend on
the machine. Numbers of requests and round trips, bytes sent, sizes of layers and peak
memory do not: ` + "`make compare-quick`" + ` fails if one of these targets is not met.

The lower bound is the sum of the shortest times of the steps that a push with these options
needs, each measured in a loop of its own on all cores: listing, sizes, reading, preflight's
scan, DEFLATE, and SHA-256 of each copy in the archive, which cannot be shared among cores. The
registry counts as instant. A push whose layer is known from a cache reads and hashes one copy.
`

const limitsHead = `
## Limits of the machine

The steps of a push, each alone: wall time, CPU time, and megabytes of content a second.
The content is in memory for all steps except the first three. "Both copies" is the
content of each file twice in a row, so that DEFLATE finds the first in its window; a file of
more than 48 KiB is compressed once, because its compressed form serves both.
`

// Targets writes the checks and the limits of the machine as a page.
func (r *Report) Targets(w io.Writer) error {
	var b strings.Builder
	b.WriteString(targetsHead)
	fmt.Fprintf(&b, "\n%d of %d were met on %s on %s, %d cores.\n\n", len(r.Checks)-len(r.Unmet(false)), len(r.Checks),
		r.Date.Format("2006-01-02"), r.Machine.CPU, r.Machine.Cores)
	markdownTable(&b, r.targets())
	b.WriteString(targetsMethod)
	for i, l := range r.Limits {
		if i == 0 {
			b.WriteString(limitsHead)
		}
		fmt.Fprintf(&b, "\n### %s\n\n%s. %s\n\n", l.Tree, upper(l.about()), l.bounds())
		markdownTable(&b, l.steps())
	}
	_, err := io.WriteString(w, b.String())
	return err
}
