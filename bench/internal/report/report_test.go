package report_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/bench/internal/limits"
	"github.com/kubeoci/oci/bench/internal/process/usage"
	"github.com/kubeoci/oci/bench/internal/report"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// sample returns a report of two libraries, with a name that must be escaped.
func sample() *report.Report {
	r := &report.Report{
		Date:    time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC),
		Machine: report.Machine{Go: "go1.26.8", Kernel: "Linux 6.1", CPU: "CPU <x> & y", Cores: 2},
		Rounds:  3,
		Contestants: []report.Contestant{
			{Name: "ours", Title: "github.com/kubeoci/oci"},
			{Name: "flux lib", Title: "github.com/fluxcd/pkg/oci", Version: "v0.70.0"},
		},
		Missing: []string{"oras"},
		Load:    []float64{0.5, 2},
		Took:    20 * time.Minute,
		Trees:   []report.Tree{{Name: "small", Files: 2000, Bytes: 22e6}, {Name: "mine", Files: 4, Bytes: 5000, Named: true}},
	}
	for i, who := range []string{"ours", "flux lib"} {
		var samples []report.Sample
		for n := range 3 {
			samples = append(samples, report.Sample{
				Wall: time.Duration(1+i*9+n) * 100 * time.Millisecond, CPU: time.Second, MaxRSS: 20 << 20, Requests: 3 + n, Sent: 3 << 20, Layer: 1000,
			})
		}
		r.Cells = append(r.Cells, report.NewCell("cold", "small", who, samples))
	}
	for _, who := range []string{"ours", "flux lib"} {
		r.Cells = append(r.Cells, report.NewCell("pull", "mine", who, []report.Sample{{Wall: time.Second, CPU: time.Second, Received: 1 << 20}}))
	}
	second := usage.Usage{Wall: time.Second, CPU: 2 * time.Second}
	r.Limits = []report.Limits{{Tree: "small", Limits: limits.Limits{
		Files: 2000, Size: 22e6, Cores: 2, Start: 5 * time.Millisecond,
		Steps: []limits.Step{{Name: "stat", Part: limits.Reading, Alone: second, Shared: second}, {Name: "hash", Part: limits.Hashing, Bytes: 22e6, Alone: second}},
	}}}
	r.Check(report.Check{Case: "cold", Shape: "small", What: "ours: wall / flux lib", Value: 0.2001, Limit: 0.2, CPU: 1, Floor: 0.15, Unit: report.Ratio})
	r.Check(report.Check{Case: "cold", Shape: "small", What: "ours: requests", Value: 3, Limit: 7, Unit: report.Count, Exact: true})
	return r
}

func TestCell(t *testing.T) {
	cell, found := sample().Cell("cold", "small", "ours")
	require.True(t, found)
	assert.Equal(t, 200*time.Millisecond, cell.Median.Wall)
	assert.Equal(t, 300*time.Millisecond, cell.Worst.Wall)
	assert.Equal(t, 4, cell.Median.Requests)
	assert.Equal(t, 5, cell.Worst.Requests)
	_, found = sample().Cell("cold", "many", "ours")
	assert.False(t, found)
	assert.Zero(t, report.NewCell("", "", "", nil).Median)
}

func TestFloor(t *testing.T) {
	assert.Equal(t, 1500*time.Millisecond, sample().Floor("small", limits.Work{}))
	assert.Equal(t, 2*time.Second, sample().Floor("small", limits.Work{Both: true, Compress: true}))
	assert.Zero(t, sample().Floor("many", limits.Work{}))
}

func TestUnmet(t *testing.T) {
	r := sample()
	require.Len(t, r.Unmet(false), 1)
	assert.Equal(t, "ours: wall / flux lib", r.Unmet(false)[0].What)
	assert.Empty(t, r.Unmet(true))
	r.Check(report.Check{What: "bytes", Value: 1, Exact: true})
	assert.Len(t, r.Unmet(true), 1)
}

// TestRatio: the median of the ratios is not the ratio of the medians.
func TestRatio(t *testing.T) {
	times := func(seconds ...time.Duration) []report.Sample {
		var samples []report.Sample
		for _, s := range seconds {
			samples = append(samples, report.Sample{Wall: s * time.Second})
		}
		return samples
	}
	r := &report.Report{Cells: []report.Cell{
		report.NewCell("cold", "small", "ours", times(1, 20, 3)),
		report.NewCell("cold", "small", "flux lib", times(10, 40, 5)),
		report.NewCell("cold", "small", "oras lib", times(0, 0, 0)),
	}}
	wall := func(s report.Sample) float64 { return s.Wall.Seconds() }
	ratio, found := r.Ratio("cold", "small", "ours", "flux lib", wall)
	assert.True(t, found)
	assert.Equal(t, 0.5, ratio)
	for _, than := range []string{"oras lib", "other"} {
		_, found = r.Ratio("cold", "small", "ours", than, wall)
		assert.False(t, found, than)
	}
}

func TestGolden(t *testing.T) {
	for name, write := range map[string]func(io.Writer) error{
		"report.txt": sample().Text,
		"report.md":  func(w io.Writer) error { return sample().Markdown(w, "plot.svg") },
		"empty.md":   func(w io.Writer) error { return new(report.Report).Markdown(w, "") },
		"targets.md": sample().Targets,
		"plot.svg":   sample().SVG,
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			require.NoError(t, write(&b))
			file := filepath.Join("testdata", name)
			if *update {
				require.NoError(t, os.WriteFile(file, b.Bytes(), 0o644))
			}
			want, err := os.ReadFile(file)
			require.NoError(t, err)
			assert.Equal(t, string(want), b.String(), "run go test -update to accept")
		})
	}
}

// TestSpeed: a comparison is never better than the numbers.
func TestSpeed(t *testing.T) {
	for ratio, want := range map[time.Duration]string{
		97: "10 times as fast as flux", 239: "4.1 times as fast as flux", 900: "1.1 times as fast as flux",
		1000: "as fast as flux", 1270: "1.3 times the time of flux",
	} {
		r := sample()
		r.Cells[1] = report.NewCell("cold", "small", "flux lib", []report.Sample{{Wall: time.Second}})
		r.Cells[0] = report.NewCell("cold", "small", "ours", []report.Sample{{Wall: ratio * time.Millisecond}})
		var b strings.Builder
		require.NoError(t, r.Markdown(&b, ""))
		assert.Contains(t, b.String(), "s**, "+want+"\n")
	}
}

func TestSVGIsXML(t *testing.T) {
	for rects, r := range map[int]*report.Report{1 + 2 + 4: sample(), 1: {}} {
		var b bytes.Buffer
		require.NoError(t, r.SVG(&b))
		elements := map[string]int{}
		for decoder := xml.NewDecoder(&b); ; {
			token, err := decoder.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err)
			if start, ok := token.(xml.StartElement); ok {
				elements[start.Name.Local]++
			}
		}
		assert.Equal(t, 1, elements["svg"])
		assert.Equal(t, rects, elements["rect"], "background, legend and bars")
	}
}

func TestSVGLabels(t *testing.T) {
	r := sample()
	for i := range r.Cells[0].Samples { // far slower than the other
		r.Cells[0].Samples[i].Wall = time.Minute
	}
	r.Cells[0] = report.NewCell("cold", "small", "ours", r.Cells[0].Samples)
	var b strings.Builder
	require.NoError(t, r.SVG(&b))
	assert.Contains(t, b.String(), ">… 54.545  (60.0 s)</text>", "a cut bar is marked")
	assert.Contains(t, b.String(), ">1.000  (1.10 s)</text>")
	assert.Contains(t, b.String(), "CPU &lt;x&gt; &amp; y")
}

func TestUnits(t *testing.T) {
	for _, tt := range []struct{ got, want string }{
		{report.Seconds(12 * time.Millisecond), "12 ms"},
		{report.Seconds(1234 * time.Millisecond), "1.23 s"},
		{report.Seconds(12345 * time.Millisecond), "12.3 s"},
		{report.Seconds(123456 * time.Millisecond), "123 s"},
		{report.Size(12), "12 B"},
		{report.Size(1536), "1.5 KiB"},
		{report.Size(64 << 20), "64.0 MiB"},
	} {
		assert.Equal(t, tt.want, tt.got)
	}
}
