package preflight

import (
	"path"
	"strings"
)

// fluxRule is a rule by which Flux drops files. Rules look like those of
// gitignore(5), by which package manifests goes, and mean nearly the same. Flux
// decides on each file by itself, so that one below a dropped folder can be taken
// back; it matches the names in a path one by one, and as [path.Match] does; and
// "**" stands for folders between two names, for nothing else.
type fluxRule struct {
	text    string // as written
	file    *source
	line    int
	depth   int // of the folder whose files it is about
	taking  bool
	folders bool // it matches nothing but folders, and what is in them
	names   []namePattern
}

// namePattern is for one name in a path. Most need no [path.Match].
type namePattern struct {
	text string
	kind patternKind
}

type patternKind int

const (
	exactly  patternKind = iota // the text
	ending                      // in the text
	matching                    // the text, as a pattern
)

// parseFluxRules reads the rules of a .sourceignore file, line by line.
func parseFluxRules(data []byte) []fluxRule {
	var rules []fluxRule
	line := 0
	for text := range strings.SplitSeq(string(data), "\n") {
		line++
		text = strings.TrimSuffix(text, "\r")
		if strings.HasPrefix(text, "#") || strings.TrimSpace(text) == "" {
			continue
		}
		rule := parseFluxRule(text)
		rule.line = line
		rules = append(rules, rule)
	}
	return rules
}

func parseFluxRule(text string) fluxRule {
	r := fluxRule{text: text}
	text, r.taking = strings.CutPrefix(text, "!")
	if !strings.HasSuffix(text, `\ `) {
		text = strings.TrimRight(text, " ")
	}
	text, r.folders = strings.CutSuffix(text, "/")
	for name := range strings.SplitSeq(text, "/") {
		r.names = append(r.names, parseName(name))
	}
	return r
}

func parseName(text string) namePattern {
	const special = `*?[\`
	rest, starred := strings.CutPrefix(text, "*")
	switch {
	case !strings.ContainsAny(text, special):
		return namePattern{text, exactly}
	case starred && !strings.ContainsAny(rest, special):
		return namePattern{rest, ending}
	}
	return namePattern{text, matching}
}

// matches reports whether a name fits. The error is that of a pattern which Flux
// cannot read.
func (p namePattern) matches(name string) (bool, error) {
	switch p.kind {
	case exactly:
		return name == p.text, nil
	case ending:
		return strings.HasSuffix(name, p.text), nil
	}
	return path.Match(p.text, name)
}

// matches reports whether the rule is about a file, whose path is given name by
// name. The file is below the folder that the rule is for.
func (r *fluxRule) matches(names []string) bool {
	names = names[r.depth:]
	if len(r.names) > 1 {
		return r.matchesPath(names)
	}
	for i, name := range names {
		fits, err := r.names[0].matches(name)
		if err != nil {
			return false
		}
		if fits {
			return !r.folders || i < len(names)-1
		}
	}
	return false
}

// matchesPath is for rules with a slash in them. What is below something that
// fits does as well, and of several places for a name the first is taken.
func (r *fluxRule) matchesPath(names []string) bool {
	fits, anywhere := false, false
	for i, p := range r.names {
		switch {
		case p.text == "" && p.kind == exactly:
			anywhere = false
			continue
		case p.text == "**" && i < len(r.names)-1:
			anywhere = true
			continue
		case p.text == "**":
			return fits && !(r.folders && len(names) == 0)
		case p.kind == matching && strings.Contains(p.text, "**"):
			return false
		}
		for fits = false; !fits; names = names[1:] {
			if len(names) == 0 {
				return false
			}
			var err error
			if fits, err = p.matches(names[0]); err != nil || !fits && !anywhere {
				return false
			}
		}
		anywhere = false
	}
	return fits && !(r.folders && len(names) == 0)
}
