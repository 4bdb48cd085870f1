package main

import (
	"compress/gzip"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/bench/internal/tree"
)

func TestParse(t *testing.T) {
	c, err := parse(nil, io.Discard)
	require.NoError(t, err)
	assert.Equal(t, caseNames(), c.cases)
	assert.Equal(t, []string{"small", "many", "large"}, c.shapes)
	assert.Equal(t, 5, c.rounds)

	c, err = parse([]string{"-quick"}, io.Discard)
	require.NoError(t, err)
	assert.NotContains(t, c.cases, growthCase)
	assert.Len(t, c.cases, len(caseNames())-1)
	assert.Equal(t, []string{"small"}, c.shapes)
	assert.Equal(t, 1, c.rounds)

	c, err = parse([]string{"-cases", "rtt,cold", "-shapes", "many"}, io.Discard)
	require.NoError(t, err)
	assert.Equal(t, []string{"rtt", "cold"}, c.cases)
	assert.Equal(t, []string{"many"}, c.shapes)

	for _, args := range [][]string{
		{"-cases", "warm"}, {"-shapes", "few"}, {"-rounds", "0"}, {"-nonsense"}, {"argument"},
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

func TestRecompressed(t *testing.T) {
	text := []byte(strings.Repeat("some text that compresses. ", 10_000))
	for _, tt := range []struct {
		level    int
		from, to float64
	}{{6, 1, 1}, {gzip.NoCompression, 50, 1000}} {
		name := filepath.Join(t.TempDir(), "layer")
		file, err := os.Create(name)
		require.NoError(t, err)
		compressor, err := gzip.NewWriterLevel(file, tt.level)
		require.NoError(t, err)
		_, err = compressor.Write(text)
		require.NoError(t, err)
		require.NoError(t, compressor.Close())
		require.NoError(t, file.Close())

		ratio, err := recompressed(t.Context(), name)
		require.NoError(t, err)
		assert.GreaterOrEqual(t, ratio, tt.from)
		assert.LessOrEqual(t, ratio, tt.to)
	}
}
