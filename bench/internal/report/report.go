// Package report holds measurements and formats them.
package report

import (
	"slices"
	"time"

	"github.com/kubeoci/oci/bench/internal/stats"
)

// Report holds the results of one comparison. It marshals to JSON.
type Report struct {
	Date        time.Time    `json:"date"`
	Machine     Machine      `json:"machine"`
	Rounds      int          `json:"rounds"`
	Seed        uint64       `json:"seed"`
	Contestants []Contestant `json:"contestants"`
	// Missing lists programs that are not installed.
	Missing []string `json:"missing,omitempty"`
	Cells   []Cell   `json:"cells"`
	Checks  []Check  `json:"checks"`
}

// Machine describes the machine of the measurement.
type Machine struct {
	Go     string `json:"go"`
	Kernel string `json:"kernel"`
	CPU    string `json:"cpu"`
	Cores  int    `json:"cores"`
}

// Contestant is a program of the comparison.
type Contestant struct {
	Name    string `json:"name"`
	Title   string `json:"title"`
	Version string `json:"version"`
}

// Sample is one run of one program.
type Sample struct {
	Wall     time.Duration `json:"wallNanoseconds"`
	CPU      time.Duration `json:"cpuNanoseconds"`
	MaxRSS   int64         `json:"maxRSSBytes"`
	Requests int           `json:"requests"`
	Sent     int64         `json:"sentBytes"`
	Layer    int64         `json:"layerBytes"` // part of Sent
	// Trips is the time from the first request to the last response in round trips, or
	// zero if the registry has no latency.
	Trips float64 `json:"trips,omitempty"`
}

// Cell holds the samples of one program in one case.
type Cell struct {
	Case    string   `json:"case"`
	Shape   string   `json:"shape"`
	Who     string   `json:"who"`
	Median  Sample   `json:"median"` // of each field
	Worst   Sample   `json:"worst"`  // the largest of each field
	Samples []Sample `json:"samples"`
}

// NewCell summarises samples.
func NewCell(name, shape, who string, samples []Sample) Cell {
	return Cell{
		Case: name, Shape: shape, Who: who, Samples: samples,
		Median: summary(samples, stats.Median[time.Duration], stats.Median[int64], stats.Median[int], stats.Median[float64]),
		Worst:  summary(samples, slices.Max[[]time.Duration], slices.Max[[]int64], slices.Max[[]int], slices.Max[[]float64]),
	}
}

// summary applies a function to each field, in a variant for each type.
func summary(samples []Sample, times func([]time.Duration) time.Duration, sizes func([]int64) int64, counts func([]int) int, fractions func([]float64) float64) Sample {
	if len(samples) == 0 {
		return Sample{}
	}
	return Sample{
		Wall:     times(stats.Of(samples, func(s Sample) time.Duration { return s.Wall })),
		CPU:      times(stats.Of(samples, func(s Sample) time.Duration { return s.CPU })),
		MaxRSS:   sizes(stats.Of(samples, func(s Sample) int64 { return s.MaxRSS })),
		Requests: counts(stats.Of(samples, func(s Sample) int { return s.Requests })),
		Sent:     sizes(stats.Of(samples, func(s Sample) int64 { return s.Sent })),
		Layer:    sizes(stats.Of(samples, func(s Sample) int64 { return s.Layer })),
		Trips:    fractions(stats.Of(samples, func(s Sample) float64 { return s.Trips })),
	}
}

// Check is a target with the measured value.
type Check struct {
	Case  string `json:"case"`
	Shape string `json:"shape"`
	What  string `json:"what"`
	// Value must be at most Limit. Both are ratios, counts or bytes.
	Value float64 `json:"value"`
	Limit float64 `json:"limit"`
	Unit  Unit    `json:"unit"`
	// Floor is the lower bound of Value on this machine, from the steps of a push alone,
	// or zero if it is unknown.
	Floor float64 `json:"floor,omitempty"`
	// Exact reports that the value does not depend on the machine and its load.
	Exact bool `json:"exact"`
	Met   bool `json:"met"`
}

// Unit is the unit of a value.
type Unit string

// The units of checks.
const (
	Ratio Unit = "ratio"
	Count Unit = "count"
	Bytes Unit = "bytes"
)

// Check adds a target.
func (r *Report) Check(c Check) {
	c.Met = c.Value <= c.Limit
	r.Checks = append(r.Checks, c)
}

// Cell returns the cell of a program.
func (r *Report) Cell(name, shape, who string) (Cell, bool) {
	i := slices.IndexFunc(r.Cells, func(c Cell) bool { return c.Case == name && c.Shape == shape && c.Who == who })
	if i < 0 {
		return Cell{}, false
	}
	return r.Cells[i], true
}

// Unmet lists the missed targets, or only the exact ones.
func (r *Report) Unmet(exact bool) []Check {
	var unmet []Check
	for _, c := range r.Checks {
		if !c.Met && (c.Exact || !exact) {
			unmet = append(unmet, c)
		}
	}
	return unmet
}
