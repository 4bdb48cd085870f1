package preflight

import (
	"strings"

	"github.com/kubeoci/oci/internal/kustomize"
)

// decoding is a set of ways in which kustomize decodes a file that is not a resource.
type decoding uint8

const (
	decodesFirst decoding = 1 << iota // the first document, and ignores others
	decodesAll                        // all documents, after splitting the file at lines of ---
	decodesPatch                      // all, or the first if it is a list of operations
)

func decodingOf(at *kustomize.Reference) decoding {
	switch field, _, _ := strings.Cut(strings.ToLower(at.Field), "["); field {
	case "configurations", "crds", "replacements", "patchesjson6902":
		return decodesFirst
	case "patchesstrategicmerge", "generators", "transformers", "validators":
		return decodesAll
	case "patches":
		return decodesPatch
	}
	return 0
}

// refusesToDecode reports whether the engine fails for a file that is not a resource,
// because kustomize cannot parse it, or cannot split it.
func (v *view) refusesToDecode(s *source) bool {
	how, documents := s.uses[v.index].decoding, s.content.Objects
	if how&decodesAll != 0 || how&decodesPatch != 0 && len(documents) > 0 && documents[0].Mapping {
		return true
	}
	return how != 0 && s.broken
}
