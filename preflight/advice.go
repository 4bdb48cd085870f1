package preflight

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/kubeoci/oci/internal/advice"
	"github.com/kubeoci/oci/internal/closest"
	"github.com/kubeoci/oci/packager"
)

// advise names directories in the hints of findings that another path would avoid: the
// path is missing, or the engine reads all files below it, or only those directly there.
// The model must not be used afterwards.
func (m *model) advise(r *report) {
	missing := m.viewsWhere((*view).isAbsent)
	scanning := m.viewsWhere(func(v *view) bool {
		return r.refusing[v] && !v.isMissing() && (v.mode == generated || v.mode == directory)
	})
	switch {
	case len(m.sources) == 0 || m.ended():
	case len(missing) > 0:
		hint, paths := m.missingHint()
		r.setHints(missing, func(f *found) {
			if f.Code == CodePathMissing && hint != "" {
				f.Hint, f.Paths = hint, paths
			}
		})
	case len(scanning) > 0:
		r.setHints(scanning, m.newScanAdvice(scanning, len(r.refusing) == m.engines).give)
	}
}

// setHints calls set for the findings because of which some views fail.
func (r *report) setHints(views []*view, set func(*found)) {
	for rank := range r.found {
		for i := range r.found[rank] {
			f := &r.found[rank][i]
			if slices.ContainsFunc(f.refusing, func(v *view) bool { return slices.Contains(views, v) }) {
				set(f)
			}
		}
	}
}

// scanAdvice is the advice for findings in files that an engine reads because it scans
// the directory at its path.
type scanAdvice struct {
	path        string
	directories []string       // below the path, which the engine renders without an error
	recursing   string         // the hint to recurse, if Argo CD renders the path then
	direct      bool           // there are manifests at the path itself
	beside      map[place]bool // of the same object in the same directory
}

func (m *model) newScanAdvice(scanning []*view, all bool) *scanAdvice {
	a := &scanAdvice{path: m.path, beside: m.besideEachOther(scanning)}
	a.direct = slices.ContainsFunc(m.sources, func(s *source) bool { return s.object && path.Dir(s.file.Path) == m.path })
	if m.rendersRecursing(scanning) {
		a.recursing = "set directory.recurse in the Application and Preflight.DirectoryRecurse"
	}
	a.directories = m.candidates(m.path, all)
	return a
}

func (a *scanAdvice) give(f *found) {
	hint := pathHint(a.directories)
	other := f.Code == CodeTwoCopies || f.Code == CodeDuplicateObject && f.Hint != hintDuplicate && f.Hint != hintBuild // causes
	switch {
	case f.Code == CodeSubfoldersOnly:
		f.Hint = cmp.Or(either(a.recursing, hint), f.Hint)
	case hint == "" || other:
		return
	case f.Code == CodeNothingRendered:
		f.Hint = hint + pruning
	case f.Code == CodeDuplicateObject && !a.direct && !a.beside[f.place()]:
		f.Hint = hint
	case (f.Code == CodeChart || f.Code == CodeNotObject) && !a.direct:
		f.Hint = either(hint, f.Hint)
	case f.File != "" && path.Dir(f.File) == a.path:
		return // not because of the path
	default:
		f.Hint = either(f.Hint, hint)
	}
	f.Paths = a.directories
}

func (f *found) place() place { return place{f.Code, f.File, f.Line, f.Column} }

// either joins two hints, of which one may be empty.
func either(first, second string) string {
	if first == "" || second == "" {
		return first + second
	}
	return first + ", or " + second
}

// pathHint returns the advice to give an engine one of some paths, or "" without any.
func pathHint(directories []string) string {
	if len(directories) == 0 {
		return ""
	}
	var quoted []string
	for _, dir := range directories {
		quoted = append(quoted, advice.Path(dir))
	}
	last := len(quoted) - 1
	text := quoted[last]
	if last > 0 {
		text = strings.Join(quoted[:last], ", ") + " or " + text
	}
	return "set Preflight.Path to the directory that the engine renders, such as " + text
}

// besideEachOther returns the places of objects that are defined twice in files of one
// directory, because of which no other path is advised.
func (m *model) besideEachOther(views []*view) map[place]bool {
	beside := map[place]bool{}
	for _, v := range views {
		m.duplicates(v, func(first, again located) {
			if path.Dir(first.file.Path) == path.Dir(again.file.Path) {
				beside[place{CodeDuplicateObject, again.file.Path, int(again.Line), int(again.Column)}] = true
			}
		})
	}
	return beside
}

// rendersRecursing reports whether Argo CD is among the views, and renders the path
// without an error if it recurses into directories.
func (m *model) rendersRecursing(views []*view) bool {
	if m.recurse || !slices.ContainsFunc(views, (*view).isArgoCD) {
		return false
	}
	if len(m.builds) > 0 { // which it would not render
		return false
	}
	files := *m.files
	files.files = &files
	files.artifact.Engines = []packager.GitOpsEngine{packager.GitOpsEngineArgoCD} // alone
	_, refused := files.at(m.path, true).refusals(func(refusing map[*view]bool) bool { return len(refusing) > 0 })
	return !refused
}

// maxCompared bounds the time for comparing a path with all directories.
const maxCompared = 10_000

// missingHint returns the advice for a path that is not in the tree, and directories that
// engines render without an error.
func (m *model) missingHint() (hint string, paths []string) {
	directories := m.directories()
	switch dir := path.Dir(m.path); {
	case m.file(m.path) != nil && dir != ".":
		return "set Preflight.Path to the directory of the file, " + advice.Path(dir), nil
	case m.file(m.path) != nil:
		return "leave Preflight.Path empty: it is a directory, not a file", nil
	}
	for _, rest, more := strings.Cut(m.path, "/"); more; _, rest, more = strings.Cut(rest, "/") {
		if directories[rest] {
			return "set Preflight.Path to the path in the source, " + advice.Path(rest), nil
		}
	}
	like := ""
	if len(directories) <= maxCompared {
		like = closest.Of(m.path, slices.Values(slices.Sorted(maps.Keys(directories))))
	}
	if like != "" {
		return "set Preflight.Path to " + advice.Path(like) + ", which is spelt almost like it", nil
	}
	top := m.at(".", m.recurse)
	_, bad := top.refusals(func(refusing map[*view]bool) bool { return !top.isRendered(refusing) })
	if !bad {
		return "leave Preflight.Path empty, or set it to a directory of the source", []string{"."}
	}
	paths = top.candidates(".", true)
	return pathHint(paths), paths
}

// directories returns all directories of the tree, except its top.
func (m *model) directories() map[string]bool {
	all := map[string]bool{}
	for _, s := range m.sources {
		for dir := path.Dir(s.file.Path); dir != "." && !all[dir]; dir = path.Dir(dir) {
			all[dir] = true
		}
	}
	return all
}
