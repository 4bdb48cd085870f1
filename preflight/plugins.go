package preflight

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/kubeoci/oci/internal/kustomize"
	"github.com/kubeoci/oci/internal/objects"
)

// Hints for all engines, and the words to add for Argo CD.
const (
	hintChart   = "render the chart before, or install it with a HelmRelease of Flux"
	hintProgram = "run it before, and list its output in resources"
	hintOptions = ", or set kustomize.buildOptions of Argo CD to %s and Preflight.Policy to off"
)

// checkPlugins reports what kustomize does only if it is told to: inflating charts, and
// running programs and containers. Flux never tells it to, and Argo CD only if it is
// configured so.
func checkPlugins(m *model, r *report) {
	files := pluginFiles{m, map[string]plugin{}}
	for _, b := range m.distinct {
		if m.ended() {
			return
		}
		k := m.kustomizations[b.source]
		if k == nil {
			continue
		}
		for _, at := range k.Charts {
			r.addPlugin(m, b, at, chartPlugin)
		}
		for _, at := range k.Programs {
			r.addPlugin(m, b, at, programPlugin)
		}
		for i := range k.References {
			if ref := &k.References[i]; isPluginField(ref.Field) {
				at := kustomize.Mark{Field: ref.Field, Line: ref.Line, Column: ref.Column}
				r.addPlugin(m, b, at, files.at(path.Join(b.directory(), ref.Path), 0))
			}
		}
	}
}

// isPluginField reports whether kustomize reads the entries of a field as configurations
// of plugins.
func isPluginField(field string) bool {
	name, _, _ := strings.Cut(strings.ToLower(field), "[")
	return name == "generators" || name == "transformers" || name == "validators"
}

// plugin is the worst of the plugins in a file or directory.
type plugin int

const (
	builtinPlugin plugin = iota
	chartPlugin
	programPlugin
)

func (r *report) addPlugin(m *model, b *build, at kustomize.Mark, worst plugin) {
	f := Finding{File: b.file.Path, Line: at.Line, Column: at.Column}
	building := m.building(b.source)
	switch worst {
	case chartPlugin:
		f.Message = fmt.Sprintf("%s to inflate the chart in %.100s by default", kustomizeSubject(building, "refuse"), at.Field)
		f.Hint = pluginHint(hintChart, building, "--enable-helm")
	case programPlugin:
		f.Message = fmt.Sprintf("%s to run the program or container in %.100s by default", kustomizeSubject(building, "refuse"), at.Field)
		f.Hint = pluginHint(hintProgram, building, "--enable-alpha-plugins --enable-exec")
	default:
		return
	}
	r.refuseBuild(f, building)
}

// pluginHint adds the options with which Argo CD runs a plugin, if it is not for Flux alone.
func pluginHint(hint string, building []*view, options string) string {
	if len(building) == 0 || slices.ContainsFunc(building, (*view).isArgoCD) {
		hint += fmt.Sprintf(hintOptions, options)
	}
	return hint
}

// pluginFiles knows the plugins of files and directories.
type pluginFiles struct {
	*model
	known map[string]plugin
}

// maxNested is how many directories may refer to one another.
const maxNested = 1_000

// at returns the plugin in a file or directory of the archive. The kustomization of a
// directory may change the objects in it, but rarely their kinds.
func (p pluginFiles) at(entry string, depth int) (worst plugin) {
	if worst, known := p.known[entry]; known || depth > maxNested {
		return worst
	}
	p.known[entry] = builtinPlugin // of a directory that refers to itself
	defer func() { p.known[entry] = worst }()
	if s := p.sourceAt(entry); s != nil {
		each(s.content.Objects, func(o *objects.Object) {
			if s.isBuilt(o) {
				worst = max(worst, pluginOf(o))
			}
		})
		return worst
	}
	b := p.buildIn(entry)
	if b == nil || b.rewrites {
		return builtinPlugin
	}
	for _, named := range b.files {
		if named.isResource() {
			worst = max(worst, p.at(named.entry, depth+1))
		}
	}
	for _, e := range b.others {
		if e.isResource() {
			worst = max(worst, p.at(e.to.directory(), depth+1))
		}
	}
	return worst
}

func pluginOf(o *objects.Object) plugin {
	switch {
	case kustomize.IsProgram(o.APIVersion()):
		return programPlugin
	case o.APIVersion() != "" && kustomize.IsChart(o.Kind()):
		return chartPlugin
	}
	return builtinPlugin
}
