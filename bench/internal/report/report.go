// Package report holds measurements and formats them.
package report

import (
	"slices"
	"time"

	"github.com/kubeoci/oci/bench/internal/stats"
)

// Report holds the results of one comparison. It marshals to JSON.
type Report struct {
	Date    time.Time `json:"date"`
	Machine Machine   `json:"machine"`
	Rounds  int       `json:"rounds"`
	Seed    uint64    `json:"seed"`
	// Load holds the load averages at the start and at the end, as far as they are known.
	Load []float64 `json:"loadAverages"`
	// Took is the time of the whole run.
	Took        time.Duration `json:"tookNanoseconds"`
	Trees       []Tree        `json:"trees"`
	Limits      []Limits      `json:"limits"`
	Contestants []Contestant  `json:"contestants"`
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

// Tree is a measured tree.
type Tree struct {
	Name  string `json:"name"`
	Files int    `json:"files"`
	Bytes int64  `json:"bytes"`
	// Named reports that the user named the tree, which is not generated.
	Named bool `json:"named,omitempty"`
}

// AddTree adds a tree unless there is one of its name.
func (r *Report) AddTree(t Tree) {
	if !slices.ContainsFunc(r.Trees, func(other Tree) bool { return other.Name == t.Name }) {
		r.Trees = append(r.Trees, t)
	}
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
	Received int64         `json:"receivedBytes"`
	Layer    int64         `json:"layerBytes"` // part of Sent
	// Trips is the number of responses that were waited for one after another.
	Trips int `json:"trips"`
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
		Median: summary(samples, stats.Median[time.Duration], stats.Median[int64], stats.Median[int]),
		Worst:  summary(samples, slices.Max[[]time.Duration], slices.Max[[]int64], slices.Max[[]int]),
	}
}

// summary applies a function to each field, in a variant for each type.
func summary(samples []Sample, times func([]time.Duration) time.Duration, sizes func([]int64) int64, counts func([]int) int) Sample {
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
		Received: sizes(stats.Of(samples, func(s Sample) int64 { return s.Received })),
		Trips:    counts(stats.Of(samples, func(s Sample) int { return s.Trips })),
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
	// CPU is the ratio of the CPU times if Value is one of wall times. It holds on a busy
	// machine too.
	CPU float64 `json:"cpu,omitempty"`
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

// Ratio returns the median of the ratios of two contestants within each round: what
// slows the machine down affects both.
func (r *Report) Ratio(name, shape, who, than string, value func(Sample) float64) (float64, bool) {
	one, found := r.Cell(name, shape, who)
	other, known := r.Cell(name, shape, than)
	if !found || !known {
		return 0, false
	}
	var ratios []float64
	for i := range min(len(one.Samples), len(other.Samples)) {
		if of := value(other.Samples[i]); of > 0 {
			ratios = append(ratios, value(one.Samples[i])/of)
		}
	}
	return stats.Median(ratios), len(ratios) > 0
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
