package main

import (
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/bench/internal/contest"
	"github.com/kubeoci/oci/bench/internal/tree"
	"github.com/kubeoci/oci/internal/testing/treegen"
)

func TestParse(t *testing.T) {
	c, err := parse(nil, io.Discard)
	require.NoError(t, err)
	assert.Equal(t, caseNames(), c.cases)
	assert.Equal(t, []string{"few", "small", "many", "large"}, c.shapes)
	assert.Equal(t, 7, c.rounds)

	c, err = parse([]string{"-quick"}, io.Discard)
	require.NoError(t, err)
	assert.NotContains(t, c.cases, growthCase)
	assert.NotContains(t, c.cases, slowCase)
	assert.Len(t, c.cases, len(caseNames())-2)
	assert.Equal(t, []string{"few", "small"}, c.shapes)
	assert.Equal(t, 1, c.rounds)

	c, err = parse([]string{"-cases", "rtt,cold", "-shapes", "many"}, io.Discard)
	require.NoError(t, err)
	assert.Equal(t, []string{"rtt", "cold"}, c.cases)
	assert.Equal(t, []string{"many"}, c.shapes)

	dir := filepath.Join(t.TempDir(), "mine")
	require.NoError(t, os.Mkdir(dir, 0o700))
	c, err = parse([]string{"-shapes", "none", "-tree", dir}, io.Discard)
	require.NoError(t, err)
	assert.Empty(t, c.shapes)
	assert.Equal(t, []string{dir}, c.trees)

	few := filepath.Join(t.TempDir(), "few")
	require.NoError(t, os.Mkdir(few, 0o700))
	for _, args := range [][]string{
		{"-cases", "warm"}, {"-shapes", "huge"}, {"-rounds", "0"}, {"-nonsense"}, {"argument"},
		{"-tree", dir, "-tree", dir}, {"-tree", few}, {"-tree", filepath.Join(dir, "none")},
	} {
		_, err := parse(args, io.Discard)
		assert.IsType(t, &usageError{}, err, args)
	}
}

func TestHelp(t *testing.T) {
	var b strings.Builder
	_, err := parse([]string{"-h"}, &b)
	assert.ErrorIs(t, err, flag.ErrHelp)
	for _, name := range append(caseNames(), "-quick", "-svg") {
		assert.Contains(t, b.String(), "\n  "+name)
	}
}

func TestPlotIsRelativeToTheReport(t *testing.T) {
	assert.Equal(t, "", config{markdown: "a.md"}.plot())
	assert.Equal(t, "b.svg", config{markdown: "../docs/a.md", svg: "../docs/b.svg"}.plot())
	assert.Equal(t, "img/b.svg", config{markdown: "a.md", svg: "img/b.svg"}.plot())
}

func TestWriteTree(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tree")
	require.NoError(t, writeTree([]string{"20", "200000", "false", "1", dir}))
	files, err := tree.Files(dir)
	require.NoError(t, err)
	assert.Len(t, files, 20)
	assert.IsType(t, &usageError{}, writeTree([]string{"20", "x"}))
	assert.IsType(t, &usageError{}, writeTree(nil))
}

func TestWorkRefuses(t *testing.T) {
	for _, args := range [][]string{nil, {"x"}, {"{}", "{}"}} {
		assert.IsType(t, &usageError{}, work(t.Context(), args), args)
	}
	assert.EqualError(t, work(t.Context(), []string{"{}"}), `unknown library ""`)
}

// TestTargetsNameContestants: a name that no case has would pass unnoticed.
func TestTargetsNameContestants(t *testing.T) {
	var all []target
	for _, shape := range treegen.Names() {
		all = append(append(all, coldTargets(shape)...), unchangedTargets(shape)...)
	}
	known := []string{contest.Ours, contest.FluxLib, root, unchecked, cacheDir, cacheMemory, uncheckedCached}
	for _, one := range all {
		assert.Contains(t, known, one.who)
		assert.Contains(t, known, one.than)
		assert.Greater(t, one.wall, 0.0)
	}
	assert.Len(t, all, 15)
}
