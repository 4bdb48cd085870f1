package preflight

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/kubeoci/oci/packager"
)

// Bounds of the search for directories that an engine renders. Each try judges files again.
const (
	maxCandidates = 4
	maxTries      = 64
	maxJudged     = 400_000 // files, in all tries
)

// search finds the directories below a path that the engines render without an error.
type search struct {
	model *model // the last one
	base  string
	// all reports that all engines refuse the directory at the base.
	all   bool
	tries int
	below map[string]*candidate // directories of the tree
	found []*candidate
}

// candidate is a directory that may be one to render.
type candidate struct {
	path string
	// direct reports that there are manifests directly in it, and children how many
	// directories in it have some at any depth.
	direct   bool
	children int
	// entry reports objects that make an engine render other directories.
	entry bool
	// top reports a kustomization to which no other refers, or a chart that an engine
	// renders.
	top bool
	// part reports a component, which is only for use in kustomizations.
	part bool

	refusing, rendered int // engines and files, once it is judged
}

// candidates returns the best directories below the base, and none if no directory is
// rendered without an error.
func (m *model) candidates(base string, all bool) []string {
	s := &search{model: m, base: base, all: all, below: map[string]*candidate{}}
	s.tries = min(maxTries, max(maxJudged/(len(m.sources)+1), maxCandidates))
	s.collect()
	for _, v := range m.views {
		v.items, v.ignored, v.missing, v.dropped = nil, nil, nil, nil // they serve no longer, and take memory
	}
	for _, kind := range []func(*candidate) bool{
		s.holdsEntry(),
		func(c *candidate) bool { return c.top },
		func(c *candidate) bool { return true },
	} {
		if s.try(kind); len(s.found) > 0 {
			break
		}
	}
	slices.SortStableFunc(s.found, func(a, b *candidate) int {
		return cmp.Or(a.refusing-b.refusing, cmp.Compare(a.rank(), b.rank()), b.rendered-a.rendered)
	})
	var best []string
	for _, c := range s.found[:min(len(s.found), maxCandidates)] {
		if c.refusing == s.found[0].refusing {
			best = append(best, c.path)
		}
	}
	slices.Sort(best)
	return best
}

// rank is 1 for a directory that is hidden, or archived as its name has it.
func (c *candidate) rank() int {
	if strings.Contains("/"+c.path, "/.") || strings.Contains("/"+c.path, "/_") {
		return 1
	}
	return 0
}

// collect lists the directories with manifests.
func (s *search) collect() {
	named := s.model.namedDirectories()
	for _, file := range s.model.sources {
		if s.model.ended() {
			return
		}
		dir, name := path.Dir(file.file.Path), file.name()
		switch {
		case file.kustomizes:
			c := s.at(dir)
			c.direct, c.top, c.part = true, c.top || !named[dir], isComponent(file)
		case name == chartFile && dir == file.chart && len(s.model.of(packager.GitOpsEngineArgoCD)) > 0:
			c := s.at(dir)
			c.direct, c.top = true, true
		case file.object && !file.isChartTemplate():
			c := s.at(dir)
			c.direct, c.entry = true, c.entry || s.model.isEntry(file)
		}
	}
	delete(s.below, s.base)
}

// at returns the candidate for a directory. One that is not below the base is not kept.
func (s *search) at(dir string) *candidate {
	c := s.below[dir]
	switch {
	case c != nil:
		return c
	case dir != s.base && s.base != "." && !isAt(dir, s.base):
		return new(candidate)
	}
	c = &candidate{path: dir}
	s.below[dir] = c
	if dir != s.base && dir != "." {
		s.at(path.Dir(dir)).children++
	}
	return c
}

// namedDirectories returns the directories to which kustomizations refer.
func (m *model) namedDirectories() map[string]bool {
	named := map[string]bool{}
	for s, k := range m.kustomizations {
		if k == nil {
			continue
		}
		for _, r := range k.References {
			if dir := path.Dir(s.file.Path); !path.IsAbs(r.Path) {
				named[path.Join(dir, r.Path)] = true
			}
		}
	}
	return named
}

// isEntry reports whether a file has an object with which an engine renders other
// directories.
func (m *model) isEntry(s *source) bool {
	return (s.flux || s.argocd) && slices.ContainsFunc(m.views, func(v *view) bool {
		return v.isFlux() && s.flux || v.isArgoCD() && s.argocd
	})
}

// holdsEntry returns a function that reports whether an entry is in a directory or below
// it.
func (s *search) holdsEntry() func(*candidate) bool {
	holds := map[string]bool{}
	for _, c := range s.below {
		for dir := c.path; c.entry && dir != "." && !holds[dir]; dir = path.Dir(dir) {
			holds[dir] = true
		}
	}
	return func(c *candidate) bool { return holds[c.path] }
}

// collections are names of directories with several directories of which each is
// rendered by itself.
var collections = []string{"clusters", "overlays", "environments", "envs", "stages", "tenants"}

// isCollection reports whether a directory only holds others that are to be rendered.
func (c *candidate) isCollection() bool {
	return !c.direct && (c.children == 1 || slices.Contains(collections, path.Base(c.path)))
}

// try judges directories of one kind, those above others first, and keeps those that are
// rendered without an error.
func (s *search) try(kind func(*candidate) bool) {
	var next []*candidate
	for _, c := range s.below {
		if kind(c) && !c.part && !c.isCollection() {
			next = append(next, c)
		}
	}
	slices.SortFunc(next, func(a, b *candidate) int {
		return cmp.Or(strings.Count(a.path, "/")-strings.Count(b.path, "/"), strings.Compare(a.path, b.path))
	})
	for _, c := range next {
		if s.isEnough() {
			return
		}
		within := slices.ContainsFunc(s.found, func(above *candidate) bool { return isAt(c.path, above.path) })
		if !within && s.judge(c) {
			s.found = append(s.found, c)
		}
	}
}

// isEnough reports whether no further directory can be better than those found, unless it
// has more files.
func (s *search) isEnough() bool {
	best := 0
	for _, c := range s.found {
		if c.refusing == 0 && c.rank() == 0 {
			best++
		}
	}
	return best >= maxCandidates
}

// judge reports whether a directory is rendered without an error.
func (s *search) judge(c *candidate) bool {
	if s.tries == 0 || s.model.ended() {
		return false
	}
	s.tries--
	s.model = s.model.below(c.path)
	refusing, bad := s.model.refusals(func(refusing map[*view]bool) bool {
		return !s.model.isRendered(refusing) || len(refusing) > 0 && !s.all
	})
	if c.refusing = len(refusing); bad {
		return false
	}
	for _, file := range s.model.sources {
		if file.object && (file.uses[0].role == certain || file.uses[1].role == certain) {
			c.rendered++
		}
	}
	return true
}

// isRendered reports whether an engine renders the path: none that is named refuses it,
// and not all of them do.
func (m *model) isRendered(refusing map[*view]bool) bool {
	return len(refusing) < m.engines && !slices.ContainsFunc(m.views, func(v *view) bool { return v.named && refusing[v] })
}
