package preflight

import (
	"fmt"
	"strings"

	"github.com/kubeoci/oci/internal/kustomize"
)

// checkPatches reports files that kustomize refuses as patches, or as definitions of types.
func checkPatches(m *model, r *report) {
	for _, b := range m.distinct {
		for _, named := range b.files {
			if m.ended() {
				return
			}
			if !named.isPatch() && !named.isDefinition() || !named.isRead() {
				continue
			}
			if err := named.fault(); err != nil {
				building := m.building(b.source)
				r.refuseBuild(Finding{
					File: b.file.Path, Line: named.at.Line, Column: named.at.Column,
					Message: fmt.Sprintf("%s %s: %v: %s", kustomizeSubject(building, "refuse"), named.at.Field, err, quoteReference(*named.at)),
				}, building)
			}
		}
	}
}

// fault returns the reason for which kustomize refuses the file, or nil.
func (n namedFile) fault() error {
	docs := n.content.Objects
	if n.content.JSON {
		docs = docs[:min(len(docs), 1)] // kustomize reads the first value only
	}
	switch {
	case n.isPatch():
		return kustomize.FaultOfPatch(n.at.Field, docs, n.at.Targeted)
	case len(docs) > 0 && (docs[0].Kind() != "" || docs[0].APIVersion() != ""):
		return kustomize.ErrNotDefinitions
	}
	return nil
}

// isDefinition reports whether kustomize reads the OpenAPI definitions of types from the file.
func (n namedFile) isDefinition() bool {
	field, _, _ := strings.Cut(n.at.Field, "[")
	return strings.EqualFold(field, "crds")
}

// isRead reports whether all documents of the file are known.
func (s *source) isRead() bool {
	return !s.isUnparsed() && len(s.content.Problems) == 0 && !s.content.Template && s.content.Lost == 0
}
