package main

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/bench/internal/contest"
	"github.com/kubeoci/oci/bench/internal/discard"
	"github.com/kubeoci/oci/bench/internal/report"
	"github.com/kubeoci/oci/internal/testing/treegen"
)

// TestMain also runs the subcommands, because the comparison starts itself.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && (os.Args[1] == contest.Command || os.Args[1] == treeCommand || os.Args[1] == limitsCommand) {
		if err := run(context.Background(), os.Args[1:]); err != nil {
			_, _ = os.Stderr.WriteString(err.Error())
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// start returns a comparison of the libraries with one round.
func start(t *testing.T) *bench {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("measure is built without an extension")
	}
	b := &bench{dir: t.TempDir(), progress: t.Output(), report: new(report.Report), order: rand.New(rand.NewPCG(1, 1))}
	b.config = config{rounds: 1, seed: 1, shapes: treegen.Names()}
	b.runner.Measure = filepath.Join(b.dir, "measure")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", b.runner.Measure, rootModule+"/bench/measure").CombinedOutput()
	require.NoError(t, err, string(out))
	b.programs.Self, err = os.Executable()
	require.NoError(t, err)
	b.programs.Push = b.programs.Self // limits measures its start
	all, _ := contest.All(t.Context(), b.programs)
	b.contestants = all
	b.contestants = b.libraries()
	b.local, err = b.start(discard.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, b.local.Close()) })
	return b
}

// TestCases runs cases with a small tree under the name of one that has targets.
func TestCases(t *testing.T) {
	b := start(t)
	dir, err := b.tree(t.Context(), treegen.Few())
	require.NoError(t, err)
	small := treegen.Small().Name
	for _, tt := range []struct {
		name   string
		run    func(context.Context, *bench, string, string) error
		checks int
	}{
		{"cold", cold, 10}, {"unchanged", unchanged, 11}, {"changed", changed, 2}, {"checkout", otherCheckout, 1},
		{"metadata", metadata, 4}, {"pull", pull, 3}, {slowCase, slow, 1}, {"builds", atOnce, 4},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := len(b.report.Checks)
			require.NoError(t, tt.run(t.Context(), b, small, dir))
			assert.Len(t, b.report.Checks[before:], tt.checks)
		})
	}
	for _, c := range b.report.Checks {
		assert.False(t, c.Exact && c.Unit == report.Count && !c.Met, c)
		assert.True(t, c.Value > 0 || c.Unit == report.Bytes, c)
	}
	pulled, _ := b.report.Cell("pull", small, contest.Ours)
	assert.Positive(t, pulled.Median.Received)
}

func TestNetworks(t *testing.T) {
	b := start(t)
	require.NoError(t, roundTrips(t.Context(), b))
	assert.Len(t, b.report.Checks, 4*len(networks()))
	for _, n := range networks() {
		cell, found := b.report.Cell(n.name, treegen.Few().Name, contest.Ours)
		assert.True(t, found, n.name)
		assert.GreaterOrEqual(t, cell.Median.Trips, 3, n.name)
	}
}

func TestWorkloads(t *testing.T) {
	const apps = 6
	b := start(t)
	require.NoError(t, b.manyWorkloads(t.Context(), apps))
	assert.Len(t, b.report.Checks, 6)
	for _, c := range b.report.Checks {
		assert.True(t, c.Met || !c.Exact, c)
	}
	cold, _ := b.report.Cell(workloadsCase, "6 workloads", inOneCall)
	assert.Positive(t, cold.Median.Sent)
	again, _ := b.report.Cell(workloadsCase, "6 workloads", assumed)
	assert.Equal(t, apps, again.Median.Requests)
}

// TestAdopt copies only manifests.
func TestAdopt(t *testing.T) {
	b := start(t)
	dir := filepath.Join(t.TempDir(), "mine")
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "a"), 0o700))
	for name, text := range map[string]string{"README.md": "text", "a/b.yaml": "kind: A\n"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	copied, err := b.adopt(t.Context(), dir)
	require.NoError(t, err)
	assert.NoFileExists(t, filepath.Join(copied, "README.md"))
	assert.FileExists(t, filepath.Join(copied, "a", "b.yaml"))
	assert.Equal(t, []report.Tree{{Name: "mine", Files: 1, Bytes: 8, Named: true}}, b.report.Trees)
	again, err := b.adopt(t.Context(), dir)
	require.NoError(t, err)
	assert.Equal(t, copied, again)
}

func TestReportIsJSON(t *testing.T) {
	b := start(t)
	dir, err := b.tree(t.Context(), treegen.Few())
	require.NoError(t, err)
	require.NoError(t, machineLimits(t.Context(), b, "few", dir))
	data, err := json.Marshal(b.report)
	require.NoError(t, err)
	var read report.Report
	require.NoError(t, json.Unmarshal(data, &read))
	assert.Equal(t, b.report.Limits, read.Limits)
	assert.Equal(t, b.report.Trees, read.Trees)
}
