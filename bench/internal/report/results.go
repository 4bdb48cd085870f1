package report

import (
	"fmt"
	"math"
	"strings"
)

// The libraries, as this package names them in headings.
const (
	ours = "ours"
	flux = "flux lib"
	oras = "oras lib"
)

// headline is a case in which the libraries do the same, described for readers.
type headline struct{ name, who, about string }

// headlines start with the default options.
var headlines = []headline{
	{"cold", ours, "new repository"},
	{"unchanged", ours, "nothing changed"},
	{"unchanged", "ours, cache directory", "nothing changed, with a cache in a directory"},
	{"unchanged", "ours, cache in memory", "nothing changed, with a cache in the process"},
	{"changed", ours, "one file changed"},
	{"changed", "ours, cache in memory", "one file changed, with a cache in the process"},
	{"checkout", ours, "another checkout of the same files"},
	{"20 ms, 100 Mbit/s", ours, "new repository, registry 20 ms away behind 100 Mbit/s"},
	{"100 ms", ours, "new repository, registry 100 ms away"},
	{"100 ms, TLS", ours, "the same with TLS and HTTP/2"},
	{"100 ms, token", ours, "the same with a token"},
	{"pull", ours, "pull and unpack"},
}

func wall(s Sample) float64 { return s.Wall.Seconds() }
func cpu(s Sample) float64  { return s.CPU.Seconds() }

// sentences lists the results in the units of a user.
func (r *Report) sentences() []string {
	var lines []string
	for _, h := range headlines {
		for _, shape := range r.shapes(h.name) {
			cell, found := r.Cell(h.name, shape, h.who)
			if !found {
				continue
			}
			line := fmt.Sprintf("- %s: **%s in %s**", upper(h.about), r.describe(shape), Seconds(cell.Median.Wall))
			for _, than := range []struct{ name, text string }{{flux, "flux"}, {oras, "oras"}} {
				if ratio, found := r.Ratio(h.name, shape, h.who, than.name, wall); found {
					line += ", " + speed(ratio, than.text)
				}
			}
			lines = append(lines, line)
		}
	}
	return lines
}

// speed describes a ratio of times. It rounds against us.
func speed(ratio float64, than string) string {
	switch times := 1 / ratio; {
	case times >= 10:
		return fmt.Sprintf("%.0f times as fast as %s", math.Floor(times), than)
	case times >= 1.1:
		return fmt.Sprintf("%.1f times as fast as %s", math.Floor(times*10)/10, than)
	case ratio < 1.05:
		return "as fast as " + than
	}
	return fmt.Sprintf("%.1f times the time of %s", math.Ceil(ratio*10)/10, than)
}

func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// describe returns the size of a tree: its number of files and bytes. A tree of the user
// has its name too.
func (r *Report) describe(shape string) string {
	for _, t := range r.Trees {
		switch {
		case t.Name == shape && t.Named:
			return t.Name + " (" + t.size() + ")"
		case t.Name == shape:
			return t.size()
		}
	}
	return shape
}

// column is a column of a table: a contestant with its heading.
type column struct{ who, heading string }

// table returns a table of some cases with its heading. It has the columns for which
// there is a contestant in one of the cases, and no row without the first of them.
func (r *Report) table(cases []headline, columns []column, format func(name, shape, who string) string) [][]string {
	var used []column
	for _, c := range columns {
		for _, cell := range r.Cells {
			if cell.Who == c.who && isCase(cases, cell.Case) {
				used = append(used, c)
				break
			}
		}
	}
	heading := []string{"case", "tree"}
	for _, c := range used {
		heading = append(heading, c.heading)
	}
	rows := [][]string{heading}
	for _, h := range cases {
		for _, shape := range r.shapes(h.name) {
			row, some := []string{h.about, r.describe(shape)}, false
			for i, c := range used {
				text := ""
				if _, found := r.Cell(h.name, shape, c.who); found {
					text = format(h.name, shape, c.who)
					some = some || i == 0
				}
				row = append(row, text)
			}
			if some {
				rows = append(rows, row)
			}
		}
	}
	return rows
}

func isCase(cases []headline, name string) bool {
	for _, h := range cases {
		if h.name == name {
			return true
		}
	}
	return false
}

// usage formats the times and the memory of a contestant.
func (r *Report) usage(name, shape, who string) string {
	cell, _ := r.Cell(name, shape, who)
	m := cell.Median
	return fmt.Sprintf("%s [%s], %s", Seconds(m.Wall), Seconds(m.CPU), Size(m.MaxRSS))
}

// relative formats the times of a contestant relative to those of flux.
func (r *Report) relative(name, shape, who string) string {
	walls, found := r.Ratio(name, shape, who, flux, wall)
	if !found {
		return ""
	}
	cpus, _ := r.Ratio(name, shape, who, flux, cpu)
	return fmt.Sprintf("%.2f [%.2f]", walls, cpus)
}

// traffic formats the traffic of a contestant.
func (r *Report) traffic(name, shape, who string) string {
	cell, _ := r.Cell(name, shape, who)
	m := cell.Median
	text := fmt.Sprintf("%d requests", m.Requests)
	if m.Trips > 0 {
		text += fmt.Sprintf(" in %d round trips", m.Trips)
	}
	return text + ", " + Size(max(m.Sent, m.Received))
}
