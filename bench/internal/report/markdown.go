package report

import (
	"fmt"
	"io"
	"strings"
)

const markdownHead = `# Benchmarks

Written by ` + "`go run ./compare -o ../docs/benchmarks.md -svg ../docs/benchmarks.svg`" + ` in the
folder ` + "`bench`" + `. Do not edit.
`

const markdownMethod = `
## How it is measured

Every run is a process of its own, from its start to its end, that pushes the same
tree to the same registry. That one is on loopback, and discards large blobs as
they arrive, so that the client is what is measured. The programs take turns, in
another order each round; numbers are medians of the rounds. The libraries run in
a small program each. CPU is user and system time; peak RSS is what the system
says of the process at its end. The first run of each program is not counted. The
small tree has 2,000 files and 20 MB, many has 20,000 and 200 MB, large has 300 and
500 MB, few has 50 and 0.5 MB; gzip makes a sixth of them.

| case | what is pushed |
|---|---|
| limits | nothing: the start of a process, and then each step of a push in a loop of its own, on all cores: listing, sizes, reading, SHA-256 of the archive, which no two cores can share, and for a cold push DEFLATE. Their sum, of the shortest times, is what a push takes at least here, to a registry that takes no time |
| cold | a tree, to a repository that does not exist |
| unchanged | the same tree again |
| checkout | the same files from another checkout: other times, modes and order |
| metadata | the same tree by ours, with another annotation or under a further tag |
| changed | the tree with lines added to one file |
| watch | the same by ours, within one process that goes on, without preflight and with it; "cold" is in that process too |
| preflight | a tree by ours, with the check of what the engines would make of it, and without; the other cases are without, since the other programs check nothing |
| 100 ms | a tree, to a registry that takes 100 ms for every answer |
| 100 ms, token | the same with a registry that wants a token |
| growth | trees of one, two, four and eight times as many files by ours, cold |

Round trips are the time from the first request to the last answer, by 100 ms. The
layer size is compared with that of the same archive from compress/gzip at level
6. Growth is the largest distance from a straight line, relative to the time
there; the line has the least squares of these distances, and does not start below
zero.
`

// Markdown writes the report as a page. The plot is the address of one, if any.
func (r *Report) Markdown(w io.Writer, plot string) error {
	var b strings.Builder
	b.WriteString(markdownHead)
	if plot != "" {
		fmt.Fprintf(&b, "\n![Wall time by case, relative to %s](%s)\n", r.reference(), plot)
	}
	b.WriteString("\n")
	markdownTable(&b, append([][]string{{"", ""}}, r.versions()...))
	if len(r.Checks) > 0 {
		b.WriteString("\n## Targets\n\n")
		markdownTable(&b, r.targets())
	}
	b.WriteString("\n## Measurements\n\n")
	markdownTable(&b, r.measured())
	b.WriteString(markdownMethod)
	_, err := io.WriteString(w, b.String())
	return err
}

func markdownTable(b *strings.Builder, rows [][]string) {
	for i, row := range rows {
		fmt.Fprintf(b, "| %s |\n", strings.Join(row, " | "))
		if i == 0 {
			fmt.Fprintf(b, "|%s\n", strings.Repeat("---|", len(row)))
		}
	}
}
