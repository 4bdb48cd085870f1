package ignore

import "strings"

// glob is a pattern without the signs that parseLine strips.
type glob struct {
	never bool
	plain string // the only name that it matches, if there are no steps
	steps []step
}

// step matches a byte, or is a choice that matches none.
type step struct {
	kind  kind
	byte  byte     // for literal
	bytes *byteSet // for one
}

type kind byte

const (
	literal kind = iota // a byte
	one                 // a byte of a set
	star                // any bytes except slashes
	deep                // any bytes
	detour              // the next two steps, deep and a slash, or neither
)

// byteSet holds the bytes that a step matches.
type byteSet [256]bool

func compile(text string) glob {
	special := strings.IndexAny(text, `*?[\`)
	if special < 0 {
		return glob{plain: text, never: text == ""}
	}
	// To git, two stars after a literal start the pattern: "a**/b" matches "ab" and
	// "ax/y/b".
	var g glob
	for i := range special {
		g.steps = append(g.steps, step{kind: literal, byte: text[i]})
	}
	rest := text[special:]
	for i := 0; i < len(rest); {
		c, length := rest[i], 1
		switch c {
		case '*':
			length = g.addStars(rest, i)
		case '?':
			g.steps = append(g.steps, step{kind: one, bytes: &notSlash})
		case '[':
			var set *byteSet
			if set, length = parseBracket(rest[i:]); set == nil {
				return glob{never: true}
			}
			g.steps = append(g.steps, step{kind: one, bytes: set})
		case '\\':
			if i++; i == len(rest) {
				return glob{never: true}
			}
			c = rest[i]
			fallthrough
		default:
			g.steps = append(g.steps, step{kind: literal, byte: c})
		}
		i += length
	}
	return g
}

// affixes returns the texts before and after the only star, and whether the glob consists
// of that.
func (g glob) affixes() (before, after string, simple bool) {
	text, at := make([]byte, 0, len(g.steps)), -1
	for i, s := range g.steps {
		switch {
		case s.kind == literal:
			text = append(text, s.byte)
		case s.kind == star && at < 0:
			at = i
		default:
			return "", "", false
		}
	}
	if at < 0 {
		return "", "", false
	}
	return string(text[:at]), string(text[at:]), true
}

// addStars adds the steps for the stars at i, and returns the length of their text.
func (g *glob) addStars(text string, i int) int {
	n := len(text[i:]) - len(strings.TrimLeft(text[i:], "*"))
	before := i == 0 || text[i-1] == '/'
	after := text[i+n:]
	switch {
	case n == 1 || !before:
		g.steps = append(g.steps, step{kind: star})
	case strings.HasPrefix(after, "/"):
		n++
		if last := len(g.steps) - 3; last >= 0 && g.steps[last].kind == detour {
			break // one more changes nothing
		}
		g.steps = append(g.steps, step{kind: detour}, step{kind: deep}, step{kind: literal, byte: '/'})
	case after == "" || strings.HasPrefix(after, `\/`):
		g.steps = append(g.steps, step{kind: deep})
	default:
		g.steps = append(g.steps, step{kind: star})
	}
	return n
}

// notSlash is the set that a question mark matches.
var notSlash = func() (set byteSet) {
	for c := range set {
		set[c] = c != '/'
	}
	return set
}()
