package preflight

import (
	"fmt"

	"github.com/kubeoci/oci/internal/kustomize"
)

// checkPatches reports files that kustomize refuses as patches.
func checkPatches(m *model, r *report) {
	for _, b := range m.distinct {
		for _, named := range b.files {
			if m.ended() {
				return
			}
			if !named.isPatch() || !named.isRead() {
				continue
			}
			docs := named.content.Objects
			if named.content.JSON {
				docs = docs[:min(len(docs), 1)] // kustomize reads the first value only
			}
			if err := kustomize.FaultOfPatch(named.at.Field, docs, named.at.Targeted); err != nil {
				building := m.building(b.source)
				r.refuseBuild(Finding{
					File: b.file.Path, Line: named.at.Line, Column: named.at.Column,
					Message: fmt.Sprintf("%s %s: %v: %s", kustomizeSubject(building, "refuse"), named.at.Field, err, quoteReference(*named.at)),
				}, building)
			}
		}
	}
}

// isRead reports whether all documents of the file are known.
func (s *source) isRead() bool {
	return !s.isUnparsed() && len(s.content.Problems) == 0 && !s.content.Template && s.content.Lost == 0
}
