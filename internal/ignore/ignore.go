// Package ignore matches paths against ignore rules as git does, for rules from
// files at any depth of a tree.
//
// The behavior is that of gitignore(5) and of git where the manual is silent: the
// tests compare the two. Names are bytes and case-sensitive. Patterns and Matchers
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
	// Source is the origin of the rule, for reports.
	Source string
	// Line is the line of the rule, counted from 1.
	Line int

	negated  bool
	dirOnly  bool // matches directories only
	basename bool // matches the last element of a path instead of the path
	glob     glob
}

// Negated reports whether the rule includes again what others ignore.
func (p *Pattern) Negated() bool { return p.negated }

// Useless reports whether the rule cannot match any name because it is empty or
// malformed.
func (p *Pattern) Useless() bool { return p.glob.never }

// Parse parses data, the content of an ignore file, and sets Source in the Patterns.
// It accepts everything that git accepts. The error is [ErrTooLarge].
func Parse(data []byte, source string) ([]Pattern, error) {
	if len(data) > MaxSize {
		return nil, ErrTooLarge
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	var patterns []Pattern
	line := 0
	for text := range strings.SplitSeq(string(data), "\n") {
		line++
		text = strings.TrimSuffix(text, "\r")
		text, _, _ = strings.Cut(text, "\x00") // ends a string in git
		if text == "" || text[0] == '#' {
			continue
		}
		if len(text) > MaxPatternLen {
			return nil, ErrTooLarge
		}
		patterns = append(patterns, parseLine(trimBlanks(text), source, line))
	}
	return patterns, nil
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

func parseLine(text, source string, line int) Pattern {
	p := Pattern{Text: text, Source: source, Line: line}
	text, p.negated = strings.CutPrefix(text, "!")
	text, p.dirOnly = strings.CutSuffix(text, "/")
	p.basename = !strings.Contains(text, "/")
	p.glob = compile(strings.TrimPrefix(text, "/"))
	return p
}

// matches reports whether the rule matches a path relative to the directory of its
// ignore file.
func (p *Pattern) matches(name string, isDir bool) bool {
	if p.dirOnly && !isDir {
		return false
	}
	if p.basename {
		name = name[strings.LastIndexByte(name, '/')+1:]
	}
	return p.glob.match(name)
}

// Matcher holds the rules of a directory and of those above it. Nil holds none.
type Matcher struct {
	above    *Matcher
	dir      string // with a trailing slash, or "" for the root
	patterns []Pattern
}

// Add returns a Matcher in which the patterns of a file in dir precede those of m. The
// root is ".".
func (m *Matcher) Add(dir string, patterns []Pattern) *Matcher {
	if len(patterns) == 0 {
		return m
	}
	if dir += "/"; dir == "./" {
		dir = ""
	}
	return &Matcher{m, dir, patterns}
}

// Match returns the rule that decides on name, or nil, and whether it ignores name. It
// is the last matching rule of the innermost file that has one. Name is
// slash-separated, clean, and below all directories whose rules m has.
//
// Match does not consider the directories above name. Everything below an ignored
// directory is ignored, so the caller must not enter one.
func (m *Matcher) Match(name string, isDir bool) (decisive *Pattern, ignored bool) {
	for ; m != nil; m = m.above {
		below := name[len(m.dir):]
		for i := len(m.patterns) - 1; i >= 0; i-- {
			if p := &m.patterns[i]; p.matches(below, isDir) {
				return p, !p.negated
			}
		}
	}
	return nil, false
}
