package gitops

import (
	"cmp"
	"strings"
	"time"
)

// fluxObject is a Kustomization or an OCIRepository.
type fluxObject struct {
	Metadata meta
	Spec     struct {
		Suspend   bool
		SourceRef struct{ Kind, Name, Namespace string }
		Ref       struct{ Digest string }
	}
	Status struct {
		ObservedGeneration    int64
		Conditions            []fluxCondition
		Artifact              struct{ Revision string }
		LastAppliedRevision   string
		LastAttemptedRevision string
	}
}

type fluxCondition struct {
	Type, Status, Reason, Message string
	ObservedGeneration            int64
	LastTransitionTime            time.Time
}

// Reasons of Ready=False, from github.com/fluxcd/pkg/apis/meta.
const (
	reasonArtifact   = "ArtifactFailed"
	reasonDependency = "DependencyNotReady"
	reasonCanceled   = "HealthCheckCanceled" // by a newer revision
)

// reads reports whether the Kustomization names this source.
func (k *fluxObject) reads(source *fluxObject) bool {
	ref := k.Spec.SourceRef
	return ref.Kind == kindOCIRepository && ref.Name == source.Metadata.Name &&
		cmp.Or(ref.Namespace, k.Metadata.Namespace) == source.Metadata.Namespace
}

// condition returns the condition of a type, or one without a status. A condition that was
// reported for another generation of the object is stale, and gets the status Unknown.
func (o *fluxObject) condition(name string) fluxCondition {
	for _, c := range o.Status.Conditions {
		if c.Type != name {
			continue
		}
		if c.ObservedGeneration != 0 && c.ObservedGeneration != o.Metadata.Generation {
			c.Status = "Unknown"
		}
		return c
	}
	return fluxCondition{Type: name}
}

// fluxStatusOf decides by the Kustomization, and by its source, which may be nil, only while
// that has another revision.
func fluxStatusOf(d string, k, source *fluxObject) Status {
	revision := k.Status.LastAppliedRevision
	if k.Metadata.DeletionTimestamp != nil {
		return k.Metadata.deleted(kindKustomization, revision)
	}
	ready := k.condition("Ready")
	state, text := Pending, "the Kustomization has yet to apply it"
	switch {
	case k.Spec.Suspend:
		return suspended(kindKustomization, d, revision)
	case k.condition("Stalled").Status == "True":
		state, text = Failed, "the Kustomization has stalled"
	case ready.Status == "True" && k.applied(d):
		state, text = Live, "the Kustomization has applied it"
	case ready.Status == "False" && k.attempted(d, ready.Reason):
		state, text = Failed, "the Kustomization failed to apply it"
	case source != nil && !endsIn(source.Status.Artifact.Revision, d):
		return source.sourceStatus(d, revision)
	}
	return ready.status(kindKustomization, state, text, revision)
}

// applied reports whether the digest was applied for the current generation. Ready=True comes
// up to 10 ms before lastAppliedRevision and the observed generation follow. In that time the
// revision before still looks applied, and only lastAttemptedRevision is new.
func (k *fluxObject) applied(d string) bool {
	s := k.Status
	return endsIn(s.LastAppliedRevision, d) && s.LastAttemptedRevision == s.LastAppliedRevision && s.ObservedGeneration == k.Metadata.Generation
}

// attempted reports whether a failure of a Kustomization is about the digest, and no wait for
// something else. A failure to fetch the artifact or to find the path comes before
// lastAttemptedRevision is set, so it can be attributed only by the revision that the progress
// message names.
func (k *fluxObject) attempted(d, reason string) bool {
	if reason == reasonDependency || reason == reasonCanceled {
		return false
	}
	if named := digestIn(k.condition("Reconciling").Message); named != "" {
		return named == d
	}
	return reason != reasonArtifact && endsIn(k.Status.LastAttemptedRevision, d)
}

// sourceStatus returns the status of an OCIRepository that does not have the digest.
func (s *fluxObject) sourceStatus(d, revision string) Status {
	if s.Metadata.DeletionTimestamp != nil {
		return s.Metadata.deleted(kindOCIRepository, revision)
	}
	if s.Spec.Suspend {
		return suspended(kindOCIRepository, d, revision)
	}
	if pinned := s.Spec.Ref.Digest; pinned != "" && pinned != d {
		return Status{
			State: Pending, Reason: "the OCIRepository is pinned to another digest", Revision: revision,
			Condition: Condition{Kind: kindOCIRepository, Type: "spec.ref.digest", Status: pinned},
		}
	}
	ready := s.condition("Ready")
	state, text := Pending, "the OCIRepository has yet to fetch it"
	// The message names the revision once the tag is resolved. A failure of another one, such
	// as that of a push before, is none of this digest.
	named := cmp.Or(digestIn(s.condition("Reconciling").Message), digestIn(s.condition("ArtifactOutdated").Message))
	switch {
	case s.condition("Stalled").Status == "True":
		state, text = Failed, "the OCIRepository has stalled"
	case ready.Status == "False" && (named == "" || named == d):
		state, text = Failed, "the OCIRepository failed to fetch it"
	}
	return ready.status(kindOCIRepository, state, text, revision)
}

func (c fluxCondition) status(kind string, state State, text, revision string) Status {
	message := c.Message
	if c.Status == "True" { // and the message may be that of the revision before
		message = ""
	}
	return Status{
		State: state, Reason: sentence(text, message), Revision: revision,
		Condition: Condition{Kind: kind, Type: c.Type, Status: c.Status, Reason: c.Reason, At: c.LastTransitionTime},
	}
}

func suspended(kind, d, revision string) Status {
	text := "the " + kind + " is suspended"
	if endsIn(revision, d) {
		text += ", and had applied it"
	}
	return Status{State: Suspended, Reason: text, Revision: revision, Condition: Condition{Kind: kind, Type: "spec.suspend", Status: "true"}}
}

// endsIn reports whether a revision of Flux is that of a digest.
func endsIn(revision, d string) bool {
	return revision == d || strings.HasSuffix(revision, "@"+d)
}

// digestIn returns the first digest in a message, or "".
func digestIn(message string) string {
	const prefix, size = "sha256:", 64
	_, after, _ := strings.Cut(message, prefix)
	if len(after) < size || strings.Trim(after[:size], "0123456789abcdef") != "" {
		return ""
	}
	return prefix + after[:size]
}
