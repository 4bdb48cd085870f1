package preflight

import (
	"fmt"
	"slices"

	"github.com/kubeoci/oci/internal/objects"
)

// Rules about objects that every engine can read, and that do not arrive in a cluster as
// they are in the file.

// judging returns the engines that certainly read the objects of a file.
func (m *model) judging(s *source) []*view {
	return m.viewsWhere(func(v *view) bool { return v.judges(s) })
}

// applying returns those that apply the objects as they are. Kustomizations may change
// objects.
func (m *model) applying(s *source) []*view {
	return m.viewsWhere(func(v *view) bool {
		return v.judges(s) && (v.readsPlain(s) || v.mode == generated && !s.listed)
	})
}

// isJudged reports whether an engine certainly reads the objects of a file, or kustomize
// does if it builds a kustomization that lists the file.
func (m *model) isJudged(s *source) bool {
	return s.isListedPlain() || slices.ContainsFunc(m.views, func(v *view) bool { return v.judges(s) })
}

// split returns the view of Flux, if it is among views, and that of Argo CD.
func split(views []*view) (flux, argocd []*view) {
	for _, v := range views {
		if v.isFlux() {
			flux = append(flux, v)
		} else {
			argocd = append(argocd, v)
		}
	}
	return flux, argocd
}

// checkNotText reports values that have to be text.
func checkNotText(m *model, r *report) {
	flawed(CodeNotText)(m, r)
	for _, s := range m.suspects {
		if m.ended() {
			return
		}
		for _, remark := range s.content.Remarks {
			if !s.isChartTemplate() {
				checkRemark(m, s, remark, r)
			}
		}
	}
}

// checkNumeric reports an object with a name that is not text. Kustomize takes it for text,
// and may add other text to it, but does not write it as text.
func checkNumeric(m *model, f flaw, finding Finding, r *report) {
	flux, argocd := split(m.judging(f.source))
	_, refusing := split(m.applying(f.source))
	if len(flux) > 0 && f.isBuilt(f.Object) {
		finding.Message = "Flux drops " + f.String() + ", without an error"
		r.add(finding, flux...)
	}
	finding.Message = "Argo CD fails to apply " + f.String()
	if len(refusing) > 0 {
		r.refuse(finding, refusing)
	} else if len(argocd) > 0 {
		r.add(finding, argocd...)
	}
}

func checkRemark(m *model, s *source, remark objects.Remark, r *report) {
	refusing, judging := m.applying(s), m.judging(s)
	if remark.Local { // to kustomize, the object is input of a build and may have any form
		if refusing, judging = inDirectory(refusing), inDirectory(judging); len(judging) == 0 || remark.Type == objects.Date {
			return
		}
	}
	flux, argocd := split(refusing)
	f := Finding{File: s.file.Path, Line: remark.Line, Column: remark.Column}
	cause := fmt.Sprintf("%s is %s and has to be text", remark.Field, remark.Type)
	switch {
	case remark.Type == objects.Date:
		checkDate(m, s, remark, r)
		return
	case remark.Part == objects.Keys:
		checkKey(m, s, remark, r)
		return
	case remark.Part == objects.AllAnnotations:
		checkAnnotations(m, s, remark, r)
		return
	case remark.Part == objects.Namespace:
		if remark.Type == objects.Word {
			judging = inDirectory(argocd)
		}
		if len(judging) > 0 {
			f.Message = subject(judging, "ignore") + " metadata.namespace, because it is " + string(remark.Type) + " and has to be text"
			r.add(f, judging...)
		}
		return
	case remark.Type == objects.Word, remark.Part == objects.Annotations && remark.Type != objects.Mapping && remark.Type != objects.Sequence:
		// Kustomize writes words in quotes, and annotations as text.
		refusing, judging = inDirectory(argocd), nil
	case remark.Part == objects.Annotations:
		refusing = argocd
		f.Message = "kustomize replaces the value of an annotation with empty text, because " + cause
	case remark.Type == objects.Null: // an API server takes it for empty text
		refusing = nil
		f.Message = cause
	case remark.Part == objects.Labels:
		refusing = argocd
		if flux, _ = split(judging); len(flux) > 0 {
			f.Message = "Flux drops all labels of the object, because " + cause
			r.add(f, flux...)
		}
		_, judging = split(judging)
		f.Message = "the API server refuses the object, because " + cause
	default:
		f.Message = "the API server refuses the object, because " + cause
	}
	switch {
	case len(refusing) > 0:
		f.Message = subject(refusing, "fail") + " to apply the object, because " + cause
		r.refuse(f, refusing)
	case len(judging) > 0:
		r.add(f, judging...)
	case f.Message != "" && s.isListedPlain() && len(flux) == 0:
		r.add(f)
	}
}

// checkDate reports a date. Kustomize writes it with colons, which no label may have.
func checkDate(m *model, s *source, remark objects.Remark, r *report) {
	f := Finding{File: s.file.Path, Line: remark.Line, Column: remark.Column}
	f.Message = "kustomize changes " + remark.Field + " to the form 2006-01-02T15:04:05Z, because it is a date without quotes"
	flux, _ := split(m.applying(s))
	judging := slices.DeleteFunc(m.judging(s), func(v *view) bool { return v.mode == directory })
	switch {
	case remark.Part == objects.Labels && len(flux) > 0:
		f.Message = "Flux fails to apply the object, because " + remark.Field + " is a date without quotes, which kustomize writes with colons"
		r.refuse(f, flux)
	case len(judging) > 0, s.isListedPlain():
		r.add(f, judging...)
	}
}

// checkKey reports a key that is not text. Kustomize cannot write an object with it, but a
// patch may remove the key. In a plain file, Argo CD takes a number or boolean for text.
func checkKey(m *model, s *source, remark objects.Remark, r *report) {
	asText := remark.Type == objects.Number || remark.Type == objects.Boolean
	failing := slices.DeleteFunc(m.judging(s), func(v *view) bool { return v.mode == directory && (asText || !s.likeObject) })
	if len(failing) == 0 && !s.isListedPlain() || remark.Local {
		return
	}
	f := Finding{File: s.file.Path, Line: remark.Line, Column: remark.Column}
	f.Message = fmt.Sprintf("%s an object with a key that is %s and has to be text", kustomizeSubject(failing, "refuse"), remark.Type)
	if m.patched {
		f.Message += ", unless a patch removes it"
		r.add(f, failing...)
		return
	}
	r.refuseBuild(f, failing)
}

// checkAnnotations reports annotations that are not a mapping. Kustomize fails for mappings,
// and drops others or takes a list for keys and values.
func checkAnnotations(m *model, s *source, remark objects.Remark, r *report) {
	f := Finding{File: s.file.Path, Line: remark.Line, Column: remark.Column, Hint: "write keys and values in it"}
	cause := fmt.Sprintf(" the object, because %s is %s and has to be a mapping", remark.Field, remark.Type)
	judging := m.judging(s)
	failing := inDirectory(slices.Clone(judging))
	if remark.Type == objects.Mappings {
		failing = judging
	}
	if len(failing) > 0 {
		f.Message = subject(failing, "fail") + " to apply" + cause
		r.refuse(f, failing)
	}
	if len(failing) < len(judging) || len(judging) == 0 && s.isListedPlain() {
		f.Message = "kustomize changes the annotations of" + cause
		r.add(f, slices.DeleteFunc(judging, func(v *view) bool { return v.mode == directory })...)
	}
}

// inDirectory returns the views that render a plain directory.
func inDirectory(views []*view) []*view {
	return slices.DeleteFunc(views, func(v *view) bool { return v.mode != directory })
}

// checkEncrypted reports objects that SOPS encrypted. Flux decrypts them with a setting that
// most who use SOPS have made, so that it certainly fails in no case that an artifact shows.
// Argo CD decrypts nothing: it fails for values that are not base64, and applies the others
// as they are.
func checkEncrypted(m *model, r *report) {
	for _, s := range m.suspects {
		if m.ended() {
			return
		}
		each(s.content.Objects, func(o *objects.Object) {
			if !o.Encrypted || o.Has(objects.Local) {
				return
			}
			flux, argocd := split(m.judging(s))
			_, applying := split(m.applying(s))
			f := Finding{File: s.file.Path, Line: int(o.Line), Column: int(o.Column)}
			object := fmt.Sprintf("the %s %.80q, which SOPS encrypted", kindOf(o), o.Name())
			if len(flux) > 0 {
				f.Message = "Flux refuses " + object + ", unless its Kustomization configures decryption"
				r.add(f, flux...)
			}
			f.Hint = "use a SealedSecret or an ExternalSecret, or a plugin that decrypts"
			switch {
			case o.Has(objects.Sealed) && len(applying) > 0:
				f.Message = "Argo CD fails to apply " + object + ", because its data is not base64"
				r.refuse(f, applying)
			case len(argocd) > 0:
				f.Severity, f.Message = Warning, "Argo CD does not decrypt "+object
				r.add(f, argocd...)
			}
		})
	}
}

// checkTooLargeToApply reports objects beyond the limits of the API server.
func checkTooLargeToApply(m *model, r *report) {
	checkGenerated(m, r)
	for _, s := range m.suspects {
		if m.ended() {
			return
		}
		each(s.content.Objects, func(o *objects.Object) {
			if !o.Has(objects.Large) && !o.Has(objects.Huge) {
				return
			}
			applying, judging := m.applying(s), m.judging(s)
			_, argocd := split(judging)
			f := Finding{File: s.file.Path, Line: int(o.Line), Column: int(o.Column)}
			object := fmt.Sprintf("the %s %.80q", kindOf(o), o.Name())
			switch {
			case o.Has(objects.Huge) && m.isJudged(s):
				f.Message = fmt.Sprintf("the API server refuses %s, because it has more than %d bytes of data", object, objects.MaxData)
				f.Hint = hintHuge
				if len(applying) > 0 {
					f.Message = fmt.Sprintf("%s to apply %s, because it has more than %d bytes of data", subject(applying, "fail"), object, objects.MaxData)
					r.refuse(f, applying)
				} else {
					r.add(f, judging...)
				}
			case o.Has(objects.Large) && len(argocd) > 0:
				f.Message = fmt.Sprintf("Argo CD fails to apply %s with client-side apply, because it has more than %d bytes as JSON", object, objects.MaxApplied)
				f.Hint = "annotate it with argocd.argoproj.io/sync-options: ServerSideApply=true, or set that option in the Application"
				r.add(f, argocd...)
			}
		})
	}
}
