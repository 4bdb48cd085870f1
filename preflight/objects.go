package preflight

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kubeoci/oci/internal/objects"
)

// each calls f for the objects of a file, those in lists in place of the lists.
func each(docs []objects.Object, f func(o *objects.Object)) {
	for i := range docs {
		o := &docs[i]
		switch {
		case len(o.Items()) > 0:
			each(o.Items(), f)
		case !o.Empty:
			f(o)
		}
	}
}

// isApplied reports whether Flux applies a document of a file that is built, or fails for
// it. Flux drops all others silently: those that kustomize keeps local, those with an empty
// list of items, those whose name or apiVersion is not text, unless a kustomization prepends
// or appends text to the name, and kustomizations under names of other files.
func isApplied(o *objects.Object) bool {
	isKustomization := strings.EqualFold(o.Kind(), "Kustomization") && strings.HasPrefix(o.APIVersion(), "kustomize.config.k8s.io/")
	return !o.Empty && !o.Blank && !o.List && !o.Has(objects.Replaced|objects.NoItems) && !o.Has(objects.Local) && !o.Has(objects.Numeric) && (!isKustomization || o.Name() == "")
}

// isOf reports whether an object is of one of some kinds in a group, which ends in a slash.
func isOf(o *objects.Object, group string, kinds ...string) bool {
	return strings.HasPrefix(o.APIVersion(), group) && slices.Contains(kinds, o.Kind())
}

// isSuspect reports whether a rule may report a document because of that document alone.
func isSuspect(o *objects.Object) bool {
	return flawOf(o) != "" || o.Encrypted || o.Secret || isSecretGenerator(o) || o.Has(objects.Large) || o.Has(objects.Huge) || isReplaced(o) || isTemplate(o)
}

// flaw is a document that is not an object with a name.
type flaw struct {
	*source
	*objects.Object
	code Code
	// argocd reports that Argo CD refuses it in a plain directory. It passes over
	// YAML without an object, unless it looks like one or comes after one.
	argocd bool
}

// findFlaws finds the documents that an engine may refuse as objects.
func (m *model) findFlaws() {
	for _, s := range m.suspects {
		if m.ended() {
			return
		}
		if s.content.Template || !m.isJudged(s) {
			continue
		}
		before := false // there is an object
		each(s.content.Objects, func(o *objects.Object) {
			code := flawOf(o)
			argocd := true
			switch code {
			case CodeGenerateName:
				argocd = false
			case CodeNotObject, CodeNoKind:
				argocd = s.content.JSON || s.likeObject || before
			}
			if isReplaced(o) && o.Kind() != "" {
				argocd = false // which looks at the items only
			}
			before = before || o.Kind() != ""
			if code != "" {
				m.flaws = append(m.flaws, flaw{s, o, code, argocd})
			}
		})
	}
}

// flawOf returns the code for a document that is not an object with a name, or "".
func flawOf(o *objects.Object) Code {
	switch {
	case !o.Mapping || o.APIVersion() == "" && o.Kind() == "":
		return CodeNotObject
	case o.Kind() == "":
		return CodeNoKind
	case o.Has(objects.Numeric):
		return CodeNotText
	case o.APIVersion() == "":
		return CodeNoAPIVersion
	case o.Name() == "" && o.GenerateName:
		return CodeGenerateName
	case o.Name() == "" && !o.List: // an empty one
		return CodeNoName
	}
	return ""
}

func (f flaw) String() string {
	switch f.code {
	case CodeNotObject:
		return "a document that is not a Kubernetes object"
	case CodeNoKind:
		return "an object without kind"
	case CodeNoAPIVersion:
		return fmt.Sprintf("a %s without apiVersion", kindOf(f.Object))
	case CodeNotText:
		return fmt.Sprintf("a %s of which metadata.name or apiVersion is a number or boolean", kindOf(f.Object))
	case CodeGenerateName:
		return fmt.Sprintf("a %s with metadata.generateName but no metadata.name", kindOf(f.Object))
	}
	return fmt.Sprintf("a %s without metadata.name", kindOf(f.Object))
}

// flawed returns the check for one code. It reports documents that an engine
// certainly reads, or kustomize if it builds a kustomization that lists the file.
func flawed(code Code) func(m *model, r *report) {
	return func(m *model, r *report) {
		for _, f := range m.flaws {
			if f.code == code && !m.ended() {
				checkFlaw(m, f, r)
			}
		}
	}
}

func checkFlaw(m *model, f flaw, r *report) {
	refusing := m.viewsWhere(func(v *view) bool {
		return v.judges(f.source) && (v.readsPlain(f.source) && f.argocd || v.builds(f.source) && f.isBuilt(f.Object))
	})
	passing := m.viewsWhere(func(v *view) bool { return v.judges(f.source) && v.readsPlain(f.source) && !isReplaced(f.Object) })
	finding := Finding{File: f.file.Path, Line: int(f.Line), Column: int(f.Column)}
	if f.kustomizes {
		finding.Hint = hintNotRendered
	}
	switch {
	case f.code == CodeNotText:
		checkNumeric(m, f, finding, r)
	case len(refusing) > 0:
		finding.Message = subject(refusing, "refuse") + " " + f.String()
		r.refuse(finding, refusing)
	case len(passing) > 0 && f.code == CodeGenerateName:
		finding.Message = "Argo CD creates another object at each sync because of metadata.generateName"
		r.add(finding, passing...)
	case len(passing) > 0:
		finding.Message = "Argo CD skips " + f.String()
		r.add(finding, passing...)
	case f.isListedPlain() && f.isBuilt(f.Object) && len(m.reading(f.source)) == 0:
		finding.Severity, finding.Message = Warning, "kustomize refuses "+f.String()
		r.add(finding)
	}
}

// isListedPlain reports whether a kustomization lists the file for its objects.
func (s *source) isListedPlain() bool {
	return s.listed && s.chart == "" && !s.kustomizes
}

// isBuilt reports whether kustomize reads a document of the file. It skips a
// mapping without entries, and everything after the first value of a JSON file.
func (s *source) isBuilt(o *objects.Object) bool {
	docs := s.content.Objects
	later := s.content.JSON && len(docs) > 1 && (o.Line > docs[1].Line || o.Line == docs[1].Line && o.Column >= docs[1].Column)
	return !o.Blank && !later
}

// kindOf returns the kind of an object. It quotes a kind that is not a name, so
// that it cannot break the line.
func kindOf(o *objects.Object) string {
	letter := func(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' }
	if strings.TrimFunc(o.Kind(), letter) == "" && len(o.Kind()) <= 80 {
		return o.Kind()
	}
	return fmt.Sprintf("%.80q", o.Kind())
}

func checkSecrets(m *model, r notes) {
	for _, s := range m.suspects {
		if m.ended() {
			return
		}
		each(s.content.Objects, func(o *objects.Object) {
			message := ""
			switch {
			case o.Secret:
				message = "the Secret %.80q is not encrypted"
			case isSecretGenerator(o):
				message = "the generator %.80q may write values of a Secret that are not encrypted"
			default:
				return
			}
			r.add(Finding{File: s.file.Path, Line: int(o.Line), Column: int(o.Column), Message: fmt.Sprintf(message, o.Name())})
		})
	}
}
