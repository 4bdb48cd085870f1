package report

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// measured returns the table of all cells with its heading.
func (r *Report) measured() [][]string {
	rows := [][]string{{"case", "tree", "program", "wall", "CPU", "peak RSS", "requests", "sent", "layers sent", "received", "round trips"}}
	for _, c := range r.Cells {
		m := c.Median
		if m.CPU == 0 { // not measured
			rows = append(rows, []string{c.Case, c.Shape, c.Who, Seconds(m.Wall), "", "", "", "", "", "", ""})
			continue
		}
		trips := ""
		if m.Trips > 0 {
			trips = fmt.Sprint(m.Trips)
		}
		rows = append(rows, []string{
			c.Case, c.Shape, c.Who, Seconds(m.Wall), Seconds(m.CPU), Size(m.MaxRSS),
			fmt.Sprint(m.Requests), Size(m.Sent), Size(m.Layer), Size(m.Received), trips,
		})
	}
	return rows
}

// targets returns the table of all checks with its heading.
func (r *Report) targets() [][]string {
	rows := [][]string{{"case", "tree", "value", "measured", "target, at most", "", "CPU", "lower bound"}}
	for _, c := range r.Checks {
		met := "met"
		if !c.Met {
			met = "not met"
		}
		cpu, floor := "", ""
		if c.CPU > 0 {
			cpu = c.Unit.format(c.CPU)
		}
		if c.Floor > 0 {
			floor = c.Unit.format(c.Floor)
		}
		rows = append(rows, []string{c.Case, c.Shape, c.What, c.Unit.format(c.Value), c.Unit.format(c.Limit), met, cpu, floor})
	}
	return rows
}

func (u Unit) format(value float64) string {
	switch u {
	case Bytes:
		return Size(int64(value))
	case Count:
		return fmt.Sprintf("%.0f", value)
	}
	// Round up: a value rounded down to the limit would read as met.
	return fmt.Sprintf("%.3f", math.Ceil(value*1000-1e-9)/1000)
}

// versions returns the date, the machine and the versions of all programs.
func (r *Report) versions() [][]string {
	rows := [][]string{
		{"date", r.Date.Format("2006-01-02")},
		{"machine", fmt.Sprintf("%s, %d cores, %s", r.Machine.CPU, r.Machine.Cores, r.Machine.Kernel)},
		{"Go", r.Machine.Go},
		{"rounds", fmt.Sprintf("%d, medians, in %s", r.Rounds, r.Took.Round(time.Second))},
	}
	if len(r.Load) == 2 {
		rows = append(rows, []string{"load average", fmt.Sprintf("%.1f at the start, %.1f at the end", r.Load[0], r.Load[1])})
	}
	for _, t := range r.Trees {
		rows = append(rows, []string{"tree " + t.Name, t.size()})
	}
	for _, c := range r.Contestants {
		rows = append(rows, []string{c.Name, strings.TrimSpace(c.Title + " " + c.Version)})
	}
	for _, name := range r.Missing {
		rows = append(rows, []string{name, "not installed, skipped"})
	}
	return rows
}

// size returns the number of files and megabytes.
func (t Tree) size() string {
	files := fmt.Sprint(t.Files)
	if len(files) > 3 {
		files = files[:len(files)-3] + "," + files[len(files)-3:]
	}
	switch megabytes := float64(t.Bytes) / 1e6; {
	case megabytes < 0.1:
		return fmt.Sprintf("%s files, %.0f kB", files, megabytes*1e3)
	case megabytes < 10:
		return fmt.Sprintf("%s files, %.1f MB", files, megabytes)
	default:
		return fmt.Sprintf("%s files, %.0f MB", files, megabytes)
	}
}

// Seconds formats a duration with three digits.
func Seconds(d time.Duration) string {
	switch s := d.Seconds(); {
	case s >= 100:
		return fmt.Sprintf("%.0f s", s)
	case s >= 10:
		return fmt.Sprintf("%.1f s", s)
	case s >= 1:
		return fmt.Sprintf("%.2f s", s)
	default:
		return fmt.Sprintf("%.0f ms", s*1000)
	}
}

// Size formats a number of bytes.
func Size(n int64) string {
	switch f := float64(n); {
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", f/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.1f KiB", f/(1<<10))
	default:
		return fmt.Sprintf("%d B", n)
	}
}
