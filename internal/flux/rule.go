package flux

import (
	"path"
	"strings"
	"unsafe"
)

// Rule is one line of an ignore file.
type Rule struct {
	Text string // as written
	Line int    // from 1; 0 for a default

	negated     bool
	directories bool // it matches directories only, and everything in them
	names       []namePattern
}

// namePattern matches one name of a path. Most need no [path.Match].
type namePattern struct {
	text string
	kind patternKind
}

type patternKind int

const (
	exactly  patternKind = iota // the text
	ending                      // a name that ends in the text
	matching                    // a name that the text matches as a pattern
)

// Size returns the bytes that the rule takes in memory.
func (r *Rule) Size() int64 {
	return int64(unsafe.Sizeof(*r)) + int64(len(r.Text)) + int64(len(r.names))*int64(unsafe.Sizeof(namePattern{}))
}

// ParseRules reads an ignore file line by line.
func ParseRules(data []byte) []Rule {
	var rules []Rule
	line := 0
	for text := range strings.SplitSeq(string(data), "\n") {
		line++
		text = strings.TrimSuffix(text, "\r")
		if strings.HasPrefix(text, "#") || strings.TrimSpace(text) == "" {
			continue
		}
		rule := parseRule(text)
		rule.Line = line
		rules = append(rules, rule)
	}
	return rules
}

func parseRule(text string) Rule {
	r := Rule{Text: text}
	text, r.negated = strings.CutPrefix(text, "!")
	if !strings.HasSuffix(text, `\ `) {
		text = strings.TrimRight(text, " ")
	}
	text, r.directories = strings.CutSuffix(text, "/")
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

// matches reports whether a name fits the pattern. The error is that of a pattern
// that Flux cannot read.
func (p namePattern) matches(name string) (bool, error) {
	switch p.kind {
	case exactly:
		return name == p.text, nil
	case ending:
		return strings.HasSuffix(name, p.text), nil
	}
	return path.Match(p.text, name)
}

// unlessNegated returns the rule if it drops files.
func (r *Rule) unlessNegated() *Rule {
	if r == nil || r.negated {
		return nil
	}
	return r
}

// matches reports whether the rule applies to a file. The names are those of its
// path below the directory of the ignore file.
func (r *Rule) matches(names []string) bool {
	if len(r.names) > 1 {
		return r.matchesPath(names)
	}
	for i, name := range names {
		fits, err := r.names[0].matches(name)
		if err != nil {
			return false
		}
		if fits {
			return !r.directories || i < len(names)-1
		}
	}
	return false
}

// matchesPath is matches for a rule with a slash. It also matches everything below
// a path that fits, and takes the first of several positions for a name.
func (r *Rule) matchesPath(names []string) bool {
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
			return fits && !(r.directories && len(names) == 0)
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
	return fits && !(r.directories && len(names) == 0)
}
