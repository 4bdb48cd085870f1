package gitops

import (
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/opencontainers/go-digest"

	"github.com/kubeoci/oci/reference"
)

// State is the state of a digest in an engine.
type State string

const (
	// Live means that the engine has applied the digest, and reports success. For Flux, that
	// includes the health of the objects only with spec.wait; Argo CD always includes it.
	Live State = "Live"
	// Pending means that the engine has yet to find, apply or await the digest, or that
	// another digest is live. [Status.Revision] names that one.
	Pending State = "Pending"
	// Failed means that the engine tried and reported a failure, or that the object is being
	// deleted. Engines try again, so Live can follow.
	Failed State = "Failed"
	// Suspended means that the engine does nothing until a person or a program acts:
	// spec.suspend of Flux, the annotation argocd.argoproj.io/skip-reconcile, a difference in an
	// Application without automated sync, or a health of Suspended, such as that of a paused
	// Rollout.
	Suspended State = "Suspended"
)

// Status is the answer of [StatusOf].
type Status struct {
	State State `json:"state"`
	// Reason is a sentence for people, with the engine's own message cut to 1,000 bytes.
	Reason string `json:"reason"`
	// Condition is the condition from which State follows.
	Condition Condition `json:"condition,omitzero"`
	// Revision is the revision that the engine applied last, in the form of [Revisions], or ""
	// if it has applied none.
	Revision string `json:"revision,omitempty"`
}

// Condition names a part of a status.
type Condition struct {
	// Kind is Kustomization, OCIRepository or Application.
	Kind string `json:"kind"`
	// Type is the type of a condition, such as Ready or ComparisonError, or the path of another
	// field, such as spec.suspend or status.operationState.phase.
	Type string `json:"type"`
	// Status is the value: True, False or Unknown, or that of the field. Conditions of
	// Argo CD have none.
	Status string `json:"status,omitempty"`
	// Reason is the reason in one word. Argo CD has none.
	Reason string `json:"reason,omitempty"`
	// At is the time, to the second, at which the engine came to it, or zero if it reports
	// none. A failure from before a push is not about the pushed digest, unless it names it.
	At time.Time `json:"at,omitzero"`
}

const (
	kindOCIRepository = "OCIRepository"
	kindKustomization = "Kustomization"
	kindApplication   = "Application"

	maxMessage = 1000 // messages of Flux have up to 20,000 bytes
)

// StatusOf reports the state of a manifest digest from the objects of one engine: an
// Application, or a Kustomization and the OCIRepository that it names. Without the
// OCIRepository, a failure to pull is Pending.
//
// Each of the objects is JSON as the API server returns it, with metadata, spec and status:
// from kubectl get -o json, where several objects are one List, or from the MarshalJSON method
// of an unstructured object of client-go.
//
// The error is a [*reference.Error] for an illegal digest, and otherwise an [*Error] of kind
// [ErrInvalidStatus]. An object without a status is no error: it is Pending.
func StatusOf(d digest.Digest, objects ...[]byte) (Status, error) {
	if err := reference.CheckDigest(d.String()); err != nil {
		return Status{}, err
	}
	var found found
	for _, data := range objects {
		if err := found.add(data, false); err != nil {
			return Status{}, err
		}
	}
	return found.status(d)
}

// found holds the objects of a call by their kinds.
type found struct {
	kustomization, source *fluxObject
	application           *argoObject
}

// add takes an object, or the objects of a List.
func (f *found) add(data []byte, listed bool) error {
	var head struct {
		APIVersion, Kind string
		Items            []json.RawMessage
	}
	if err := decode(data, &head); err != nil {
		return err
	}
	group, _, _ := strings.Cut(head.APIVersion, "/")
	switch {
	case head.Kind == kindKustomization && group == "kustomize.toolkit.fluxcd.io":
		return decodeOne(data, head.Kind, &f.kustomization)
	case head.Kind == kindOCIRepository && group == "source.toolkit.fluxcd.io":
		return decodeOne(data, head.Kind, &f.source)
	case head.Kind == kindApplication && group == "argoproj.io":
		return decodeOne(data, head.Kind, &f.application)
	case strings.HasSuffix(head.Kind, "List") && !listed:
		for _, item := range head.Items {
			if err := f.add(item, true); err != nil {
				return err
			}
		}
		return nil
	}
	return &Error{Kind: ErrInvalidStatus, Value: head.Kind, Reason: "want a Kustomization and an OCIRepository of Flux, or an Application of Argo CD"}
}

func (f *found) status(d digest.Digest) (Status, error) {
	reason := ""
	switch {
	case f.application != nil && f.kustomization == nil && f.source == nil:
		return f.application.status(d.String()), nil
	case f.application != nil:
		reason = "objects of two engines"
	case f.kustomization == nil:
		reason = "no Kustomization and no Application"
	case f.source != nil && !f.kustomization.reads(f.source):
		reason = "the Kustomization reads another source than the OCIRepository"
	default:
		return fluxStatusOf(d.String(), f.kustomization, f.source), nil
	}
	return Status{}, &Error{Kind: ErrInvalidStatus, Reason: reason}
}

func decodeOne[T any](data []byte, kind string, into **T) error {
	if *into != nil {
		return &Error{Kind: ErrInvalidStatus, Value: kind, Reason: "more than one", hint: "ask for each of them alone"}
	}
	*into = new(T)
	return decode(data, *into)
}

func decode(data []byte, into any) error {
	if err := json.Unmarshal(data, into); err != nil {
		return &Error{Kind: ErrInvalidStatus, Reason: "not the JSON of an object: " + cut(err.Error(), 200)}
	}
	return nil
}

// meta is the metadata of an object.
type meta struct {
	Name, Namespace   string
	Generation        int64
	DeletionTimestamp *time.Time
	Annotations       map[string]string
}

// deleted returns the status of an object that is being deleted. Its objects in the cluster
// may vanish at any time.
func (m meta) deleted(kind, revision string) Status {
	return Status{
		State: Failed, Reason: "the " + kind + " is being deleted", Revision: revision,
		Condition: Condition{Kind: kind, Type: "metadata.deletionTimestamp", At: *m.DeletionTimestamp},
	}
}

// sentence joins the text and the message of an engine, if there is one.
func sentence(text, message string) string {
	if message == "" {
		return text
	}
	return text + ": " + cut(message, maxMessage)
}

// cut shortens text to a number of bytes at the border of a character.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit] + "…"
}
