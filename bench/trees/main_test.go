package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/kubeoci/oci/bench/internal/tree"
)

func TestTreesAreObjects(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tree")
	var out strings.Builder
	require.NoError(t, run([]string{"-shape", "few", "-scale", "2", dir}, &out))
	assert.Equal(t, dir+": few x2, 100 files, about 1.0 MB\n", out.String())
	files, err := tree.Files(dir)
	require.NoError(t, err)
	assert.Len(t, files, 100)
	for _, name := range files {
		file, err := os.Open(filepath.Join(dir, name))
		require.NoError(t, err)
		for decoder := yaml.NewDecoder(file); ; {
			var object struct {
				APIVersion string `yaml:"apiVersion"`
				Kind       string
				Metadata   struct{ Name string }
			}
			err := decoder.Decode(&object)
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err, name)
			assert.NotEmpty(t, object.APIVersion, name)
			assert.NotEmpty(t, object.Kind, name)
			assert.NotEmpty(t, object.Metadata.Name, name)
		}
		require.NoError(t, file.Close())
	}
	assert.EqualError(t, run([]string{dir}, io.Discard), dir+" is not empty")
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{{}, {"-shape", "huge", "x"}, {"-scale", "0", "x"}, {"-x"}, {"a", "b"}} {
		assert.IsType(t, &usageError{}, run(args, io.Discard), args)
	}
	var out strings.Builder
	require.NoError(t, run([]string{"-h"}, &out))
	for _, want := range []string{"\n  small    2000 files,  20.0 MB\n", "\n  large ", "-seed", "Try it:"} {
		assert.Contains(t, out.String(), want)
	}
}
