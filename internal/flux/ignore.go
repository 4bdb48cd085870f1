package flux

import (
	"path"
	"strings"
)

// File is one ignore file of an artifact.
type File struct {
	Path  string // in the archive
	Rules []Rule
}

// Ignore decides which files of one artifact Flux drops. It is immutable.
type Ignore struct {
	always      []Rule
	byDirectory map[string]File

	// exact and endings hold what one of the names of a path needs to be, or to end in, for
	// one of the rules in always.
	exact   map[string]bool
	endings []string
}

// NewIgnore returns the rules of an artifact with these ignore files. Flux's
// defaults apply unless a file has a rule; those about version control always do.
func NewIgnore(files []File) *Ignore {
	i := new(Ignore)
	defaults := DefaultIgnore()
	for _, f := range files {
		if len(f.Rules) == 0 {
			continue
		}
		defaults = versionControl()
		if i.byDirectory == nil {
			i.byDirectory = map[string]File{}
		}
		i.byDirectory[path.Dir(f.Path)] = f
	}
	i.exact = make(map[string]bool, len(defaults))
	for _, text := range defaults {
		rule := parseRule(text)
		i.always = append(i.always, rule)
		if last := rule.names[len(rule.names)-1]; last.kind == ending {
			i.endings = append(i.endings, last.text)
		} else {
			i.exact[last.text] = true
		}
	}
	return i
}

// MayMatch reports whether a rule may match a path because of some of its names. If it
// returns false for all parts of a path, so does [Ignore.Match], which takes more time.
func (i *Ignore) MayMatch(name string) bool {
	if len(i.byDirectory) > 0 {
		return true
	}
	for element := range strings.SplitSeq(name, "/") {
		if i.exact[element] {
			return true
		}
		for _, end := range i.endings {
			if strings.HasSuffix(element, end) {
				return true
			}
		}
	}
	return false
}

// Match returns the rule for which Flux drops a file of the archive, and the path
// of the ignore file that has it, which is empty for a default. The rule is nil if
// Flux keeps the file. The last matching rule of the innermost directory decides.
func (i *Ignore) Match(name string) (rule *Rule, file string) {
	names := strings.Split(name, "/")
	if len(i.byDirectory) > 0 {
		dir := path.Dir(name)
		for depth := len(names) - 1; depth >= 0; depth-- {
			f := i.byDirectory[dir]
			if rule := lastMatch(f.Rules, names[depth:]); rule != nil {
				return rule.unlessNegated(), f.Path
			}
			dir = path.Dir(dir)
		}
	}
	return lastMatch(i.always, names).unlessNegated(), ""
}

func lastMatch(rules []Rule, names []string) *Rule {
	for i := len(rules) - 1; i >= 0; i-- {
		if rules[i].matches(names) {
			return &rules[i]
		}
	}
	return nil
}
