package preflight

import (
	"slices"

	"github.com/kubeoci/oci/internal/objects"
)

// unparsed returns the check for one code of the parser.
func unparsed(code Code) func(m *model, r *report) {
	return func(m *model, r *report) {
		for _, s := range m.suspects {
			if m.ended() {
				return
			}
			for _, p := range s.content.Problems {
				if Code(p.Code) == code && !s.isChartTemplate() {
					checkProblem(m, s, p, r)
				}
			}
		}
	}
}

// checkDocumentStarts also reports documents that engines lose, which is no failure.
func checkDocumentStarts(m *model, r *report) {
	unparsed(CodeDocumentStart)(m, r)
	for _, s := range m.suspects {
		losing := m.judging(s)
		if s.content.Lost == 0 || m.ended() || len(losing) == 0 && !s.isListedPlain() {
			continue
		}
		r.add(Finding{
			File: s.file.Path, Line: s.content.Lost, Column: 1,
			Message: kustomizeSubject(losing, "ignore") + " the document here, because no line of --- separates it from the one that ends with ...",
		}, losing...)
	}
}

func checkProblem(m *model, s *source, p objects.Problem, r *report) {
	f := Finding{File: s.file.Path, Line: p.Line, Column: p.Column, Message: p.Text}
	if p.Memory {
		f.Hint = "split the file, exclude files with Collect.Ignore, or raise Preflight.MaxMemory"
	}
	var refusing []*view
	switch Code(p.Code) {
	case CodeSyntax, CodeTab:
		if refusing = m.refusingUnparsed(s, p.Line); len(refusing) == 0 && m.kustomizations[s] != nil {
			f.Message += ", which kustomize ignores, because it reads the first document only"
		}
	case CodeDocumentStart:
		refusing = m.refusingUnparsed(s, p.Line)
		// Kustomize takes a value on the first line, and does not split a kustomization.
		if p.Line == 1 && p.Column > 1 || s.kustomizes {
			refusing = slices.DeleteFunc(refusing, func(v *view) bool { return v.mode != directory })
			if len(m.viewsWhere(func(v *view) bool { return v.readsPlain(s) })) == 0 {
				return
			}
		}
		if len(refusing) > 0 {
			f.Message = subject(refusing, "refuse") + " the file, because " + p.Text
		}
	case CodeAlias:
		if p.Loop { // kustomize overflows its stack
			refusing = m.refusingUnparsed(s, p.Line)
		}
	case CodeDuplicateKey: // Argo CD takes the last value of a plain file
		building := m.building(s)
		switch {
		case !s.kustomizes:
			refusing = building
		case len(building) > 0 || len(m.reading(s)) == 0:
			f.Message, f.Hint = p.Text+", and that value is ignored, because kustomize keeps the last one", "keep one of them"
		}
	}
	if len(refusing) > 0 {
		r.refuse(f, refusing)
	} else {
		r.add(f)
	}
}

// refusingUnparsed returns the engines that fail for a file that cannot be parsed
// from a line on. Argo CD skips a YAML file without an object before that
// line, unless it looks like one with an object. Kustomize reads JSON as YAML, so
// that it may accept a file that is wrong as JSON. It reads only the first document of
// a kustomization, so that it accepts one with a document that it can read.
func (m *model) refusingUnparsed(s *source, line int) []*view {
	object := s.content.JSON || s.likeObject
	each(s.content.Objects, func(o *objects.Object) { object = object || o.Kind() != "" && int(o.Line) < line })
	return m.viewsWhere(func(v *view) bool {
		builds := v.builds(s) && m.kustomizations[s] == nil || v.refusesToDecode(s)
		return v.readsPlain(s) && object || builds && !s.content.JSON
	})
}
