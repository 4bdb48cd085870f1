package gitops

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// argoObject is an Application.
type argoObject struct {
	Metadata meta
	Spec     struct {
		Source     argoSource
		Sources    []argoSource
		SyncPolicy struct {
			Automated *struct{ Enabled *bool }
		}
	}
	// Operation is an operation that the controller has not yet finished.
	Operation *struct{}
	Status    struct {
		Sync struct {
			Status     string
			Revision   string
			Revisions  []string
			ComparedTo struct {
				Source  argoSource
				Sources []argoSource
			}
		}
		Health         struct{ Status, Message string }
		Conditions     []argoCondition
		ReconciledAt   time.Time
		OperationState argoOperation
		History        []argoRevision
	}
}

// argoSource has the fields by which a new comparison is told from an old one, as there is no
// observed generation.
type argoSource struct {
	RepoURL, Path, TargetRevision string
	Directory                     struct{ Recurse bool }
}

type argoCondition struct {
	Type, Message      string
	LastTransitionTime time.Time
}

type argoRevision struct {
	Revision  string
	Revisions []string
}

type argoRequest struct {
	argoRevision

	DryRun bool
}

type argoOperation struct {
	Phase, Message        string
	StartedAt, FinishedAt time.Time
	Operation             struct{ Sync argoRequest }
	SyncResult            argoRevision
}

// has reports whether the digest is that of the source, or of one of several sources.
func (r argoRevision) has(d string) bool { return r.Revision == d || slices.Contains(r.Revisions, d) }

// status decides by the comparison, by the last operation if that was about the digest, and by
// health. Errors of the comparison name no digest.
func (a *argoObject) status(d string) Status {
	if a.Metadata.DeletionTimestamp != nil {
		return a.Metadata.deleted(kindApplication, a.applied())
	}
	const skip = "argocd.argoproj.io/skip-reconcile"
	if skipped, err := strconv.ParseBool(a.Metadata.Annotations[skip]); err == nil && skipped {
		return a.result(Suspended, "the annotation "+skip+" stops Argo CD", "", Condition{Type: "metadata.annotations", Status: skip})
	}
	if pinned := a.Spec.Source.TargetRevision; digestIn(pinned) == pinned && pinned != "" && pinned != d {
		return a.result(Pending, "the Application is pinned to another digest", "", Condition{Type: "spec.source.targetRevision", Status: pinned})
	}
	// Argo CD compares nothing while the spec is wrong.
	if c, found := a.condition("InvalidSpecError", "UnknownError"); found {
		return a.result(Failed, "Argo CD reports "+c.Type, c.Message, Condition{Type: c.Type, At: c.LastTransitionTime})
	}
	if !a.current() {
		return a.result(Pending, "Argo CD has yet to compare the source in the spec", "", a.sync())
	}
	if c, found := a.condition("ComparisonError"); found {
		// The time of a condition stays the same while its message does.
		return a.result(Failed, "Argo CD reports "+c.Type, c.Message, Condition{Type: c.Type, At: latest(c.LastTransitionTime, a.Status.ReconciledAt)})
	}
	if a.Operation != nil || a.Status.OperationState.running() {
		return a.result(Pending, "a sync is in progress", a.Status.OperationState.Message, a.Status.OperationState.phase())
	}
	return a.comparedStatus(d)
}

// comparedStatus returns the status of an Application without an operation in progress.
func (a *argoObject) comparedStatus(d string) Status {
	op, sync := a.Status.OperationState, a.Status.Sync.Status
	if op.about(d) && (op.Phase == "Failed" || op.Phase == "Error") {
		return a.result(Failed, "the sync failed", op.Message, op.phase())
	}
	if !a.compared().has(d) {
		return a.result(Pending, "the Application has another revision", "", a.sync())
	}
	synced := op.about(d) && op.Phase == "Succeeded"
	c, refused := a.condition("SyncError")
	switch {
	case sync == "Synced":
		return a.health()
	case sync != "OutOfSync":
		return a.result(Pending, "Argo CD has yet to compare it", "", a.sync())
	case refused: // this revision, as both come from one comparison
		return a.result(Failed, "Argo CD does not sync it", c.Message, Condition{Type: c.Type, At: latest(c.LastTransitionTime, a.Status.ReconciledAt)})
	case synced && !a.Status.ReconciledAt.After(op.FinishedAt):
		return a.result(Pending, "it was synced, and Argo CD has yet to compare it", "", a.sync())
	case !a.automated():
		return a.result(Suspended, "the Application waits for a sync, as automated sync is off", "", a.sync())
	case synced:
		return a.result(Pending, "it was synced, and objects differ from it", "", a.sync())
	}
	return a.result(Pending, "a sync is to come", "", a.sync())
}

// health returns the status of an Application that is in sync with the digest.
func (a *argoObject) health() Status {
	health := a.Status.Health
	state, text := Pending, "the Application is synced, and not healthy yet"
	switch health.Status {
	case "Healthy":
		state, text = Live, "the Application is synced and healthy"
	case "Degraded":
		state, text = Failed, "the Application is synced and degraded"
	case "Suspended":
		state, text = Suspended, "the Application is synced, and an object of it is suspended"
	}
	return a.result(state, text, health.Message, Condition{Type: "status.health.status", Status: health.Status})
}

// condition returns the first condition of one of the types.
func (a *argoObject) condition(types ...string) (argoCondition, bool) {
	i := slices.IndexFunc(a.Status.Conditions, func(c argoCondition) bool { return slices.Contains(types, c.Type) })
	if i < 0 {
		return argoCondition{}, false
	}
	return a.Status.Conditions[i], true
}

// current reports whether the last comparison was with the source in the spec.
func (a *argoObject) current() bool {
	to := a.Status.Sync.ComparedTo
	return to.Source == a.Spec.Source && slices.Equal(to.Sources, a.Spec.Sources)
}

// about reports whether an operation synced the digest. Before it has a result, only its
// request names a revision.
func (op argoOperation) about(d string) bool {
	result := op.SyncResult
	if result.Revision == "" && len(result.Revisions) == 0 {
		result = op.Operation.Sync.argoRevision
	}
	return result.has(d) && !op.Operation.Sync.DryRun
}

// running includes an operation that failed and waits to be tried again.
func (op argoOperation) running() bool { return op.Phase == "Running" || op.Phase == "Terminating" }

func (op argoOperation) phase() Condition {
	return Condition{Type: "status.operationState.phase", Status: cmp.Or(op.Phase, "Unknown"), At: latest(op.StartedAt, op.FinishedAt)}
}

func (a *argoObject) automated() bool {
	policy := a.Spec.SyncPolicy.Automated
	return policy != nil && (policy.Enabled == nil || *policy.Enabled)
}

func (a *argoObject) compared() argoRevision {
	return argoRevision{a.Status.Sync.Revision, a.Status.Sync.Revisions}
}

// applied returns the revision that is in sync, or else that of the last successful sync. With
// several sources, they are joined by commas.
func (a *argoObject) applied() string {
	var last argoRevision
	if n := len(a.Status.History); n > 0 {
		last = a.Status.History[n-1]
	}
	if a.Status.Sync.Status == "Synced" {
		last = a.compared()
	}
	return cmp.Or(last.Revision, strings.Join(last.Revisions, ","))
}

func (a *argoObject) sync() Condition {
	return Condition{Type: "status.sync.status", Status: cmp.Or(a.Status.Sync.Status, "Unknown"), At: a.Status.ReconciledAt}
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (a *argoObject) result(state State, text, message string, c Condition) Status {
	c.Kind = kindApplication
	return Status{State: state, Reason: sentence(text, message), Condition: c, Revision: a.applied()}
}
