package preflight

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/kubeoci/oci/internal/flux"
	"github.com/kubeoci/oci/internal/kustomize"
	"github.com/kubeoci/oci/internal/objects"
)

// facts are the parsed content of a file. They are immutable.
type facts struct {
	content objects.File
	rules   *[]flux.Rule // of an ignore file
	// likeObject reports that Argo CD refuses a file that it cannot parse, because
	// the file looks like a manifest.
	likeObject bool
	// skipped reports that Argo CD does not read a plain file because of a mark in it.
	skipped bool
	// broken reports that the first document cannot be parsed, even as JSON.
	broken bool
	// rewrites reports that the file may rename or delete objects if it is a patch.
	rewrites bool

	// What the file has, the items of lists included and the lists excluded. Those with an
	// empty list of items are lists to Argo CD.

	object    bool // an object that can be applied
	named     bool // an object with a name
	kind      bool // an object with a kind
	kindless  bool // a document that is not one
	something bool // a document with entries
	applied   bool // a document that Flux applies, or for which it fails
	unplaced  bool // an object that Flux applies, and that needs a namespace and has none
	namespace bool // a Namespace
	flux      bool // an object with which Flux renders another directory
	argocd    bool // the same for Argo CD
	suspect   bool // a document that a rule may report because of that document alone
}

// summarize fills in the fields that depend on the objects.
func (f *facts) summarize(path string) {
	each(f.content.Objects, func(o *objects.Object) {
		f.object = f.object || o.APIVersion() != "" && o.Kind() != ""
		f.named = f.named || flawOf(o) == ""
		f.kind = f.kind || o.Kind() != "" && !o.List && !o.Has(objects.NoItems)
		f.kindless = f.kindless || o.Kind() == ""
		f.something = f.something || !o.List && !o.Blank && !o.Has(objects.NoItems)
		f.applied = f.applied || isApplied(o)
		f.unplaced = f.unplaced || isUnplaced(o)
		f.namespace = f.namespace || isNamespace(o)
		f.flux = f.flux || isOf(o, "kustomize.toolkit.fluxcd.io/", "Kustomization")
		f.argocd = f.argocd || isOf(o, "argoproj.io/", "Application", "ApplicationSet")
		f.suspect = f.suspect || isSuspect(o)
	})
	f.object = f.object && !isKustomization(path)
}

// unchecked returns the facts of a file that is not parsed, for a reason. It is false
// that it has no objects: nothing is known of them.
func unchecked(reason string, memory bool) *facts {
	problem := objects.Problem{Code: objects.CodeTooLarge, Text: reason, Memory: memory}
	return &facts{content: objects.File{Problems: []objects.Problem{problem}}}
}

// uncheckedFor returns unchecked facts for a limit in bytes.
func uncheckedFor(limit int64) *facts {
	return unchecked(fmt.Sprintf("the file has more than %d bytes and is not checked", limit), false)
}

// isUnread reports whether the rest of the file behind a problem is not known.
func (f *facts) isUnread() bool {
	for _, p := range f.content.Problems {
		if p.Code == objects.CodeTooLarge || p.Code == objects.CodeTooDeep {
			return true
		}
	}
	return false
}

// ignoreRules returns the rules of an ignore file.
func (f *facts) ignoreRules() []flux.Rule {
	if f.rules == nil {
		return nil
	}
	return *f.rules
}

// need returns the memory for the facts.
func (f *facts) need() need {
	n := need{size: f.content.Size(), parsing: f.content.Need}
	for _, r := range f.ignoreRules() {
		n.size += r.Size()
	}
	n.beyond = isBeyond(&f.content)
	return n
}

// isBeyond reports whether a file needs more memory than there was.
func isBeyond(f *objects.File) bool {
	return slices.ContainsFunc(f.Problems, func(p objects.Problem) bool { return p.Memory })
}

// isUnparsed reports whether no parser takes the whole file.
func isUnparsed(f *objects.File) bool {
	return f.Template || slices.ContainsFunc(f.Problems, func(p objects.Problem) bool { return p.Code == objects.CodeSyntax || p.Code == objects.CodeTab })
}

// isRewrite is kustomize.IsRewrite for a file that may be a patch. One that is certainly
// not a JSON patch, because it has only mappings, rewrites nothing without a directive.
func isRewrite(f *objects.File, content []byte) bool {
	if slices.ContainsFunc(f.Objects, func(o objects.Object) bool { return !o.Mapping && !o.Empty }) {
		return kustomize.IsRewrite(content)
	}
	return bytes.Contains(content, []byte("$patch"))
}

// skipMark is text that Argo CD looks for in a file (skipFileRenderingMarker there).
const skipMark = "+argocd:skip-file-rendering"

// looksLikeObject is the test of Argo CD (getObjsFromYAMLOrJSON there).
func looksLikeObject(data []byte) bool {
	for _, key := range []string{"apiVersion:", "kind:", "metadata:"} {
		if !bytes.Contains(data, []byte(key)) {
			return false
		}
	}
	return true
}
