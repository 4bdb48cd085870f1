package report

import (
	"fmt"
	"io"
	"strings"
)

const markdownHead = `# Benchmarks

How long this library takes to push a tree of manifests and to pull it, compared with
the libraries that ` + "`flux push artifact` and `oras push`" + ` call. Trees have Secrets, JSON,
custom resource definitions and rendered charts; see below. The options are the default
ones unless another is named: both layouts in one artifact, and preflight.
`

const markdownGenerated = `
Written by ` + "`make compare`" + `: do not edit. [benchmark-targets.md](benchmark-targets.md) lists
the targets and whether they are met.
`

const markdownTrees = `
## Trees

The generated trees ` + "`few`, `small` and `many`" + ` are alike: sizes differ as those of a Service and
a custom resource definition do, from 1 to 60 kB. A quarter of their bytes are

- Secrets with data, with stringData, and encrypted by SOPS
- objects in JSON, indented and in one line
- Lists, and rendered charts: documents behind ` + "`---` and `# Source: …`" + `

and the rest are Deployments and Services with values in flow style, in quotes and of
several lines, ConfigMaps with files in them, Roles, and custom resource definitions with
long descriptions. ` + "`large`" + ` has rendered charts of one to three megabytes. gzip compresses them
to a fifth. Preflight finds no errors in them, and warns of Secrets in plain text.
Other trees are those that the flag -tree named, with the files that this library collects.

`

const markdownMethod = `
## How it is measured

Each run is a process of its own that pushes to a registry on loopback, or pulls from
it. The registry discards large blobs as they arrive, so that the client is measured. The
contestants take turns in a random order each round. Times are medians of the rounds.
A ratio is the median of the ratios within each round, so that whatever slows the machine
down affects both sides; that of the CPU times holds on a busy machine too.

A library is measured from its call to its return, a program from its start to its end.
CPU is user and system time; peak RSS is that of the process. The first run of each is not
counted.

| case | measured |
|---|---|
| limits | no push: each step of a push in a loop of its own, which gives the lower bounds in [benchmark-targets.md](benchmark-targets.md); ` + "`go run ./limits DIR`" + ` in the directory bench prints them |
| cold | a push to a new repository |
| unchanged | the same push again. Without a cache it packs the layer, because nothing in the registry is evidence about the local files, and saves only the upload |
| changed | a push after lines were added to one file |
| checkout | a push of the same files from another checkout: other times, modes and order |
| metadata | the same push by ours, with another annotation or one more tag |
| pull | a pull of the artifact with one copy of the tree, the same for all, and unpacking it |
| 100 ms | a push to a registry that delays each response by 100 ms, and the second push of a client, which knows the connection and the registry |
| 20 ms, 100 Mbit/s | a push to a registry that delays each response by 20 ms, over 12.5 MB/s that all connections share |
| builds | pushes of ours to different repositories through one Builder, one after another or at once |
| workloads | pushes of ours of directories with ten files each to repositories of their own, over 20 ms of latency: one after another with Build, with BuildAll, and with BuildAll again when nothing has changed |
| growth | pushes of trees with one, two and four times as many files by ours |

"root" is ` + "`Layout: root`" + `, one copy of the tree; "unchecked" is without preflight. A cache
directory is ` + "`Cache.Layer.Dir`" + ` and ` + "`Cache.Preflight.Dir`" + `, and serves a process of its own; a cache in
memory has seen the tree before in the same process.

Round trips are the responses that the client waits for one after another, without those
of connecting. Growth is the largest distance from a straight line, relative to the time at
that point; the line minimises the squares of these distances and has no negative
intercept.
`

// Columns of the tables.
var (
	libraries = []column{{ours, "this library"}, {flux, "flux"}, {oras, "oras"}}
	programs  = []column{{"ours, program", "examples"}, {"flux", "flux"}, {"oras", "oras"}}
	variants  = []column{
		{ours, "default"}, {"ours, root", "root"}, {"ours, root, unchecked", "root, unchecked"},
		{"ours, cache directory", "cache directory"}, {"ours, cache in memory", "cache in memory"},
		{"ours, root, unchecked, cache directory", "root, unchecked, cache directory"},
	}
	builds = []column{
		{ours, "1"}, {"ours, 2 one after another", "2 one after another"}, {"ours, 2 at once", "2 at once"},
		{"ours, 4 one after another", "4 one after another"}, {"ours, 4 at once", "4 at once"},
	}
	workloads = []column{
		{"ours, one after another", "one after another"}, {"ours, BuildAll", "BuildAll"},
		{"ours, BuildAll again", "nothing changed"}, {"ours, BuildAll again, blobs assumed", "nothing changed, blobs assumed"},
	}
	roundTrips = []column{
		{ours, "this library"}, {"ours, second push of a client", "second push of a client"},
		{"ours, unchanged", "nothing changed"}, {flux, "flux"}, {oras, "oras"},
	}
)

// plain lists the headlines of ours with default options.
func plain() []headline {
	var lines []headline
	for _, h := range headlines {
		if h.who == ours {
			lines = append(lines, h)
		}
	}
	return lines
}

// Markdown writes the report as a page that starts with the results. The plot is the
// address of a drawing, or "".
func (r *Report) Markdown(w io.Writer, plot string) error {
	var b strings.Builder
	b.WriteString(markdownHead)
	if lines := r.sentences(); len(lines) > 0 {
		b.WriteString("\n## Results\n\n" + strings.Join(lines, "\n") + "\n")
	}
	if plot != "" {
		fmt.Fprintf(&b, "\n![Wall time by case, relative to flux](%s)\n", plot)
	}
	b.WriteString(markdownGenerated)
	section(&b, "Libraries", "Wall time, CPU time in brackets, and peak memory:", r.table(plain(), libraries, r.usage))
	section(&b, "Options", "Wall time relative to the library of flux, CPU time in brackets:", r.table(plain()[:3], variants, r.relative))
	section(&b, "Programs", "Wall time, CPU time in brackets, and peak memory of the processes:", r.table(plain(), programs, r.usage))
	section(&b, "Several builds", "Wall time, CPU time in brackets, and peak memory of builds through one Builder:",
		r.table([]headline{{"builds", ours, "new repositories"}}, builds, r.usage))
	section(&b, "Many workloads", "Wall time, CPU time in brackets, and peak memory of pushes of one tree, ten files each:",
		r.table([]headline{{"workloads", "ours, one after another", "new repositories"}}, workloads, r.usage))
	section(&b, "Traffic", "Requests, and bytes sent or received:", r.table(plain(), roundTrips, r.traffic))
	b.WriteString(markdownTrees)
	trees := [][]string{{"tree", "size"}}
	for _, t := range r.Trees {
		trees = append(trees, []string{t.Name, t.size()})
	}
	markdownTable(&b, trees)
	b.WriteString(markdownMethod)
	section(&b, "Environment", "", append([][]string{{"", ""}}, r.versions()...))
	section(&b, "Measurements", "", r.measured())
	_, err := io.WriteString(w, b.String())
	return err
}

// section writes a table with a title, unless it only has a heading.
func section(b *strings.Builder, title, about string, rows [][]string) {
	if len(rows) < 2 {
		return
	}
	fmt.Fprintf(b, "\n## %s\n\n", title)
	if about != "" {
		fmt.Fprintf(b, "%s\n\n", about)
	}
	markdownTable(b, rows)
}

func markdownTable(b *strings.Builder, rows [][]string) {
	for i, row := range rows {
		fmt.Fprintf(b, "| %s |\n", strings.Join(row, " | "))
		if i == 0 {
			fmt.Fprintf(b, "|%s\n", strings.Repeat("---|", len(row)))
		}
	}
}
