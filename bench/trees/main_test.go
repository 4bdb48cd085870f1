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
	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/preflight"
)

type object struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string
	Metadata   struct{ Name string }
	Items      []object
}

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
			var found object
			err := decoder.Decode(&found)
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err, name)
			for _, o := range append(found.Items, found) {
				assert.NotEmpty(t, o.APIVersion, name)
				assert.NotEmpty(t, o.Kind, name)
				assert.True(t, o.Metadata.Name != "" || o.Kind == "List", name)
			}
		}
		require.NoError(t, file.Close())
	}
	assert.EqualError(t, run([]string{dir}, io.Discard), dir+" is not empty")
}

func TestPreflightFindsNoErrors(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tree")
	require.NoError(t, run([]string{"-shape", "few", "-scale", "4", dir}, io.Discard))
	set, err := manifests.Collect(t.Context(), dir, manifests.Options{})
	require.NoError(t, err)
	plan, err := packager.NewPlan(set, packager.LayoutBoth, packager.Options{Prefix: "deploy"})
	require.NoError(t, err)
	findings, err := preflight.Check(t.Context(), preflight.Artifact{Plan: plan}, preflight.Options{})
	require.NoError(t, err)
	codes := map[preflight.Code]bool{}
	for _, f := range findings {
		assert.Less(t, f.Severity, preflight.Error, f)
		codes[f.Code] = true
	}
	assert.Equal(t, map[preflight.Code]bool{
		preflight.CodeSubfoldersOnly: true, preflight.CodeJSONNotTaken: true,
		preflight.CodeSecret: true, preflight.CodeEncrypted: true,
	}, codes)
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{{}, {"-shape", "huge", "x"}, {"-scale", "0", "x"}, {"-x"}, {"a", "b"}} {
		assert.IsType(t, &usageError{}, run(args, io.Discard), args)
	}
	var out strings.Builder
	require.NoError(t, run([]string{"-h"}, &out))
	for _, want := range []string{"\n  small    2000 files,  22.0 MB\n", "\n  large ", "-seed", "Try it:"} {
		assert.Contains(t, out.String(), want)
	}
}
