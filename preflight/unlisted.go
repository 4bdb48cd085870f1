package preflight

import (
	"fmt"
	"path"
	"strings"
)

// maxExamples is how many names a finding about many files lists.
const maxExamples = 3

// checkUnlisted reports manifests in the directories of kustomizations, or below, that no
// kustomization refers to, once for each kustomization.
func checkUnlisted(m *model, r notes) {
	named := map[*source]bool{}
	kustomized := map[string]*source{}
	for _, b := range m.distinct {
		kustomized[path.Dir(b.file.Path)] = b.source
		for _, n := range b.files {
			named[n.source] = true
		}
	}
	if len(kustomized) == 0 {
		return
	}
	above := &byDirectory[*source]{of: func(dir string, above *source) *source {
		if own := kustomized[dir]; own != nil {
			return own
		}
		return above
	}}
	unlisted := map[*source][]string{}
	for _, s := range m.sources {
		if m.ended() {
			return
		}
		if k := above.at(path.Dir(s.file.Path)); k != nil && !named[s] && m.isLeftOut(s) {
			unlisted[k] = append(unlisted[k], s.file.Path)
		}
	}
	for _, b := range m.distinct {
		if names := unlisted[b.source]; len(names) > 0 && m.kustomizations[b.source] != nil && !m.isEmpty(b.source) {
			r.add(Finding{File: b.file.Path, Message: fmt.Sprintf("no kustomization lists some manifests in this directory or below (files: %d), such as %s", len(names), examples(names))})
		}
	}
}

// isLeftOut reports whether a file has objects, and an engine would need a kustomization
// to read them.
func (m *model) isLeftOut(s *source) bool {
	if !s.object || s.chart != "" || s.isHidden() {
		return false
	}
	below := m.viewsWhere(func(v *view) bool { return s.uses[v.index].role == perhaps })
	return len(below) > 0 && len(m.reading(s)) == 0
}

// isHidden reports whether the name of the file, or of a directory above it, begins with
// a dot.
func (s *source) isHidden() bool {
	return strings.HasPrefix(s.file.Path, ".") || strings.Contains(s.file.Path, "/.")
}

// examples quotes the first of some names.
func examples(names []string) string {
	var quoted []string
	for _, name := range names[:min(len(names), maxExamples)] {
		quoted = append(quoted, fmt.Sprintf("%.255q", name))
	}
	return strings.Join(quoted, ", ")
}
