// Package ignore matches paths against ignore rules as git does, for rules from
// files at any depth of a tree. All rules of a file are matched in one pass, so that many
// or odd rules are not much slower than few.
//
// The behavior is that of gitignore(5) and of git where the manual is silent: the
// tests compare the two. Names are bytes and case-sensitive. Rules and Matchers
// are immutable, so both are safe for concurrent use.
package ignore

import (
	"bytes"
	"errors"
	"strings"
)

// Limits of [Parse].
const (
	MaxSize       = 1 << 16 // bytes in a file
	MaxPatternLen = 1 << 10 // bytes in a line
)

// ErrTooLarge reports a file or a line beyond the limits.
var ErrTooLarge = errors.New("too large")

// Pattern is one rule.
type Pattern struct {
	// Text is the rule as written, without trailing blanks.
	Text string
	// Line is the line of the rule, counted from 1.
	Line int

	negated  bool
	dirOnly  bool // matches directories only
	basename bool // matches the last element of a path instead of the path
	useless  bool
}

// Useless reports whether the rule cannot match any name because it is empty or
// malformed.
func (p *Pattern) Useless() bool { return p.useless }

// Rule is a Pattern and the origin of the file with it, for reports.
type Rule struct {
	*Pattern
	Source string
}

// Rules are those of one file, in its order. The zero value holds none.
type Rules struct {
	source string
	*compiled
}

// compiled does not depend on the source.
type compiled struct {
	patterns     []Pattern
	names, paths globs
}

// Patterns returns the rules. They must not be modified.
func (r Rules) Patterns() []Pattern {
	if r.compiled == nil {
		return nil
	}
	return r.patterns
}

// From returns the same rules with another source.
func (r Rules) From(source string) Rules { return Rules{source, r.compiled} }

// Parse parses data, the content of an ignore file that is found at source. It accepts
// everything that git accepts. The error is [ErrTooLarge].
func Parse(data []byte, source string) (Rules, error) {
	if len(data) > MaxSize {
		return Rules{}, ErrTooLarge
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	var patterns []Pattern
	var all []glob
	line := 0
	for text := range strings.SplitSeq(string(data), "\n") {
		line++
		text = strings.TrimSuffix(text, "\r")
		text, _, _ = strings.Cut(text, "\x00") // ends a string in git
		if text == "" || text[0] == '#' {
			continue
		}
		if len(text) > MaxPatternLen {
			return Rules{}, ErrTooLarge
		}
		p, g := parseLine(trimBlanks(text), line)
		patterns, all = append(patterns, p), append(all, g)
	}
	if len(patterns) == 0 {
		return Rules{}, nil
	}
	return Rules{source, &compiled{patterns, newGlobs(patterns, all, true), newGlobs(patterns, all, false)}}, nil
}

// trimBlanks removes trailing blanks from a line, except escaped ones.
func trimBlanks(s string) string {
	end := 0 // after the last byte that is not a blank
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case ' ':
			continue
		case '\\':
			i = min(i+1, len(s)-1)
		}
		end = i + 1
	}
	return s[:end]
}

func parseLine(text string, line int) (Pattern, glob) {
	p := Pattern{Text: text, Line: line}
	text, p.negated = strings.CutPrefix(text, "!")
	text, p.dirOnly = strings.CutSuffix(text, "/")
	p.basename = !strings.Contains(text, "/")
	text = strings.TrimPrefix(text, "/")
	if name, found := strings.CutPrefix(text, "**/"); found && name != "" && !strings.Contains(name, "/") {
		text, p.basename = name, true // in any directory
	}
	g := compile(text)
	p.useless = g.never
	return p, g
}

// globs match either names or paths. Most rules are a text, or have one star, and need no
// automaton.
type globs struct {
	plain   map[string]plain
	affixes []affixes
	*automaton
}

// plain are the last patterns that are equal to a name: of all, and of those that match
// files. They count from 1, so that zero is none.
type plain struct{ last, file int32 }

// affixes are a pattern with one star between two texts.
type affixes struct {
	before, after string
	dirOnly       bool
	pattern       int32
}

// maxAffixes is about where an automaton for all of them is faster.
const maxAffixes = 100

// newGlobs returns the globs of the patterns that match names, or paths.
func newGlobs(patterns []Pattern, all []glob, names bool) globs {
	var g globs
	var others []int
	for i, p := range patterns {
		if p.useless || p.basename != names {
			continue
		}
		before, after, simple := all[i].affixes()
		switch {
		case simple && len(g.affixes) < maxAffixes:
			g.affixes = append(g.affixes, affixes{before, after, p.dirOnly, int32(i)})
		case len(all[i].steps) > 0:
			others = append(others, i)
		default:
			g.addPlain(all[i].plain, p.dirOnly, int32(i)+1)
		}
	}
	g.automaton = newAutomaton(patterns, all, others)
	return g
}

func (g *globs) addPlain(name string, dirOnly bool, number int32) {
	if g.plain == nil {
		g.plain = map[string]plain{}
	}
	at := g.plain[name]
	at.last = number
	if !dirOnly {
		at.file = number
	}
	g.plain[name] = at
}

// match returns the last pattern that matches a name, or -1.
func (g *globs) match(name string, isDir bool) int32 {
	at := g.plain[name]
	last := at.file
	if isDir {
		last = at.last
	}
	return max(last-1, g.matchAffixes(name, isDir), g.automaton.match(name, isDir))
}

func (g *globs) matchAffixes(name string, isDir bool) int32 {
	for i := len(g.affixes) - 1; i >= 0; i-- {
		a := &g.affixes[i]
		between := len(name) - len(a.after)
		if between >= len(a.before) && name[between:] == a.after && name[:len(a.before)] == a.before &&
			(isDir || !a.dirOnly) && !strings.Contains(name[len(a.before):between], "/") {
			return a.pattern
		}
	}
	return -1
}

// match returns the last rule that matches a path relative to the directory of the file,
// or nil.
func (c *compiled) match(name string, isDir bool) *Pattern {
	i := max(c.paths.match(name, isDir), c.names.match(name[strings.LastIndexByte(name, '/')+1:], isDir))
	if i < 0 {
		return nil
	}
	return &c.patterns[i]
}

// Matcher holds the rules of a directory and of those above it. Nil holds none.
type Matcher struct {
	above *Matcher
	dir   string // with a trailing slash, or "" for the root
	rules Rules
}

// Add returns a Matcher in which the rules of a file in dir precede those of m. The root
// is ".".
func (m *Matcher) Add(dir string, rules Rules) *Matcher {
	if rules.compiled == nil {
		return m
	}
	if dir += "/"; dir == "./" {
		dir = ""
	}
	return &Matcher{m, dir, rules}
}

// Match returns the rule that decides on name, without a Pattern if there is none, and
// whether it ignores name. It is the last matching rule of the innermost file that has
// one. Name is slash-separated, clean, and below all directories whose rules m has.
//
// Match does not consider the directories above name. Everything below an ignored
// directory is ignored, so the caller must not enter one.
func (m *Matcher) Match(name string, isDir bool) (decisive Rule, ignored bool) {
	for ; m != nil; m = m.above {
		if p := m.rules.match(name[len(m.dir):], isDir); p != nil {
			return Rule{p, m.rules.source}, !p.negated
		}
	}
	return Rule{}, false
}
