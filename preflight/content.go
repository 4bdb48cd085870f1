package preflight

import (
	"fmt"
	"path"
	"strings"

	"github.com/kubeoci/oci/internal/objects"
	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
)

// each calls f for the objects of a file, those in lists in place of the lists.
func each(docs []objects.Object, f func(o *objects.Object)) {
	for i := range docs {
		o := &docs[i]
		switch {
		case len(o.Items) > 0:
			each(o.Items, f)
		case !o.Empty:
			f(o)
		}
	}
}

// hasObject reports whether something in the file can be applied.
func hasObject(s *source) (has bool) {
	each(s.content.Objects, func(o *objects.Object) { has = has || o.APIVersion != "" && o.Kind != "" })
	return has && !isKustomization(s.file.Path)
}

// hasKind reports whether there is an object with a kind, but for empty lists.
func hasKind(s *source) (has bool) {
	each(s.content.Objects, func(o *objects.Object) { has = has || o.Kind != "" && !o.List })
	return has
}

// holdsNothing reports whether a file has no more than comments, lists without
// items and documents without entries.
func holdsNothing(s *source) bool {
	holds := false
	each(s.content.Objects, func(o *objects.Object) { holds = holds || !o.List && !o.Blank })
	return !holds
}

func isEmpty(s *source) bool {
	for _, o := range s.content.Objects {
		if !o.Empty {
			return false
		}
	}
	return true
}

// checkSource is about what is in a file.
func (c *checker) checkSource(s *source) {
	c.checkEmpty(s)
	each(s.content.Objects, func(o *objects.Object) {
		if o.Secret {
			c.add(Finding{Code: CodeSecret, Severity: Warning, File: s.file.Path, Line: o.Line, Column: o.Column, Message: fmt.Sprintf("the Secret %.80q is not encrypted", o.Name)}, nil)
		}
	})
	if s.chart != "" {
		if s.name() == chartFile && path.Dir(s.file.Path) == s.chart {
			c.checkChart(s)
		}
		if s.content.Template || strings.HasPrefix(s.file.Path, path.Join(s.chart, "templates")+"/") {
			return // checkChart counts it
		}
	}
	c.checkProblems(s)
	if s.content.Template {
		c.checkTemplate(s)
	}
	if s.chart == "" && !isKustomization(s.file.Path) {
		c.checkObjects(s)
		c.checkJSON(s)
	}
}

// checkEmpty is about a manifest file of no bytes, and about JSON without a value,
// which those who read JSON refuse.
func (c *checker) checkEmpty(s *source) {
	f := Finding{Code: CodeEmptyFile, Severity: Info, File: s.file.Path, Message: "the file is empty"}
	reading := c.reading(s)
	switch {
	case s.content.JSON && len(s.content.Objects) == 0 && len(s.content.Problems) == 0 && len(reading) > 0:
		f.Message = subject(reading, "refuse") + " a JSON file with nothing in it"
		c.addRefused(f, reading)
	case s.file.Size == 0 && manifests.IsManifest(s.file.Path) && !isKustomization(s.file.Path):
		c.add(f, nil)
	}
}

// checkChart is about all files of a Helm chart at once.
func (c *checker) checkChart(s *source) {
	templates := 0
	for _, other := range c.sources {
		if other.chart == s.chart && other.content.Template {
			templates++
		}
	}
	f := Finding{Code: CodeChart, Severity: Info, File: s.file.Path}
	scanning := c.reading(s)
	flux := c.viewsWhere(func(v *view) bool { return v.engine == packager.GitOpsEngineFlux && v.roles[s] == certain })
	switch {
	case len(flux) > 0:
		f.Message = fmt.Sprintf("Flux takes the files of this Helm chart for manifests, and refuses them (templates among them: %d)", templates)
		f.Hint = "let a HelmRelease install the chart, from an artifact of its own"
		c.addRefused(f, flux)
	case len(scanning) == 0:
		f.Message = fmt.Sprintf("there is a Helm chart here, which is not rendered to be checked (templates: %d)", templates)
		c.add(f, nil)
	}
}

// checkTemplate is about a file that is to become YAML, outside of a chart.
func (c *checker) checkTemplate(s *source) {
	f := Finding{Code: CodeTemplate, Severity: Info, File: s.file.Path, Message: "this is a template, and no YAML before it is rendered"}
	if refusing := c.refusingUnparsed(s, 0); len(refusing) > 0 {
		f.Message = subject(refusing, "refuse") + " a template that is no YAML"
		c.addRefused(f, refusing)
		return
	}
	c.add(f, nil)
}

// refusingUnparsed lists the engines that fail for a file that cannot be parsed
// from a line on. Argo CD passes over a YAML file without an object before that
// line, unless it looks like one with an object. Kustomize reads JSON as YAML,
// which may be right where it is wrong as JSON.
func (c *checker) refusingUnparsed(s *source, line int) []*view {
	object := s.content.JSON || s.likeObject
	each(s.content.Objects, func(o *objects.Object) { object = object || o.Kind != "" && o.Line < line })
	return c.viewsWhere(func(v *view) bool {
		return v.roles[s] == certain && (v.mode == directory && object || v.mode != directory && !s.content.JSON)
	})
}

// checkProblems is about what the parser says.
func (c *checker) checkProblems(s *source) {
	for _, p := range s.content.Problems {
		f := Finding{Code: Code(p.Code), Severity: Warning, File: s.file.Path, Line: p.Line, Column: p.Column, Message: p.Text}
		var refusing []*view
		switch f.Code {
		case CodeSyntax, CodeTab:
			refusing = c.refusingUnparsed(s, p.Line)
		case CodeDuplicateKey: // Argo CD takes the last value of a plain file
			refusing = c.viewsWhere(func(v *view) bool { return v.roles[s] == certain && v.mode != directory })
		}
		if len(refusing) > 0 {
			c.addRefused(f, refusing)
		} else {
			c.add(f, nil)
		}
	}
}

// checkObjects is about documents that an engine reads for certain, or kustomize
// where it builds what names the file.
func (c *checker) checkObjects(s *source) {
	before := false // there is an object
	each(s.content.Objects, func(o *objects.Object) {
		code, what := flaw(o)
		argocd := true
		switch {
		case s.content.Template: // has a finding
		case code == CodeGenerateName:
			argocd = false // creates it with each sync
		case code == CodeNotObject || code == CodeNoKind:
			argocd = s.content.JSON || s.likeObject || before
		}
		before = before || o.Kind != ""
		if code == "" {
			return
		}
		refusing := c.viewsWhere(func(v *view) bool {
			return v.roles[s] == certain && (v.mode == directory && argocd || v.mode != directory && s.builds(o))
		})
		passing := c.viewsWhere(func(v *view) bool { return v.roles[s] == certain && v.mode == directory })
		f := Finding{Code: code, File: s.file.Path, Line: o.Line, Column: o.Column}
		switch {
		case len(refusing) > 0:
			f.Message = subject(refusing, "refuse") + " " + what
			c.addRefused(f, refusing)
		case len(passing) > 0 && code == CodeGenerateName:
			f.Severity, f.Message = Info, "Argo CD creates an object with metadata.generateName anew with each sync"
			c.add(f, passing)
		case len(passing) > 0:
			f.Severity, f.Message = Info, "Argo CD passes over "+what
			c.add(f, passing)
		case s.listed && s.builds(o) && len(c.reading(s)) == 0:
			f.Severity, f.Message = Warning, "kustomize refuses "+what
			c.add(f, nil)
		}
	})
}

// builds reports whether kustomize makes anything of a document: of a mapping
// without entries it does not, nor of what follows the first value of a JSON file.
func (s *source) builds(o *objects.Object) bool {
	docs := s.content.Objects
	later := s.content.JSON && len(docs) > 1 && (o.Line > docs[1].Line || o.Line == docs[1].Line && o.Column >= docs[1].Column)
	return !o.Blank && !later
}

// flaw says what a document lacks to be an object with a name.
func flaw(o *objects.Object) (Code, string) {
	switch {
	case !o.Mapping || o.APIVersion == "" && o.Kind == "":
		return CodeNotObject, "a document that is no Kubernetes object"
	case o.Kind == "":
		return CodeNoKind, "an object without kind"
	case o.APIVersion == "":
		return CodeNoAPIVersion, fmt.Sprintf("a %s without apiVersion", kindOf(o))
	case o.Name == "" && o.GenerateName != "":
		return CodeGenerateName, fmt.Sprintf("a %s with metadata.generateName in place of metadata.name", kindOf(o))
	case o.Name == "" && !o.List: // an empty one
		return CodeNoName, fmt.Sprintf("a %s without metadata.name", kindOf(o))
	}
	return "", ""
}

// kindOf quotes a kind that is none, so that it cannot break the line.
func kindOf(o *objects.Object) string {
	letter := func(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' }
	if strings.TrimFunc(o.Kind, letter) == "" && len(o.Kind) <= 80 {
		return o.Kind
	}
	return fmt.Sprintf("%.80q", o.Kind)
}

// checkJSON is about several values in one JSON file: of a directory Argo CD takes
// none of them, and kustomize takes the first.
func (c *checker) checkJSON(s *source) {
	docs := s.content.Objects
	if !s.content.JSON || len(docs) < 2 {
		return
	}
	f := Finding{Code: CodeJSONObjects, File: s.file.Path, Line: docs[1].Line, Column: docs[1].Column}
	refusing := c.viewsWhere(func(v *view) bool { return v.roles[s] == certain && v.mode == directory })
	building := c.viewsWhere(func(v *view) bool { return v.roles[s] == certain && v.mode != directory })
	if len(refusing) > 0 {
		f.Message = subject(refusing, "refuse") + " more than one object in a JSON file"
		c.addRefused(f, refusing)
	}
	if len(building) > 0 {
		f.Severity, f.Message = Warning, "a kustomization takes the first of several objects in a JSON file, and no other"
		c.add(f, building)
	}
}

// identity is what an object is in a cluster.
type identity struct{ group, kind, namespace, name string }

type place struct {
	*source
	*objects.Object
}

// checkDuplicates is about objects that are there more than once. The same file
// twice, which is in two copies of the tree, is said once for all.
func (c *checker) checkDuplicates() {
	for _, v := range c.views {
		twice := c.plan.Layout() == packager.LayoutBoth && v.root != "." && c.scansRoot(v)
		seen := make(map[identity]place, len(v.items))
		for _, i := range v.items {
			if i.role != certain || isKustomization(i.path) || i.chart != "" {
				continue
			}
			each(i.content.Objects, func(o *objects.Object) {
				if code, _ := flaw(o); code != "" || o.List {
					return
				}
				id := identityOf(o)
				first, again := seen[id]
				if !again {
					seen[id] = place{i.source, o}
				} else if first.source == i.source && first.Line == o.Line {
					twice = true
				} else {
					c.addDuplicate(v, first, place{i.source, o})
				}
			})
		}
		twice = twice && len(seen) > 0
		f := Finding{Code: CodeTwoCopies, Severity: Info, Message: "at the path \"./\" Flux finds every object twice, and fails", Hint: fmt.Sprintf("give Flux the path %q, or choose the layout for one engine", c.opts.Paths.Flux)}
		switch {
		case twice && v.root == "." && v.mode == generated:
			f.Hint = "give Flux the path of one copy, or choose the layout for one engine"
			c.addRefused(f, []*view{v})
		case twice && v.mode == generated:
			c.add(f, []*view{v})
		}
	}
}

// scansRoot reports whether Flux, where it is not told the path of one copy,
// would take all files of both.
func (c *checker) scansRoot(v *view) bool {
	for _, e := range c.entries {
		if isKustomization(e.Path) && path.Dir(e.Path) == "." {
			return false
		}
	}
	return v.engine == packager.GitOpsEngineFlux
}

func identityOf(o *objects.Object) identity {
	group, _, found := strings.Cut(o.APIVersion, "/")
	if !found {
		group = ""
	}
	namespace := o.Namespace
	if namespace == "" {
		namespace = "default"
	}
	return identity{group, o.Kind, namespace, o.Name}
}

// addDuplicate tells apart what fails and what lets one object win: Argo CD
// warns and goes on, and to Flux another version is another object until it is
// applied.
func (c *checker) addDuplicate(v *view, first, again place) {
	f := Finding{
		Code: CodeDuplicateObject, Severity: Warning,
		File: again.file.Path, Line: again.Line, Column: again.Column,
		Message: fmt.Sprintf("%v finds the %s %.80q here and at %s:%d", v, kindOf(again.Object), again.Name, first.file.Path, first.Line),
	}
	if v.mode == generated && first.APIVersion == again.APIVersion {
		c.addRefused(f, []*view{v})
	} else {
		c.add(f, []*view{v})
	}
}
