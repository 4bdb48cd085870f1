package preflight

import (
	"fmt"
	"path"
	"strings"

	"github.com/kubeoci/oci/internal/filename"
)

// checkEmptyFiles reports manifest files of no bytes, and JSON and Jsonnet without a value,
// which Argo CD refuses in a plain directory. kustomize takes JSON without one for a file
// without objects.
func checkEmptyFiles(m *model, r *report) {
	for _, s := range m.suspects {
		refusing := m.viewsWhere(func(v *view) bool { return v.readsPlain(s) })
		switch {
		case s.hasNoJSON() && len(refusing) > 0:
			r.refuse(Finding{File: s.file.Path, Message: subject(refusing, "refuse") + " a JSON file without a value"}, refusing)
		case s.file.Size == 0 && path.Ext(s.file.Path) == jsonnet && len(refusing) > 0:
			r.refuse(Finding{File: s.file.Path, Message: subject(refusing, "refuse") + " an empty Jsonnet file"}, refusing)
		case s.file.Size == 0 && filename.IsManifest(s.file.Path) && !s.kustomizes:
			r.add(Finding{File: s.file.Path, Message: "the file is empty"})
		}
	}
}

// hasNoJSON reports whether a JSON file holds nothing, or null.
func (s *source) hasNoJSON() bool {
	docs := s.content.Objects
	return s.content.JSON && len(s.content.Problems) == 0 && (len(docs) == 0 || len(docs) == 1 && docs[0].Empty)
}

// checkJSONNotTaken reports JSON that Flux does not read.
func checkJSONNotTaken(m *model, r notes) {
	m.unreadFiles(func(v *view, i item) {
		if v.mode == generated && strings.EqualFold(path.Ext(i.path), ".json") {
			r.add(Finding{Severity: severityOf(i.source), File: i.file.Path, Message: "Flux ignores JSON unless a kustomization lists it"}, v)
		}
	})
}

// checkExtensionCase reports files that an engine would read if their extension was
// in lower case.
func checkExtensionCase(m *model, r notes) {
	m.unreadFiles(func(v *view, i item) {
		ext := strings.ToLower(path.Ext(i.path))
		if ext == ".yaml" || ext == ".yml" || ext == ".json" && v.mode != generated {
			r.add(Finding{Severity: severityOf(i.source), File: i.file.Path, Message: fmt.Sprintf("%v reads extensions in lower case only", v)}, v)
		}
	})
}

// severityOf returns the severity for a file that an engine does not read.
func severityOf(s *source) Severity {
	if s.object {
		return Warning
	}
	return Info
}

// unreadFiles calls f for the files that an engine passes over by their names,
// while it reads others in the same directory.
func (m *model) unreadFiles(f func(v *view, i item)) {
	for _, v := range m.views {
		if v.mode == built || v.mode == helm {
			continue
		}
		for _, i := range v.items {
			if i.role == unread && !(i.skipped && v.mode == directory) && (v.recurse || i.chart == "" && (v.mode == generated || !i.isDeep())) {
				f(v, i)
			}
		}
	}
}

// checkJSONObjects reports several values in one JSON file. Argo CD refuses such a
// file of a plain directory, and kustomize takes the first value.
func checkJSONObjects(m *model, r *report) {
	for _, s := range m.suspects {
		docs := s.content.Objects
		if !s.content.JSON || len(docs) < 2 {
			continue
		}
		f := Finding{File: s.file.Path, Line: int(docs[1].Line), Column: int(docs[1].Column)}
		if refusing := m.viewsWhere(func(v *view) bool { return v.readsPlain(s) && v.judges(s) }); len(refusing) > 0 {
			f.Message = subject(refusing, "refuse") + " more than one object in a JSON file"
			r.refuse(f, refusing)
		}
		if building := m.viewsWhere(func(v *view) bool { return v.builds(s) && v.judges(s) }); len(building) > 0 {
			f.Message = "kustomize reads only the first of several objects in a JSON file"
			r.add(f, building...)
		}
	}
}
