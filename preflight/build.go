package preflight

import (
	"fmt"
	"path"
	"strings"

	"github.com/kubeoci/oci/internal/kustomize"
	"github.com/kubeoci/oci/internal/objects"
	"github.com/kubeoci/oci/packager"
)

// build is a kustomization in the archive, and what of the archive it names.
type build struct {
	*source
	entry  string // in the archive
	folder string // of the entry
	files  []namedFile
	others []*build // in folders that it names
}

// namedFile is a file, and where a kustomization names it.
type namedFile struct {
	*source
	at    kustomize.Reference
	entry string // in the archive
}

// isResource reports whether kustomize reads objects from the file, whatever else
// it is named for.
func (n namedFile) isResource() bool { return n.isListed() && !isKustomization(n.entry) }

func (n namedFile) isListed() bool {
	field, _, _ := strings.Cut(n.at.Field, "[")
	return strings.EqualFold(field, "resources") || strings.EqualFold(field, "bases")
}

// isNoObject reports whether no document of the file is an object with a name.
func (n namedFile) isNoObject() bool {
	none := true
	each(n.content.Objects, func(o *objects.Object) {
		if code, _ := flaw(o); code == "" {
			none = false
		}
	})
	return none
}

// isAbove reports whether the file is neither in the folder of the kustomization
// nor below it.
func (b *build) isAbove(n namedFile) bool {
	return b.folder != "." && !strings.HasPrefix(n.entry, b.folder+"/")
}

// findBuilds looks for kustomizations in the archive, and for what they name.
func (c *checker) findBuilds() {
	c.builds = map[string]*build{}
	for _, e := range c.entries {
		if isKustomization(e.Path) {
			c.builds[e.Path] = &build{source: c.byPath[e.File.Path], entry: e.Path, folder: path.Dir(e.Path)}
		}
	}
	if len(c.builds) == 0 {
		return
	}
	entries := make(map[string]*source, len(c.entries))
	for _, e := range c.entries {
		entries[e.Path] = c.byPath[e.File.Path]
	}
	for _, b := range c.builds {
		for _, r := range b.references {
			if path.IsAbs(r.Path) {
				continue // and refused
			}
			target := path.Join(b.folder, r.Path)
			if s := entries[target]; s != nil {
				named := namedFile{s, r, target}
				s.listed = s.listed || named.isResource()
				b.files = append(b.files, named)
			} else if other := c.buildIn(target); other != nil {
				b.others = append(b.others, other)
			}
		}
	}
}

// buildIn is the kustomization of a folder, or nil.
func (c *checker) buildIn(folder string) *build {
	for _, name := range kustomize.Names() {
		if b := c.builds[path.Join(folder, name)]; b != nil {
			return b
		}
	}
	return nil
}

// follow finds out what an engine reads since kustomizations say so that it
// certainly builds.
func (c *checker) follow(v *view) {
	done := map[*build]bool{}
	var enter func(b *build)
	enter = func(b *build) {
		if b == nil || done[b] || c.dropping(v, b.entry) != nil {
			return
		}
		done[b] = true
		v.roles[b.source] = certain
		for _, named := range b.files {
			if c.dropping(v, named.entry) != nil {
				c.addDropped(v, b, named)
			} else if named.isResource() {
				v.roles[named.source] = certain
			}
		}
		for _, other := range b.others {
			enter(other)
		}
	}
	for _, i := range v.items {
		if i.role == certain && isKustomization(i.path) {
			enter(c.builds[path.Join(v.root, i.path)])
		}
	}
}

// addDropped is about a file that is gone when a kustomization asks for it.
func (c *checker) addDropped(v *view, b *build, named namedFile) {
	c.addRefused(Finding{
		Code: CodeKustomization, File: b.file.Path, Line: named.at.Line, Column: named.at.Column,
		Message: fmt.Sprintf("%s names what Flux drops: %.100q", named.at.Field, named.at.Path),
		Hint:    hints[CodeFluxIgnored],
	}, []*view{v})
}

// checkBuilds is about what kustomizations name, each of them once.
func (c *checker) checkBuilds() {
	done := map[*source]bool{}
	for _, e := range c.entries {
		b := c.builds[e.Path]
		if b == nil || done[b.source] {
			continue
		}
		done[b.source] = true
		c.checkRestriction(b)
		c.checkResources(b)
	}
}

// checkRestriction is about files above the folder of a kustomization, which
// kustomize reads if it is told to only. Flux tells it to, and Argo CD does not.
func (c *checker) checkRestriction(b *build) {
	restricted := c.viewsWhere(func(v *view) bool { return v.engine == packager.GitOpsEngineArgoCD })
	if len(restricted) == 0 {
		return
	}
	for _, named := range b.files {
		if !b.isAbove(named) || named.at.Kind == kustomize.Folder || named.at.Kind == kustomize.Tree {
			continue
		}
		f := Finding{
			Code: CodeLoadRestriction, Severity: Info, File: b.file.Path, Line: named.at.Line, Column: named.at.Column,
			Message: fmt.Sprintf("%s names a file above the folder of its kustomization, which Argo CD refuses: %.100q", named.at.Field, named.at.Path),
		}
		switch {
		case restricted[0].roles[b.source] == certain:
			c.addRefused(f, restricted)
			continue
		case restricted[0].named:
			f.Severity = Warning
		}
		c.add(f, restricted)
	}
}

// checkResources finds what two files that a kustomization lists have both. It
// fails for that before it changes names, namespaces or anything else.
func (c *checker) checkResources(b *build) {
	type identity struct{ version, kind, namespace, name string }
	seen := map[identity]place{}
	building := c.reading(b.source)
	add := func(f Finding) {
		if len(building) > 0 {
			c.addRefused(f, building)
			return
		}
		f.Severity = Warning
		c.add(f, nil)
	}
	listed := map[*source]bool{}
	for _, named := range b.files {
		if named.isListed() && isKustomization(named.entry) && named.entry != b.entry && named.isNoObject() {
			add(Finding{
				Code: CodeKustomization, File: b.file.Path, Line: named.at.Line, Column: named.at.Column,
				Message: fmt.Sprintf("%s names a kustomization where its folder is needed: %.100q", named.at.Field, named.at.Path),
			})
		}
		if !named.isResource() {
			continue
		}
		if listed[named.source] {
			if hasObject(named.source) {
				add(Finding{
					Code: CodeDuplicateObject, File: b.file.Path, Line: named.at.Line, Column: named.at.Column,
					Message: fmt.Sprintf("%s names a file for the second time: %.100q", named.at.Field, named.at.Path),
				})
			}
			continue
		}
		listed[named.source] = true
		each(named.content.Objects, func(o *objects.Object) {
			if code, _ := flaw(o); code != "" || o.Name == "" || !named.builds(o) {
				return
			}
			id := identity{o.APIVersion, o.Kind, o.Namespace, o.Name}
			first, again := seen[id]
			if !again {
				seen[id] = place{named.source, o}
				return
			}
			add(Finding{
				Code: CodeDuplicateObject, File: named.file.Path, Line: o.Line, Column: o.Column,
				Message: fmt.Sprintf("%s the %s %.80q here and at %s:%d", kustomizeSubject(building, "find"), kindOf(o), o.Name, first.file.Path, first.Line),
			})
		})
	}
}

// kustomizeSubject is subject where there may be no engine that is sure to build
// something.
func kustomizeSubject(building []*view, verb string) string {
	if len(building) == 0 {
		return "kustomize " + verb + "s"
	}
	return subject(building, verb)
}
