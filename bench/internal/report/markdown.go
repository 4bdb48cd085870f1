package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/kubeoci/oci/internal/testing/treegen"
)

const markdownHead = `# Benchmarks

How long a push of a tree of manifests takes, compared with ` + "`flux push artifact` and\n`oras push`" + `.
`

const markdownGenerated = `
Written by ` + "`make compare`" + `: do not edit. [benchmark-targets.md](benchmark-targets.md) lists
the targets and whether they are met.
`

const markdownMethod = `
## How it is measured

Each run is a process of its own, measured from its start to its end, that pushes the
same tree to the same registry. The registry is on loopback and discards large blobs as
they arrive, so that the client is measured. The programs take turns, in another order
each round; numbers are medians of the rounds. The libraries run in a small program each.
CPU is user and system time; peak RSS is the value that the system reports at the end of
the process. The first run of each program is not counted. The tree small has 2,000 files
and 20 MB, many has 20,000 and 200 MB, large has 300 and 500 MB, few has 50 and 0.5 MB;
gzip compresses them to a sixth.

| case | push |
|---|---|
| limits | none: the start of a process, and each step of a push in a loop of its own on all cores, which gives the lower bounds in [benchmark-targets.md](benchmark-targets.md) |
| cold | a tree to a new repository |
| unchanged | the same tree again. Every push packs the layer, because nothing in the registry is evidence about the local files, and saves only the upload |
| checkout | the same files from another checkout: other times, modes and order |
| metadata | the same tree by ours, with another annotation or one more tag |
| changed | the tree with lines added to one file |
| watch | the same by ours within one running process, whose cache compresses only changed files, without and with preflight; "cold" is in that process too |
| preflight | a tree by ours with preflight and without; the other cases are without, because the other programs check nothing |
| 100 ms | a tree to a registry with a latency of 100 ms for each response |
| 100 ms, token | the same to a registry that requires a token |
| growth | trees with one, two, four and eight times as many files by ours, cold |

Round trips are the time from the first request to the last response, divided by 100 ms.
The layer size is compared with that of the same archive compressed by compress/gzip at
level 6. Growth is the largest distance from a straight line, relative to the time at that
point; the line minimises the squares of these distances and has no negative intercept.
`

// Markdown writes the report as a page that starts with the results. The plot is the
// address of a drawing, or "".
func (r *Report) Markdown(w io.Writer, plot string) error {
	var b strings.Builder
	b.WriteString(markdownHead)
	if rows := r.results(timeAndMemory); len(rows) > 1 {
		b.WriteString("\n## Results\n\nWall time and peak memory:\n\n")
		markdownTable(&b, rows)
		b.WriteString("\nRequests and bytes sent:\n\n")
		markdownTable(&b, r.results(traffic))
	}
	if plot != "" {
		fmt.Fprintf(&b, "\n![Wall time by case, relative to %s](%s)\n", r.reference(), plot)
	}
	b.WriteString(markdownGenerated)
	b.WriteString("\n## Environment\n\n")
	markdownTable(&b, append([][]string{{"", ""}}, r.versions()...))
	b.WriteString("\n## Measurements\n\n")
	markdownTable(&b, r.measured())
	b.WriteString(markdownMethod)
	_, err := io.WriteString(w, b.String())
	return err
}

// headlines are the cases in which all programs do the same, described for readers.
var headlines = []struct{ name, about string }{
	{"cold", "new repository"},
	{"unchanged", "nothing changed"},
	{"checkout", "another checkout of the same files"},
	{"changed", "one file changed"},
	{"100 ms", "registry with 100 ms latency"},
	{"100 ms, token", "the same, with a token"},
}

func timeAndMemory(s Sample) string { return Seconds(s.Wall) + ", " + Size(s.MaxRSS) }

func traffic(s Sample) string {
	if s.Requests == 1 {
		return "1 request, " + Size(s.Sent)
	}
	return fmt.Sprintf("%d requests, %s", s.Requests, Size(s.Sent))
}

// results is the table of headlines with its heading: a column for each program.
func (r *Report) results(format func(Sample) string) [][]string {
	heading := []string{"push", "tree"}
	programs := slices.DeleteFunc(slices.Clone(r.Contestants), func(c Contestant) bool { return strings.HasSuffix(c.Name, " lib") })
	for _, c := range programs {
		heading = append(heading, c.Title)
	}
	rows := [][]string{heading}
	for _, line := range headlines {
		for _, shape := range r.shapes(line.name) {
			row := []string{line.about, describe(shape)}
			for _, c := range programs {
				text := ""
				if cell, found := r.Cell(line.name, shape, c.Name); found {
					text = format(cell.Median)
				}
				row = append(row, text)
			}
			rows = append(rows, row)
		}
	}
	return rows
}

// describe returns the size of a tree: its number of files and bytes.
func describe(shape string) string {
	s, err := treegen.ByName(shape)
	if err != nil {
		return shape
	}
	files := fmt.Sprint(s.Files)
	if len(files) > 3 {
		files = files[:len(files)-3] + "," + files[len(files)-3:]
	}
	return fmt.Sprintf("%s files, %g MB", files, float64(s.Bytes)/1e6)
}

func markdownTable(b *strings.Builder, rows [][]string) {
	for i, row := range rows {
		fmt.Fprintf(b, "| %s |\n", strings.Join(row, " | "))
		if i == 0 {
			fmt.Fprintf(b, "|%s\n", strings.Repeat("---|", len(row)))
		}
	}
}
