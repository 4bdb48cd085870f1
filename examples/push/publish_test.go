package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci"
)

// -plan prints what a push would do, and the push gives that digest.
func TestPlan(t *testing.T) {
	host := startRegistry(t, nil)
	ref := "oci://" + host + "/shop:1.4.0"
	planned := push(t, "", nil, "-plan", "-json", "-ref", ref, "-tag", "latest", flatTree)
	require.Zero(t, planned.status, planned.stderr)
	var plan oci.BuildPlan
	require.NoError(t, json.Unmarshal([]byte(planned.stdout), &plan))
	require.Len(t, plan.Tags, 2)
	assert.EqualValues(t, "create", plan.Tags[1].Action)

	pushed := push(t, "", nil, "-json", "-ref", ref, flatTree).result(t)
	assert.Equal(t, pushed.Artifact.Digest, plan.Result.Artifact.Digest)

	again := push(t, "", nil, "-plan", "-ref", ref, "-tag", "latest", flatTree)
	assert.Contains(t, again.stdout, "tag 1.4.0   nothing, it points to "+pushed.Artifact.Digest.String()+"\n")
	assert.Contains(t, again.stdout, "tag latest  create\n")

	offline := push(t, "", nil, "-plan", flatTree)
	assert.Contains(t, offline.stdout, pushed.Artifact.Digest.String())
}

func TestRulesForTags(t *testing.T) {
	host := startRegistry(t, nil)
	ref := "oci://" + host + "/shop:main"
	first := push(t, "", nil, "-json", "-read-back", "-ref", ref, "-created", "2026-01-02T00:00:00Z", flatTree).result(t)

	older := push(t, "", nil, "-not-older", "-ref", ref, "-created", "2026-01-01T00:00:00Z", flatTree)
	assert.Equal(t, 1, older.status)
	assert.Contains(t, older.stderr, `"2026-01-01T00:00:00Z" is older than "2026-01-02T00:00:00Z"`)
	assert.Contains(t, older.stderr, "hint: correct what the rule found, push under another tag, or unset -not-older or -refuse-secrets\n")

	same := push(t, "", nil, "-json", "-not-older", "-keep-same-content", "-ref", ref, "-created", "2026-01-01T00:00:00Z", flatTree).result(t)
	assert.True(t, same.SameContent)
	assert.Equal(t, first.Artifact.Digest, same.Artifact.Digest)

	dir := t.TempDir()
	secret := "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {password: " + canary + "}\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "secret.yaml"), []byte(secret), 0o600))
	refused := push(t, "", nil, "-refuse-secrets", "-preflight", "off", "-ref", ref, dir)
	assert.Equal(t, 1, refused.status)
	assert.Contains(t, refused.stderr, `a rule refuses to set the tag: main: "secret.yaml": `)
	assert.NotContains(t, refused.stderr, canary)
}
