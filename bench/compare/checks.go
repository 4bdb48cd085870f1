package main

import (
	"github.com/kubeoci/oci/bench/internal/contest"
	"github.com/kubeoci/oci/bench/internal/limits"
	"github.com/kubeoci/oci/bench/internal/report"
)

// target limits the time of one contestant relative to that of another. Zero means no
// limit.
type target struct {
	who, than string
	wall, cpu float64
}

func wall(s report.Sample) float64 { return s.Wall.Seconds() }
func cpu(s report.Sample) float64  { return s.CPU.Seconds() }
func rss(s report.Sample) float64  { return float64(s.MaxRSS) }

func requests(s report.Sample) float64 { return float64(s.Requests) }
func trips(s report.Sample) float64    { return float64(s.Trips) }
func layer(s report.Sample) float64    { return float64(s.Layer) }
func sent(s report.Sample) float64     { return float64(s.Sent) }

// maxRSS is the target for every push of one tree.
const maxRSS = 64<<20 - 1

// faster checks times, unless one of the contestants is not installed.
func (b *bench) faster(name, shape string, targets ...target) {
	for _, t := range targets {
		walls, found := b.report.Ratio(name, shape, t.who, t.than, wall)
		if !found {
			continue
		}
		cpus, _ := b.report.Ratio(name, shape, t.who, t.than, cpu)
		if t.wall > 0 {
			b.report.Check(report.Check{
				Case: name, Shape: shape, What: t.who + ": wall / " + t.than, Unit: report.Ratio,
				Value: walls, Limit: t.wall, CPU: cpus, Floor: b.floor(name, shape, t),
			})
		}
		if t.cpu > 0 {
			b.report.Check(report.Check{
				Case: name, Shape: shape, What: t.who + ": CPU / " + t.than, Unit: report.Ratio, Value: cpus, Limit: t.cpu,
			})
		}
	}
}

// workOf describes what the pushes of our library have to do.
var workOf = map[string]limits.Work{
	contest.Ours:    {Both: true, Check: true, Compress: true},
	root:            {Check: true, Compress: true},
	unchecked:       {Compress: true},
	cacheDir:        {},
	cacheMemory:     {},
	uncheckedCached: {},
}

// floor returns the lower bound for the wall time of ours relative to the library of flux,
// or zero if it is unknown.
func (b *bench) floor(name, shape string, t target) float64 {
	work, known := workOf[t.who]
	other, found := b.report.Cell(name, shape, t.than)
	if !known || !found || t.than != contest.FluxLib || name != "cold" && name != "unchanged" {
		return 0
	}
	return b.report.Floor(shape, work).Seconds() / wall(other.Median)
}

// exactly checks the worst value of all rounds. The value must not depend on the load of
// the machine.
func (b *bench) exactly(name, shape, who, what string, unit report.Unit, limit float64, value func(report.Sample) float64) {
	b.worst(name, shape, who, what, unit, limit, true, value)
}

// worst checks the worst value of all rounds, which may depend on the load of the machine
// unless it is exact.
func (b *bench) worst(name, shape, who, what string, unit report.Unit, limit float64, exact bool, value func(report.Sample) float64) {
	cell, found := b.report.Cell(name, shape, who)
	if !found {
		return
	}
	b.report.Check(report.Check{
		Case: name, Shape: shape, What: who + ": " + what, Unit: unit, Value: value(cell.Worst), Limit: limit, Exact: exact,
	})
}

// smaller checks the size of layers, which does not depend on the machine.
func (b *bench) smaller(name, shape, who, than string, limit float64) {
	if ratio, found := b.report.Ratio(name, shape, who, than, layer); found {
		b.report.Check(report.Check{
			Case: name, Shape: shape, What: who + ": layer / " + than, Unit: report.Ratio, Value: ratio, Limit: limit, Exact: true,
		})
	}
}
