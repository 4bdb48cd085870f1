package report_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/bench/internal/report"
)

// sample returns a report of two programs, with a name that must be escaped.
func sample() *report.Report {
	r := &report.Report{
		Date:    time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC),
		Machine: report.Machine{Go: "go1.26.8", Kernel: "Linux 6.1", CPU: "CPU <x> & y", Cores: 2},
		Rounds:  3,
		Contestants: []report.Contestant{
			{Name: "ours", Title: "examples/push"},
			{Name: "flux", Title: "flux push artifact", Version: "v2"},
		},
		Missing: []string{"oras"},
	}
	for i, who := range []string{"ours", "flux"} {
		var samples []report.Sample
		for n := range 3 {
			samples = append(samples, report.Sample{
				Wall: time.Duration(1+i*9+n) * 100 * time.Millisecond, CPU: time.Second, MaxRSS: 20 << 20, Requests: 3 + n, Sent: 3 << 20, Layer: 1000,
			})
		}
		r.Cells = append(r.Cells, report.NewCell("cold", "small", who, samples))
	}
	r.Check(report.Check{Case: "cold", Shape: "small", What: "wall / flux", Value: 0.2001, Limit: 0.2, Floor: 0.15, Unit: report.Ratio})
	r.Check(report.Check{Case: "cold", Shape: "small", What: "requests", Value: 3, Limit: 7, Unit: report.Count, Exact: true})
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

func TestUnmet(t *testing.T) {
	r := sample()
	require.Len(t, r.Unmet(false), 1)
	assert.Equal(t, "wall / flux", r.Unmet(false)[0].What)
	assert.Empty(t, r.Unmet(true))
	r.Check(report.Check{What: "bytes", Value: 1, Exact: true})
	assert.Len(t, r.Unmet(true), 1)
}

func TestText(t *testing.T) {
	var b strings.Builder
	require.NoError(t, sample().Text(&b))
	assert.Equal(t, `date     2026-02-03
machine  CPU <x> & y, 2 cores, Linux 6.1
Go       go1.26.8
rounds   3, medians
ours     examples/push
flux     flux push artifact v2
oras     not installed, skipped

case  tree   program  wall    CPU     peak RSS  requests  sent     layers sent  round trips
cold  small  ours     200 ms  1.00 s  20.0 MiB  4         3.0 MiB  1000 B       
cold  small  flux     1.10 s  1.00 s  20.0 MiB  4         3.0 MiB  1000 B       

case  tree   value        measured  target, at most           lower bound
cold  small  wall / flux  0.201     0.200            not met  0.150
cold  small  requests     3         7                met      
`, b.String())
}

func TestMarkdown(t *testing.T) {
	var b strings.Builder
	require.NoError(t, sample().Markdown(&b, "plot.svg"))
	for _, want := range []string{
		"# Benchmarks\n", "![Wall time by case, relative to flux](plot.svg)\n",
		"## Results\n\nWall time and peak memory:\n\n| push | tree | examples/push | flux push artifact |\n|---|---|---|---|\n" +
			"| new repository | 2,000 files, 20 MB | 200 ms, 20.0 MiB | 1.10 s, 20.0 MiB |\n",
		"| new repository | 2,000 files, 20 MB | 4 requests, 3.0 MiB | 4 requests, 3.0 MiB |\n",
		"| cold | small | ours | 200 ms | 1.00 s | 20.0 MiB |",
		"| oras | not installed, skipped |\n",
	} {
		assert.Contains(t, b.String(), want)
	}
	b.Reset()
	require.NoError(t, sample().Markdown(&b, ""))
	assert.NotContains(t, b.String(), "![")
	b.Reset()
	one := sample()
	one.Cells[0].Median.Requests = 1
	require.NoError(t, one.Markdown(&b, ""))
	assert.Contains(t, b.String(), "| new repository | 2,000 files, 20 MB | 1 request, 3.0 MiB | 4 requests, 3.0 MiB |\n")
	b.Reset()
	require.NoError(t, new(report.Report).Markdown(&b, ""))
	assert.NotContains(t, b.String(), "## Results")
}

func TestTargets(t *testing.T) {
	var b strings.Builder
	require.NoError(t, sample().Targets(&b))
	for _, want := range []string{
		"# Benchmark targets\n", "\n1 of 2 were met on 2026-02-03 on CPU <x> & y, 2 cores.\n",
		"| case | tree | value | measured | target, at most |  | lower bound |\n|---|---|---|---|---|---|---|\n| cold | small | wall / flux | 0.201 | 0.200 | not met | 0.150 |\n",
	} {
		assert.Contains(t, b.String(), want)
	}
}

func TestSVGIsXML(t *testing.T) {
	for _, r := range []*report.Report{sample(), {}} {
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
		assert.Equal(t, 1+2*len(r.Contestants), elements["rect"], "background, legend and bars")
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
