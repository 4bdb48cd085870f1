package gitops_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/gitops"
)

// ready is a Ready condition of the second generation, in the form of Flux.
func ready(status, reason, more string) string {
	return `{"type":"Ready","status":"` + status + `","reason":"` + reason + `","message":"the message","observedGeneration":2,"lastTransitionTime":"2026-11-27T10:00:00Z"}` + more
}

// reconciling is the condition that a failed attempt leaves, with the revision that was tried.
func reconciling(revision string) string {
	return `,{"type":"Reconciling","status":"True","reason":"ProgressingWithRetry","observedGeneration":2,"message":"Fetching manifests for revision ` + revision + ` with a timeout of 9m30s"}`
}

func kustomization(spec, status, conditions string) []byte {
	return []byte(digests.Replace(`{"apiVersion":"kustomize.toolkit.fluxcd.io/v1","kind":"Kustomization",
		"metadata":{"name":"shop","namespace":"flux-system","generation":2},
		"spec":{"sourceRef":{"kind":"OCIRepository","name":"shop"}` + spec + `},
		"status":{"observedGeneration":2` + status + `,"conditions":[` + conditions + `]}}`))
}

func ociRepository(spec, status, conditions string) []byte {
	return []byte(digests.Replace(`{"apiVersion":"source.toolkit.fluxcd.io/v1","kind":"OCIRepository",
		"metadata":{"name":"shop","namespace":"flux-system","generation":2},
		"spec":{"url":"oci://ghcr.io/acme/shop"` + spec + `},
		"status":{"observedGeneration":2` + status + `,"conditions":[` + conditions + `]}}`))
}

// Statuses that the recordings do not have, by the source of kustomize-controller 1.9.4.
func TestKustomizations(t *testing.T) {
	const (
		attempted = `,"lastAppliedRevision":"v1@(other)","lastAttemptedRevision":"v1@(ours)"`
		applied   = `,"lastAppliedRevision":"v1@(ours)","lastAttemptedRevision":"v1@(ours)"`
		left      = `,"lastAppliedRevision":"v1@(ours)","lastAttemptedRevision":"v1@(other)"`
	)
	for _, tt := range []struct {
		name, status, conditions string
		want                     gitops.State
	}{
		{"applied", applied, ready("True", "ReconciliationSucceeded", ""), gitops.Live},
		{"another is ready, and not yet recorded", left, ready("True", "ReconciliationSucceeded", ""), gitops.Pending},
		{"ready in the generation before", applied, strings.Replace(ready("True", "ReconciliationSucceeded", ""), "2", "1", 1), gitops.Pending},
		{"ready, and the generation is not recorded yet", applied + `,"observedGeneration":1`, ready("True", "ReconciliationSucceeded", ""), gitops.Pending},
		{"without the generation of the condition", applied, strings.Replace(ready("True", "ReconciliationSucceeded", ""), `"observedGeneration":2,`, "", 1), gitops.Live},
		// checkHealth, with spec.wait.
		{"waiting for objects", attempted, ready("Unknown", "Progressing", reconciling("v1@(ours)")), gitops.Pending},
		{"objects did not become ready", attempted, ready("False", "HealthCheckFailed", reconciling("v1@(ours)")), gitops.Failed},
		{"waiting ended by a newer revision", attempted, ready("False", "HealthCheckCanceled", reconciling("v1@(ours)")), gitops.Pending},
		{"an older version without progress messages", attempted, ready("False", "BuildFailed", ""), gitops.Failed},
		// checkDependencies.
		{"a dependency became unready", applied, ready("False", "DependencyNotReady", ""), gitops.Pending},
		// Reconcile: the source lost its artifact.
		{"the source lost its artifact", applied, ready("False", "ArtifactFailed", ""), gitops.Pending},
		{"fetching failed", attempted, ready("False", "ArtifactFailed", reconciling("v1@(ours)")), gitops.Failed},
		{"fetching another failed", attempted, ready("False", "ArtifactFailed", reconciling("v1@(other)")), gitops.Pending},
		{"no directory for another", applied, ready("False", "DirectoryCreationFailed", reconciling("v1@(other)")), gitops.Pending},
		{"failed in the generation before", attempted, strings.Replace(ready("False", "BuildFailed", ""), "2", "1", 1), gitops.Pending},
		// getSource: access denied; MarkStalled.
		{"stalled", "", ready("False", "AccessDenied", `,{"type":"Stalled","status":"True","reason":"AccessDenied","observedGeneration":2}`), gitops.Failed},
		{"stalled in the generation before", "", ready("Unknown", "Progressing", `,{"type":"Stalled","status":"True","reason":"AccessDenied","observedGeneration":1}`), gitops.Pending},
		{"no conditions", "", "", gitops.Pending},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := statusOf(t, ours, kustomization("", tt.status, tt.conditions))
			assert.Equal(t, tt.want, got.State, "%+v", got)
			assert.Equal(t, "Kustomization Ready", got.Condition.Kind+" "+got.Condition.Type)
		})
	}
}

// Statuses of a source, by that of source-controller 1.9.1, while the Kustomization has the
// revision before.
func TestSources(t *testing.T) {
	const (
		before = `,"artifact":{"revision":"v1@(other)"}`
		now    = `,"artifact":{"revision":"v1@(ours)"}`
	)
	building := func(revision string) string {
		return `,{"type":"Reconciling","status":"True","reason":"ProgressingWithRetry","observedGeneration":2,"message":"building artifact: new revision '` + revision + `' for 'ghcr.io/acme/shop:v1'"}`
	}
	outdated := `,{"type":"ArtifactOutdated","status":"True","reason":"NewRevision","observedGeneration":2,"message":"new revision 'v1@(other)' for 'ghcr.io/acme/shop:v1'"}`
	for _, tt := range []struct {
		name, spec, status, conditions string
		want                           gitops.State
		condition                      string
	}{
		{"not polled yet", "", before, ready("True", "Succeeded", ""), gitops.Pending, "OCIRepository Ready"},
		{"pulling", "", before, ready("Unknown", "Progressing", building("v1@(ours)")), gitops.Pending, "OCIRepository Ready"},
		{"fetched", "", now, ready("True", "Succeeded", ""), gitops.Pending, "Kustomization Ready"},
		{"fetched, and the registry is gone", "", now, ready("False", "OCIArtifactPullFailed", ""), gitops.Pending, "Kustomization Ready"},
		{"the tag cannot be resolved", "", before, ready("False", "OCIArtifactPullFailed", ""), gitops.Failed, "OCIRepository Ready"},
		{"the pull failed", "", before, ready("False", "OCIArtifactLayerOperationFailed", building("v1@(ours)")), gitops.Failed, "OCIRepository Ready"},
		{"the signature is missing", "", before, ready("False", "VerificationError", building("v1@(ours)")), gitops.Failed, "OCIRepository Ready"},
		{"the pull of another failed", "", before, ready("False", "OCIArtifactLayerOperationFailed", building("v1@(other)")), gitops.Pending, "OCIRepository Ready"},
		{"another is outdated", "", "", ready("False", "OCIArtifactPullFailed", outdated), gitops.Pending, "OCIRepository Ready"},
		{"failed in the generation before", "", before, strings.Replace(ready("False", "OCIArtifactPullFailed", ""), "2", "1", 1), gitops.Pending, "OCIRepository Ready"},
		{"stalled", "", before, ready("False", "URLInvalid", `,{"type":"Stalled","status":"True","reason":"URLInvalid","observedGeneration":2}`), gitops.Failed, "OCIRepository Ready"},
		{"suspended", `,"suspend":true`, before, ready("True", "Succeeded", ""), gitops.Suspended, "OCIRepository spec.suspend"},
		{"suspended after it was fetched", `,"suspend":true`, now, ready("True", "Succeeded", ""), gitops.Pending, "Kustomization Ready"},
		{"pinned", `,"ref":{"digest":"(other)"}`, `,"artifact":{"revision":"(other)"}`, ready("True", "Succeeded", ""), gitops.Pending, "OCIRepository spec.ref.digest"},
		{"pinned to it", `,"ref":{"digest":"(ours)"}`, `,"artifact":{"revision":"(ours)"}`, ready("True", "Succeeded", ""), gitops.Pending, "Kustomization Ready"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k := kustomization("", `,"lastAppliedRevision":"v1@(other)","lastAttemptedRevision":"v1@(other)"`, ready("True", "ReconciliationSucceeded", ""))
			got := statusOf(t, ours, k, ociRepository(tt.spec, tt.status, tt.conditions))
			assert.Equal(t, tt.want, got.State, "%+v", got)
			assert.Equal(t, tt.condition, got.Condition.Kind+" "+got.Condition.Type)
			assert.Equal(t, "v1@"+other.String(), got.Revision, "the revision that is live")
		})
	}
}

func TestSourceThatIsDeleted(t *testing.T) {
	source := strings.Replace(string(ociRepository("", "", "")), `"generation":2`, `"generation":2,"deletionTimestamp":"2026-11-27T10:00:00Z"`, 1)
	got := statusOf(t, ours, kustomization("", "", ""), []byte(source))
	assert.Equal(t, gitops.Failed, got.State)
	assert.Equal(t, "the OCIRepository is being deleted", got.Reason)
}

// A status has the parts of the condition and the message of the engine, which is cut.
func TestStatusNamesTheCondition(t *testing.T) {
	object := kustomization("", "", ready("False", "BuildFailed", reconciling("v1@(ours)")))
	want := gitops.Status{
		State: gitops.Failed, Reason: "the Kustomization failed to apply it: the message",
		Condition: gitops.Condition{Kind: "Kustomization", Type: "Ready", Status: "False", Reason: "BuildFailed", At: time.Date(2026, 11, 27, 10, 0, 0, 0, time.UTC)},
	}
	assert.Equal(t, want, statusOf(t, ours, object))

	long := strings.Replace(string(object), "the message", "a"+strings.Repeat("é", 10000), 1)
	got := statusOf(t, ours, []byte(long)).Reason
	assert.Equal(t, "the Kustomization failed to apply it: a"+strings.Repeat("é", 499)+"…", got)

	before := kustomization("", `,"lastAppliedRevision":"v1@(other)"`, ready("True", "ReconciliationSucceeded", ""))
	assert.Equal(t, "the Kustomization has yet to apply it", statusOf(t, ours, before).Reason, "the message is about another revision")
}

func TestSuspendedStatus(t *testing.T) {
	for revision, want := range map[string]string{
		"(other)": "the Kustomization is suspended",
		"(ours)":  "the Kustomization is suspended, and had applied it",
	} {
		got := statusOf(t, ours, kustomization(`,"suspend":true`, `,"lastAppliedRevision":"v1@`+revision+`"`, ready("True", "ReconciliationSucceeded", "")))
		require.Equal(t, gitops.Suspended, got.State)
		assert.Equal(t, want, got.Reason)
	}
}
