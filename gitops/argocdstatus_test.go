package gitops_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/kubeoci/oci/gitops"
)

// application returns an Application with automated sync.
func application(metadata, operation, status string) []byte {
	text := `{"apiVersion":"argoproj.io/v1alpha1","kind":"Application","metadata":{"name":"shop","namespace":"argocd"` + metadata + `},
		"spec":{"project":"default","destination":{"server":"https://kubernetes.default.svc","namespace":"shop"},
			"source":{"repoURL":"oci://ghcr.io/acme/shop","targetRevision":"1.4.0","path":"deploy","directory":{"recurse":true}},
			"syncPolicy":{"automated":{"prune":true}}}` + operation + `,
		"status":{` + status + `}}`
	return []byte(digests.Replace(text))
}

// compared is the result of a comparison with the source in the spec. Argo CD before 3.4
// writes the empty jsonnet.
func compared(status, revision string) string {
	return `"sync":{"status":"` + status + `","revision":"` + revision + `","comparedTo":{"destination":{"server":"https://kubernetes.default.svc","namespace":"shop"},
		"source":{"repoURL":"oci://ghcr.io/acme/shop","targetRevision":"1.4.0","path":"deploy","directory":{"recurse":true,"jsonnet":{}}}}},
		"reconciledAt":"2026-11-27T10:00:30Z"`
}

// operation is status.operationState of an automated sync.
func operation(phase, revision, message, finished string) string {
	if finished != "" {
		finished = `,"finishedAt":"` + finished + `"`
	}
	return `,"operationState":{"phase":"` + phase + `","message":"` + message + `","startedAt":"2026-11-27T10:00:10Z"` + finished + `,
		"operation":{"sync":{"revision":"` + revision + `","prune":true},"initiatedBy":{"automated":true},"retry":{"limit":5}},
		"syncResult":{"revision":"` + revision + `","source":{"repoURL":"oci://ghcr.io/acme/shop"}}}`
}

// digests puts the digests in the place of two names.
var digests = strings.NewReplacer(mine, ours.String(), foreign, other.String())

const (
	mine, foreign = "(ours)", "(other)"

	healthy = `,"health":{"status":"Healthy"}`
)

// There are no recordings of Argo CD. Each status is what the named function of its source
// writes, at version 3.5 (util/oci/client.go resolves every revision to the digest).
func TestApplications(t *testing.T) {
	for _, tt := range []struct {
		name, metadata, operation, status string
		want                              gitops.State
		condition                         string
		revision                          string
	}{
		// A new object, before processAppRefreshQueueItem.
		{"new", "", "", ``, gitops.Pending, "status.sync.status Unknown", ""},
		// canProcessApp, docs/user-guide/skip_reconcile.md: nothing is processed, and status is absent.
		{"skipped from the start", `,"annotations":{"argocd.argoproj.io/skip-reconcile":"true"}`, "", ``, gitops.Suspended, "metadata.annotations argocd.argoproj.io/skip-reconcile", ""},
		{"skipped later", `,"annotations":{"argocd.argoproj.io/skip-reconcile":"1"}`, "", compared("Synced", foreign) + healthy, gitops.Suspended, "metadata.annotations argocd.argoproj.io/skip-reconcile", foreign},
		{"not skipped", `,"annotations":{"argocd.argoproj.io/skip-reconcile":"false"}`, "", compared("Synced", mine) + healthy, gitops.Live, "status.health.status Healthy", mine},
		// finalizeApplicationDeletion runs while the timestamp is set.
		{"being deleted", `,"deletionTimestamp":"2026-11-27T10:00:00Z"`, "", compared("Synced", mine) + healthy, gitops.Failed, "metadata.deletionTimestamp ", mine},

		// CompareAppState: status.sync.revision is the digest that the repository server resolved.
		{"another revision", "", "", compared("Synced", foreign) + healthy, gitops.Pending, "status.sync.status Synced", foreign},
		{"a sync is to come", "", "", compared("OutOfSync", mine) + healthy, gitops.Pending, "status.sync.status OutOfSync", ""},
		{"only annotations of the artifact changed", "", "", compared("Synced", mine) + healthy + operation("Succeeded", foreign, "successfully synced (all tasks run)", "2026-11-27T09:00:00Z"), gitops.Live, "status.health.status Healthy", mine},
		{"not compared yet", "", "", compared("Unknown", mine) + `,"health":{"status":"Unknown"}`, gitops.Pending, "status.sync.status Unknown", ""},
		// currentSourceEqualsSyncedSource: the spec was changed after the comparison.
		{"another path was compared", "", "", strings.Replace(compared("Synced", mine), `"path":"deploy"`, `"path":"."`, 1) + healthy, gitops.Pending, "status.sync.status Synced", mine},

		// SetAppOperation writes the operation, and processRequestedAppOperation removes it at the end.
		{"a sync was requested", "", `,"operation":{"sync":{"revision":"(ours)"}}`, compared("OutOfSync", mine), gitops.Pending, "status.operationState.phase Unknown", ""},
		{"a sync runs", "", `,"operation":{"sync":{"revision":"(ours)"}}`, compared("OutOfSync", mine) + operation("Running", mine, "", ""), gitops.Pending, "status.operationState.phase Running", ""},
		{"hooks run after the sync", "", `,"operation":{"sync":{}}`, compared("Synced", mine) + healthy + operation("Running", mine, "waiting for completion of hook batch/Job/migrate", ""), gitops.Pending, "status.operationState.phase Running", mine},
		// Running with finishedAt is a failure that waits for its retry.
		{"a failed sync is tried again", "", "", compared("OutOfSync", mine) + operation("Running", mine, "one or more objects failed to apply. Retrying attempt #1 at 10:01AM.", "2026-11-27T10:00:20Z"), gitops.Pending, "status.operationState.phase Running", ""},
		{"a sync ends by force", "", "", compared("OutOfSync", mine) + operation("Terminating", mine, "operation is terminating", ""), gitops.Pending, "status.operationState.phase Terminating", ""},
		{"a sync failed", "", "", compared("OutOfSync", mine) + operation("Failed", mine, "one or more objects failed to apply (retried 5 times).", "2026-11-27T10:00:20Z"), gitops.Failed, "status.operationState.phase Failed", ""},
		{"a sync had an error", "", "", compared("OutOfSync", mine) + operation("Error", mine, "Failed to load application project", "2026-11-27T10:00:20Z"), gitops.Failed, "status.operationState.phase Error", ""},
		{"a hook failed after the sync", "", "", compared("Synced", mine) + healthy + operation("Failed", mine, "one or more synchronization tasks completed unsuccessfully", "2026-11-27T10:00:20Z"), gitops.Failed, "status.operationState.phase Failed", mine},
		{"a sync of another revision failed", "", "", compared("OutOfSync", mine) + operation("Failed", foreign, "one or more objects failed to apply", "2026-11-27T10:00:20Z"), gitops.Pending, "status.sync.status OutOfSync", ""},
		{"a sync failed, and another revision was compared since", "", "", compared("OutOfSync", foreign) + operation("Failed", mine, "one or more objects failed to apply", "2026-11-27T10:00:20Z"), gitops.Failed, "status.operationState.phase Failed", ""},
		{"a dry run failed", "", "", compared("OutOfSync", mine) + strings.Replace(operation("Failed", mine, "", "2026-11-27T10:00:20Z"), `"prune":true`, `"dryRun":true`, 1), gitops.Pending, "status.sync.status OutOfSync", ""},
		// The comparison is refreshed after a sync (requestAppRefresh).
		{"synced, and not compared since", "", "", compared("OutOfSync", mine) + operation("Succeeded", mine, "", "2026-11-27T10:00:40Z"), gitops.Pending, "status.sync.status OutOfSync", ""},
		{"synced, and drifted since", "", "", compared("OutOfSync", mine) + `,"history":[{"revision":"(other)"},{"revision":"(ours)"}]` + operation("Succeeded", mine, "", "2026-11-27T10:00:20Z"), gitops.Pending, "status.sync.status OutOfSync", mine},
		// autoSync: SyncError.
		{"a sync would remove everything", "", "", compared("OutOfSync", mine) + `,"conditions":[{"type":"SyncError","message":"Skipping sync attempt to [(ours)]: auto-sync will wipe out all resources","lastTransitionTime":"2026-11-27T10:00:00Z"}]`, gitops.Failed, "SyncError ", ""},
		{"a sync of another revision was refused", "", "", compared("OutOfSync", foreign) + `,"conditions":[{"type":"SyncError","message":"Failed last sync attempt to [(other)]: x","lastTransitionTime":"2026-11-27T10:00:00Z"}]`, gitops.Pending, "status.sync.status OutOfSync", ""},

		// CompareAppState: ComparisonError, and the revision stays that of the spec.
		{"the tag is missing", "", "", compared("Unknown", "1.4.0") + `,"conditions":[{"type":"ComparisonError","message":"Failed to load target state: cannot get digest for revision 1.4.0","lastTransitionTime":"2026-11-27T10:00:00Z"}]`, gitops.Failed, "ComparisonError ", ""},
		{"a comparison failed with another source", "", "", strings.Replace(compared("Unknown", "1.3.0"), `"1.4.0"`, `"1.3.0"`, 1) + `,"conditions":[{"type":"ComparisonError","message":"x"}]`, gitops.Pending, "status.sync.status Unknown", ""},
		// refreshAppConditions: nothing is compared.
		{"the project is missing", "", "", `"sync":{"status":"Unknown"},"conditions":[{"type":"InvalidSpecError","message":"Application referencing project x which does not exist","lastTransitionTime":"2026-11-27T10:00:00Z"}]`, gitops.Failed, "InvalidSpecError ", ""},
		{"unknown error", "", "", compared("Unknown", mine) + `,"conditions":[{"type":"UnknownError","message":"x","lastTransitionTime":null}]`, gitops.Failed, "UnknownError ", ""},
		// NormalizeTargetObjects and others: warnings do not keep anything from being applied.
		{"a warning", "", "", compared("Synced", mine) + healthy + `,"conditions":[{"type":"RepeatedResourceWarning","message":"x"},{"type":"OrphanedResourceWarning","message":"x"}]`, gitops.Live, "status.health.status Healthy", mine},

		// setApplicationHealth: the worst health of the objects.
		{"progressing", "", "", compared("Synced", mine) + `,"health":{"status":"Progressing"}`, gitops.Pending, "status.health.status Progressing", mine},
		{"degraded", "", "", compared("Synced", mine) + `,"health":{"status":"Degraded","message":"apps/Deployment:shop/web"}`, gitops.Failed, "status.health.status Degraded", mine},
		{"an object is suspended", "", "", compared("Synced", mine) + `,"health":{"status":"Suspended"}`, gitops.Suspended, "status.health.status Suspended", mine},
		{"an object is missing", "", "", compared("Synced", mine) + `,"health":{"status":"Missing"}`, gitops.Pending, "status.health.status Missing", mine},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := statusOf(t, ours, application(tt.metadata, tt.operation, tt.status))
			assert.Equal(t, tt.want, got.State, "%+v", got)
			assert.Equal(t, tt.condition, got.Condition.Type+" "+got.Condition.Status)
			assert.Equal(t, "Application", got.Condition.Kind)
			assert.NotEmpty(t, got.Reason)
			assert.Equal(t, digests.Replace(tt.revision), got.Revision)
		})
	}
}

// autoSync does nothing unless IsAutomatedSyncEnabled.
func TestApplicationsWithoutAutomatedSync(t *testing.T) {
	for _, tt := range []struct {
		name, policy, status string
		want                 gitops.State
	}{
		{"no policy", `{}`, compared("OutOfSync", mine), gitops.Suspended},
		{"disabled", `{"automated":{"enabled":false}}`, compared("OutOfSync", mine), gitops.Suspended},
		{"enabled", `{"automated":{"enabled":true}}`, compared("OutOfSync", mine), gitops.Pending},
		{"another revision is to be compared first", `{}`, compared("OutOfSync", foreign), gitops.Pending},
		{"in sync", `{}`, compared("Synced", mine) + healthy, gitops.Live},
		{"synced, and not compared since", `{}`, compared("OutOfSync", mine) + operation("Succeeded", mine, "", "2026-11-27T10:00:30Z"), gitops.Pending},
		{"synced, and drifted since", `{}`, compared("OutOfSync", mine) + operation("Succeeded", mine, "", "2026-11-27T10:00:29Z"), gitops.Suspended},
	} {
		t.Run(tt.name, func(t *testing.T) {
			object := strings.Replace(string(application("", "", tt.status)), `{"automated":{"prune":true}}`, tt.policy, 1)
			assert.Equal(t, tt.want, statusOf(t, ours, []byte(object)).State)
		})
	}
}

func TestApplicationPinnedToAnotherDigest(t *testing.T) {
	object := strings.ReplaceAll(string(application("", "", compared("Unknown", foreign)+`,"conditions":[{"type":"ComparisonError","message":"x"}]`)), `"1.4.0"`, `"`+other.String()+`"`)
	got := statusOf(t, ours, []byte(object))
	assert.Equal(t, gitops.Pending, got.State, "a failure of another digest")
	assert.Equal(t, "spec.source.targetRevision", got.Condition.Type)
	assert.Equal(t, gitops.Failed, statusOf(t, other, []byte(object)).State)
}

// Argo CD writes the digests of several sources in place of one.
func TestApplicationWithSeveralSources(t *testing.T) {
	const object = `{"apiVersion":"argoproj.io/v1alpha1","kind":"Application","spec":{"sources":[{"repoURL":"oci://a/b"},{"repoURL":"oci://a/c"}]},
		"status":{"sync":{"status":"Synced","revisions":["(other)","(ours)"],"comparedTo":{"sources":[{"repoURL":"oci://a/b"},{"repoURL":"oci://a/c"}]}},"health":{"status":"Healthy"}}}`
	got := statusOf(t, ours, []byte(digests.Replace(object)))
	assert.Equal(t, gitops.Live, got.State)
	assert.Equal(t, other.String()+","+ours.String(), got.Revision)

	added := strings.Replace(digests.Replace(object), `"sources":[`, `"sources":[{"repoURL":"oci://a/a"},`, 1)
	assert.Equal(t, gitops.Pending, statusOf(t, ours, []byte(added)).State, "the new source was not compared")
}

// The time of a ComparisonError stays the same while its message does (SetConditions), and so
// cannot tell whether a push came before it.
func TestTimeOfComparisonError(t *testing.T) {
	got := statusOf(t, ours, application("", "", compared("Unknown", "1.4.0")+`,"conditions":[{"type":"ComparisonError","message":"x","lastTransitionTime":"2026-11-27T09:00:00Z"}]`))
	assert.Equal(t, time.Date(2026, 11, 27, 10, 0, 30, 0, time.UTC), got.Condition.At)
	assert.Equal(t, "Argo CD reports ComparisonError: x", got.Reason)
}
