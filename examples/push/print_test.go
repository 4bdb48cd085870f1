package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci"
)

// write writes files into a new directory.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	return dir
}

const secret = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\n  namespace: shop\nstringData:\n  key: " + canary + "\n"

// fine is a manifest without a finding for Flux.
const fine = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: app\n  namespace: shop\n"

// A push of the same artifact finds the same, whatever policy an earlier one had.
func TestPoliciesOneAfterAnother(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		enforced   int // status
		report     string
	}{
		{"clean", fine, 0, "checked    no findings\n"},
		{"a warning", secret, 1, "checked    1 warning\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			args := []string{"-ref", "oci://" + startRegistry(t, nil) + "/shop:1", "-engine", "flux"}
			dir := write(t, map[string]string{"a.yaml": tt.text})
			run := func(more ...string) outcome { return push(t, "", nil, append(append(more, args...), dir)...) }

			off := run("-preflight", "off")
			assert.Zero(t, off.status, off.stderr)
			assert.Contains(t, off.stdout, "checked   no, because of -preflight off\n")
			enforced := run("-preflight", "enforce")
			assert.Equal(t, tt.enforced, enforced.status, enforced.stderr)
			report := run()
			assert.Zero(t, report.status, report.stderr)
			assert.Contains(t, report.stdout, tt.report)
			assert.Contains(t, report.stdout, "\nunchanged  oci://")

			assert.NotContains(t, run("-json", "-preflight", "off").stdout, `"findings"`)
			assert.Contains(t, run("-json").stdout, `"preflight": "report",`+"\n"+`  "findings": [`)
			asJSON := run("-json", "-preflight", "enforce")
			assert.Equal(t, tt.enforced, asJSON.status)
			assert.Contains(t, asJSON.stdout, `"findings": [`)
		})
	}
}

func TestRefusal(t *testing.T) {
	dir := write(t, map[string]string{"a.yaml": fine, "b.yaml": fine})
	o := push(t, "", nil, "-engine", "flux", dir)
	assert.Equal(t, 1, o.status)
	assert.Empty(t, o.stdout)
	assert.Equal(t, 1, strings.Count(o.stderr, "Flux refuses the ConfigMap"), "the reason is printed once")
	assert.Equal(t, 1, strings.Count(o.stderr, "duplicate-object: "), "and so is its hint")
	assert.True(t, strings.HasSuffix(o.stderr, "\nerror: not pushed: preflight refuses the artifact because of 1 error\n"), o.stderr)

	o = push(t, "", nil, "-engine", "flux", "-json", dir)
	assert.Equal(t, 1, o.status)
	var refused oci.PreflightError
	require.NoError(t, json.Unmarshal([]byte(o.stdout), &refused))
	assert.Len(t, refused.Findings, 1)
	assert.Equal(t, refused.Findings, refused.Reasons)
}

func TestOutputForOneFile(t *testing.T) {
	o := push(t, "", nil, "-engine", "flux", write(t, map[string]string{"a.yaml": fine}))
	require.Zero(t, o.status, o.stderr)
	assert.Contains(t, o.stderr, "collected 1 file, ")
	assert.Contains(t, o.stderr, "packed 1 file into ")
	assert.Contains(t, o.stdout, " bytes, 1 file\n")
}

// The digest and the reference are where the output ends.
func TestResultOfALargeTree(t *testing.T) {
	files := map[string]string{}
	for i := range 40 {
		files[fmt.Sprintf("%02d.yaml", i)] = strings.Replace(secret, "name: s", fmt.Sprint("name: s", i), 1)
		files[fmt.Sprintf("%02d.txt", i)] = ""
	}
	dir := write(t, files)
	args := []string{"-engine", "flux", "-ignore", "01.yaml"}
	o := push(t, "", nil, append(args, dir)...)
	require.Zero(t, o.status, o.stderr)
	assert.Contains(t, o.stderr, "39 warnings in 39 files, by rule (-v lists all of them):\nwarning  plaintext-secret: 39 in 39 files, ")
	assert.Contains(t, o.stdout, "\nskipped   40 (extension), 1 (ignored), -v lists them\n")
	assert.Contains(t, o.stdout, "Read back from the registry: 39 files, -v lists them\n")
	assert.Regexp(t, `\nmanifest  sha256:[0-9a-f]{64}  \d+ bytes\npushed    oci://127\.0\.0\.1:\d+/[^\n]*:latest\n$`, o.stdout)

	all := push(t, "", nil, append(args, "-v", dir)...)
	assert.Equal(t, 39, strings.Count(all.stderr, "warning  plaintext-secret"))
	assert.Contains(t, all.stdout, `skipped   "01.yaml" (ignored by "01.yaml", options)`)
	assert.Contains(t, all.stdout, `  "39.yaml"`+"\n")
}
