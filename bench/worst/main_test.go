package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
)

// Small trees of all cases can be written and collected.
func TestCases(t *testing.T) {
	for _, w := range cases() {
		t.Run(w.limit+"/"+w.name, func(t *testing.T) {
			dir := t.TempDir()
			require.NoError(t, write(t.Context(), dir, w, 700)) // at least one in each directory
			assert.NotEmpty(t, w.unit)
			set, err := manifests.Collect(t.Context(), dir, manifests.Options{})
			require.NoError(t, err)
			assert.NotEmpty(t, set.Files())
		})
	}
}

func TestParse(t *testing.T) {
	_, err := parse([]string{"-modes", "default,loose"})
	require.EqualError(t, err, `-modes: unknown mode "loose"`)
	c, err := parse([]string{"-only", "depth", "-modes", "strict,flux"})
	require.NoError(t, err)
	assert.Equal(t, []string{"strict", "flux"}, c.modes)
}
