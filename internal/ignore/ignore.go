// Package ignore matches paths against ignore rules as git does, for rules from
// files at any depth of a tree.
//
// What git documents in gitignore(5) holds here, and what it does beyond that:
// the tests compare the two. Names are bytes and their case counts. Neither a
// pattern nor a Matcher changes once it is made, so both are safe for concurrent
// use.
package ignore

import (
	"bytes"
	"errors"
	"strings"
)

// Limits of what [Parse] takes.
const (
	MaxSize       = 1 << 16 // bytes in a file
	MaxPatternLen = 1 << 10 // bytes in a line
)

// ErrTooLarge reports a file or a line beyond the limits.
var ErrTooLarge = errors.New("too large")

// Pattern is one rule.
type Pattern struct {
	// Text is the rule as written, without the blanks that end it.
	Text string
	// Source names where the rule is from, for reports.
	Source string
	// Line counts from 1.
	Line int

	negated  bool
	folder   bool // matches nothing but folders
	basename bool // matches the last element of a path, not the path
	glob     glob
}

// Negated reports whether the rule takes back what others ignore.
func (p *Pattern) Negated() bool { return p.negated }

// Useless reports whether there is no name that the rule could match: it is
// empty, or malformed.
func (p *Pattern) Useless() bool { return p.glob.never }

// Parse reads the rules in data, the content of an ignore file. Source names it
// in the Patterns. The error is [ErrTooLarge]; whatever git takes is taken.
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
		text, _, _ = strings.Cut(text, "\x00") // the end of a string for git
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

// trimBlanks cuts the blanks at the end of a line, but for escaped ones.
func trimBlanks(s string) string {
	end := 0 // of what is not a blank
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
	text, p.folder = strings.CutSuffix(text, "/")
	p.basename = !strings.Contains(text, "/")
	p.glob = compile(strings.TrimPrefix(text, "/"))
	return p
}

// matches is for a path below the folder of the file that p is from.
func (p *Pattern) matches(name string, folder bool) bool {
	if p.folder && !folder {
		return false
	}
	if p.basename {
		name = name[strings.LastIndexByte(name, '/')+1:]
	}
	return p.glob.match(name)
}

// Matcher holds the rules of a folder and of those above it. Nil holds none.
type Matcher struct {
	above    *Matcher
	folder   string // with a trailing slash, or "" for the root
	patterns []Pattern
}

// Add returns a Matcher that asks the patterns, which are from a file in folder,
// before those that m has. The root is ".".
func (m *Matcher) Add(folder string, patterns []Pattern) *Matcher {
	if len(patterns) == 0 {
		return m
	}
	if folder = folder + "/"; folder == "./" {
		folder = ""
	}
	return &Matcher{m, folder, patterns}
}

// Match returns the rule that decides on name, or nil, and whether it ignores
// name: the last rule that matches, of the innermost file that has one. Name is
// slash-separated, clean, and below all folders whose rules m has.
//
// It does not look at the folders that name lies in. What is below an ignored
// folder is ignored, and the caller does not come to ask.
func (m *Matcher) Match(name string, folder bool) (decisive *Pattern, ignored bool) {
	for ; m != nil; m = m.above {
		below := name[len(m.folder):]
		for i := len(m.patterns) - 1; i >= 0; i-- {
			if p := &m.patterns[i]; p.matches(below, folder) {
				return p, !p.negated
			}
		}
	}
	return nil, false
}
