package preflight

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/kubeoci/oci/packager"
)

// checkArtifact is about the artifact as a whole.
func (c *checker) checkArtifact() {
	if len(c.sources) == 0 {
		c.add(Finding{Code: CodeNoFiles, Severity: Error, Message: "the artifact holds no file"}, nil)
		return
	}
	argocd := c.viewsWhere(func(v *view) bool { return v.engine == packager.GitOpsEngineArgoCD })
	if size := c.plan.ArchiveSize(); size > c.opts.MaxArchiveSize && len(argocd) > 0 {
		c.addRefused(Finding{Code: CodeArchiveSize, Message: fmt.Sprintf("the archive has %d bytes, of which Argo CD unpacks %d", size, c.opts.MaxArchiveSize)}, argocd)
	}
	for _, tag := range c.opts.Tags {
		c.checkTag(tag)
	}
	c.checkSourceIgnore()
}

// checkTag is about versions as semver.org defines them, whose + no tag can
// hold.
func (c *checker) checkTag(tag string) {
	core, rest := tag, ""
	if i := strings.IndexAny(tag, "-+_"); i >= 0 {
		core, rest = tag[:i], tag[i:]
	}
	parts := strings.Split(strings.TrimPrefix(core, "v"), ".")
	number := func(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
	if len(parts) != 3 || !number(parts[0]) || !number(parts[1]) || !number(parts[2]) || !strings.ContainsAny(rest, "+_") {
		return
	}
	severity, what := Warning, "a version with an underscore, which is out of reach of version ranges"
	if strings.Contains(rest, "+") {
		severity, what = Error, "a version with a plus, which no tag can hold"
	}
	c.add(Finding{Code: CodeTag, Severity: severity, Message: fmt.Sprintf("the tag %.128q is %s", tag, what), Hint: fmt.Sprintf("use %.128q", strings.NewReplacer("+", "-", "_", "-").Replace(tag))}, nil)
}

// checkViews is about what the engines find at their paths.
func (c *checker) checkViews() {
	if len(c.sources) == 0 {
		return // which is said
	}
	var missing, nothing []*view
	for _, v := range c.views {
		rendered := slices.ContainsFunc(v.items, v.renders)
		switch {
		case len(v.items) == 0 && v.root != ".":
			missing = append(missing, v)
		case !rendered && v.below() > 0:
			c.addRefused(Finding{Code: CodeSubfoldersOnly, Message: fmt.Sprintf("all manifests at the path %q are in subfolders, where Argo CD looks for none by default, and it renders nothing", v.path)}, []*view{v})
		case !rendered:
			nothing = append(nothing, v)
		case v.below() > 0:
			c.add(Finding{Code: CodeSubfolders, Severity: Warning, Message: fmt.Sprintf("Argo CD leaves out the subfolders of its path %q by default (files with objects in them: %d)", v.path, v.below())}, []*view{v})
		}
		c.checkRenderer(v)
		c.checkExtensions(v)
		c.checkDirectory(v)
	}
	if len(missing) > 0 {
		c.addRefused(Finding{Code: CodePathMissing, Message: subject(missing, "find") + " no folder " + places(missing)}, missing)
	}
	if len(nothing) > 0 {
		c.addRefused(Finding{Code: CodeNothingRendered, Message: subject(nothing, "render") + " nothing at the path " + places(nothing) + ", without an error"}, nothing)
	}
}

// places lists the paths of engines.
func places(views []*view) string {
	var paths []string
	for _, v := range views {
		paths = append(paths, fmt.Sprintf("%q", v.path))
	}
	return strings.Join(slices.Compact(paths), " and ")
}

// renders reports whether an engine renders something of a file, or fails for it.
// What a kustomization or chart comes to is not known.
func (v *view) renders(i item) bool {
	switch {
	case v.mode == built || v.mode == helm || i.role == certain && isKustomization(i.path):
		return true
	case i.role != certain:
		return false
	case v.mode == directory && !i.content.JSON:
		return i.likeObject || hasKind(i.source)
	}
	return len(i.content.Problems) > 0 || i.content.Template || !holdsNothing(i.source)
}

// below counts the files with objects that Argo CD leaves out since they are in
// subfolders.
func (v *view) below() (n int) {
	for _, i := range v.items {
		if v.mode == directory && path.Dir(i.path) != "." && i.chart == "" && hasObject(i.source) {
			n++
		}
	}
	return n
}

// checkDirectory is about the size of a plain directory.
func (c *checker) checkDirectory(v *view) {
	var size int64
	for _, i := range v.items {
		if v.mode == directory && i.role == certain {
			size += i.file.Size
		}
	}
	if size > c.opts.MaxManifestSize {
		c.addRefused(Finding{Code: CodeManifestSize, Message: fmt.Sprintf("the directory has %d bytes of manifests, of which Argo CD takes %d", size, c.opts.MaxManifestSize)}, []*view{v})
	}
}

// checkRenderer is about the files that say how to render.
func (c *checker) checkRenderer(v *view) {
	one := []*view{v}
	c.checkRenderedBy(v)
	kustomizations := map[string][]*source{}
	for _, i := range v.items {
		if isKustomization(i.path) && i.role == certain {
			dir := path.Dir(i.path)
			kustomizations[dir] = append(kustomizations[dir], i.source)
		}
	}
	for _, same := range kustomizations {
		if len(same) > 1 {
			c.addRefused(Finding{Code: CodeTwoKustomizations, File: same[1].file.Path, Message: fmt.Sprintf("%s a folder with two kustomizations, this and %s", subject(one, "refuse"), same[0].name())}, one)
		}
		for _, s := range same {
			if v.mode == generated && isComponent(s) {
				c.addRefused(Finding{Code: CodeKustomization, File: s.file.Path, Message: subject(one, "refuse") + " a component where it looks for a kustomization", Hint: "add a kustomization.yaml above it that says what to build"}, one)
			}
			if len(s.content.Problems) == 0 && !s.content.Template && isEmpty(s) {
				c.addRefused(Finding{Code: CodeEmptyKustomize, File: s.file.Path, Message: subject(one, "refuse") + " a kustomization with nothing in it"}, one)
			}
		}
	}
}

// checkExtensions is about files that look as if they were applied.
func (c *checker) checkExtensions(v *view) {
	for _, i := range v.items {
		ext := path.Ext(i.path)
		severity := Info
		if hasObject(i.source) {
			severity = Warning
		}
		switch lower := strings.ToLower(ext); {
		case i.role != unread, i.chart != "", v.mode == built, v.mode == helm, v.mode == directory && path.Dir(i.path) != ".":
		case v.mode == generated && lower == ".json":
			c.add(Finding{Code: CodeJSONNotTaken, Severity: severity, File: i.file.Path, Message: "Flux takes no JSON where there is no kustomization"}, []*view{v})
		case lower == ".yaml" || lower == ".yml" || lower == ".json":
			c.add(Finding{Code: CodeExtensionCase, Severity: severity, File: i.file.Path, Message: fmt.Sprintf("%v takes extensions in lower case only", v)}, []*view{v})
		}
	}
}
