package gitops_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"github.com/kubeoci/oci/gitops"
)

// Text is the same after a parser of YAML has read it.
func FuzzArgoCD(f *testing.F) {
	for _, text := range []string{"deploy", "1.10", "true", "~", "- a", "a: b", "#", "'", `"`, "%", "é", "\u0085", "\ufeff", "...", " a "} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a := shop()
		a.Paths.ArgoCD = text
		got, err := gitops.ArgoCD(a, gitops.ArgoCDOptions{Cluster: text})
		if err != nil {
			require.ErrorIs(t, err, gitops.ErrInvalidSetting)
			return
		}
		var app struct {
			Spec struct {
				Source      struct{ Path string }
				Destination struct{ Name string }
			}
		}
		require.NoError(t, yaml.Unmarshal(got, &app), "%s", got)
		assert.Equal(t, text, app.Spec.Source.Path)
		assert.Equal(t, text, app.Spec.Destination.Name)
	})
}

// No object is live whose JSON does not have the digest.
func FuzzStatusOf(f *testing.F) {
	f.Add(kustomization("", `,"lastAppliedRevision":"v1@(ours)","lastAttemptedRevision":"v1@(ours)"`, ready("True", "ReconciliationSucceeded", "")))
	f.Add(kustomization(`,"suspend":true`, "", ready("False", "BuildFailed", reconciling("v1@(ours)"))))
	f.Add(application("", "", compared("Synced", mine)+healthy))
	f.Add(application("", "", compared("OutOfSync", foreign)+operation("Failed", mine, "", "2026-11-27T10:00:20Z")))
	f.Add([]byte(`{"kind":"List","items":[{"kind":"List","items":[]}]}`))
	f.Fuzz(func(t *testing.T, object []byte) {
		status, err := gitops.StatusOf(ours, object)
		if err != nil {
			require.ErrorIs(t, err, gitops.ErrInvalidStatus)
			return
		}
		assert.Contains(t, []gitops.State{gitops.Live, gitops.Pending, gitops.Failed, gitops.Suspended}, status.State)
		if status.State == gitops.Live {
			assert.True(t, bytes.Contains(object, []byte(ours.Encoded())) || bytes.Contains(object, []byte(`\u`)), "escapes may hide it")
		}
		assert.NotEmpty(t, status.Reason)
		assert.NotEmpty(t, status.Condition.Kind)
	})
}
