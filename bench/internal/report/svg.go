package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
)

// plotted lists the cases in which all libraries do the same.
var plotted = []string{"cold", "unchanged", "changed", "20 ms, 100 Mbit/s", "pull"}

// drawn lists the contestants of the drawing with their colors: ours stand out.
var drawn = []struct{ who, title, color string }{
	{ours, "this library", "#0b6bcb"},
	{"ours, root", "Layout root", "#4f9be3"},
	{"ours, cache directory", "cache directory", "#2da44e"},
	{"ours, cache in memory", "cache in memory", "#6fc586"},
	{flux, "flux", "#7d8590"},
	{oras, "oras", "#c58a2a"},
}

// bar is one bar of a group.
type bar struct {
	color string
	ratio float64
	label string
}

// group holds the bars of one case and tree.
type group struct {
	title string
	bars  []bar
}

func (r *Report) groups() []group {
	var groups []group
	for _, name := range plotted {
		for _, shape := range r.shapes(name) {
			g := group{title: name + ", " + shape}
			for _, d := range drawn {
				if ratio, found := r.Ratio(name, shape, d.who, flux, wall); found {
					cell, _ := r.Cell(name, shape, d.who)
					g.bars = append(g.bars, bar{d.color, ratio, fmt.Sprintf("%.3f  (%s)", ratio, Seconds(cell.Median.Wall))})
				}
			}
			if len(g.bars) > 0 {
				groups = append(groups, g)
			}
		}
	}
	return groups
}

// shapes lists the trees of a case in the order of measurement.
func (r *Report) shapes(name string) []string {
	var shapes []string
	for _, c := range r.Cells {
		if c.Case == name && !slices.Contains(shapes, c.Shape) {
			shapes = append(shapes, c.Shape)
		}
	}
	return shapes
}

// Sizes of the plot, in pixels.
const (
	plotWidth  = 860
	plotLeft   = 190 // start of the bars
	plotTop    = 92
	barHeight  = 13
	barGap     = 3
	groupGap   = 16
	labelWidth = 130
	plotBottom = 30
)

// longestBar bounds the scale: longer bars are cut, and their label has the value.
const longestBar = 2.0

// SVG draws the wall times of each case relative to those of flux.
func (r *Report) SVG(w io.Writer) error {
	groups := r.groups()
	longest, height := 1.0, plotTop
	for _, g := range groups {
		height += len(g.bars)*(barHeight+barGap) + groupGap
		for _, b := range g.bars {
			longest = max(longest, min(b.ratio, longestBar))
		}
	}
	p := &plot{scale: (plotWidth - plotLeft - labelWidth) / longest}
	p.open(height + plotBottom)
	p.text(20, 30, `font-size="18" font-weight="600" fill="#1f2328"`, "Time of a push or pull, relative to flux")
	p.text(20, 50, `font-size="12" fill="#59636e"`, fmt.Sprintf("Wall time of the call of each library, default options, median of %d; shorter is better. %s, %s, %d cores",
		r.Rounds, r.Date.Format("2006-01-02"), r.Machine.CPU, r.Machine.Cores))
	r.legend(p)
	p.grid(longest, height)
	y := plotTop
	for _, g := range groups {
		y = p.group(g, y) + groupGap
	}
	p.b.WriteString("</svg>\n")
	_, err := io.WriteString(w, p.b.String())
	return err
}

// legend lists the contestants that were measured.
func (r *Report) legend(p *plot) {
	x := 20
	for _, d := range drawn {
		if !slices.ContainsFunc(r.Cells, func(c Cell) bool { return c.Who == d.who && slices.Contains(plotted, c.Case) }) {
			continue
		}
		p.rect(x, 64, 11, 11, d.color)
		p.text(x+16, 74, `font-size="12" fill="#1f2328"`, d.title)
		x += 40 + 7*len(d.title) // about the width of the text
	}
}

// plot is an unfinished drawing.
type plot struct {
	b     strings.Builder
	scale float64 // pixels for a ratio of one
}

func (p *plot) open(height int) {
	fmt.Fprintf(&p.b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" font-family="system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif">`+"\n", plotWidth, height)
	p.rect(0, 0, plotWidth, height, "#ffffff")
}

func (p *plot) rect(x, y, width, height int, fill string) {
	fmt.Fprintf(&p.b, `<rect x="%d" y="%d" width="%d" height="%d" fill="%s"/>`+"\n", x, y, width, height, fill)
}

// text writes s at the start of its base line. The attributes are not escaped.
func (p *plot) text(x, y int, attributes, s string) {
	fmt.Fprintf(&p.b, `<text x="%d" y="%d" %s>`, x, y, attributes)
	_ = xml.EscapeText(&p.b, []byte(s)) // a Builder never fails
	p.b.WriteString("</text>\n")
}

// grid draws a line every quarter, or every half of a long scale.
func (p *plot) grid(longest float64, bottom int) {
	step := 0.25
	if longest > 1.5 {
		step = 0.5
	}
	for ratio := 0.0; ratio <= longest+0.001; ratio += step {
		x, stroke := plotLeft+int(ratio*p.scale), "#e6e9ec"
		if ratio == 1 {
			stroke = "#7d8590"
		}
		fmt.Fprintf(&p.b, `<line x1="%d" y1="%d" x2="%d" y2="%d" stroke="%s"/>`+"\n", x, plotTop-6, x, bottom-groupGap/2, stroke)
		p.text(x, bottom+8, `font-size="11" fill="#59636e" text-anchor="middle"`, fmt.Sprint(ratio))
	}
}

// group draws bars starting at y and returns the end. A white edge separates labels from
// the grid.
func (p *plot) group(g group, y int) int {
	height := len(g.bars)*(barHeight+barGap) - barGap
	p.text(plotLeft-10, y+height/2+4, `font-size="13" fill="#1f2328" text-anchor="end"`, g.title)
	for _, b := range g.bars {
		width := max(1, int(min(b.ratio, longestBar)*p.scale))
		p.rect(plotLeft, y, width, barHeight, b.color)
		label := b.label
		if b.ratio > longestBar {
			label = "… " + label
		}
		p.text(plotLeft+width+6, y+barHeight-3, `font-size="11" fill="#1f2328" stroke="#ffffff" stroke-width="3" paint-order="stroke"`, label)
		y += barHeight + barGap
	}
	return y
}
