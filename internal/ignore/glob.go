package ignore

import "strings"

// glob is a pattern without the signs that parseLine strips: steps between two
// literals, which alone decide most patterns.
type glob struct {
	never      bool
	head, tail string
	steps      []step
	shortest   int // length of the shortest name that the steps match
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
	detour              // the next two steps, deep and slash, or neither
	slash               // the end of a detour
)

// byteSet holds the bytes that a step matches.
type byteSet [256]bool

func compile(text string) glob {
	special := strings.IndexAny(text, `*?[\`)
	if special < 0 {
		return glob{head: text, never: text == ""}
	}
	// To git, two stars after a literal start the pattern: "a**/b" matches "ab" and
	// "ax/y/b".
	g := glob{head: text[:special]}
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
	return g.cutTail()
}

// cutTail moves the literals at the end from the steps to the tail.
func (g glob) cutTail() glob {
	n := len(g.steps)
	for n > 0 && g.steps[n-1].kind == literal {
		n--
	}
	tail := make([]byte, 0, len(g.steps)-n)
	for _, s := range g.steps[n:] {
		tail = append(tail, s.byte)
	}
	g.tail, g.steps = string(tail), g.steps[:n]
	for _, s := range g.steps {
		if s.kind == literal || s.kind == one {
			g.shortest++
		}
	}
	return g
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
		g.steps = append(g.steps, step{kind: detour}, step{kind: deep}, step{kind: slash})
		n++
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

// match takes time proportional to the product of both lengths in the worst case.
func (g *glob) match(name string) bool {
	if g.never {
		return false
	}
	name, found := strings.CutPrefix(name, g.head)
	if !found {
		return false
	}
	if name, found = strings.CutSuffix(name, g.tail); !found || len(name) < g.shortest {
		return false
	}
	switch {
	case len(g.steps) == 0:
		return name == ""
	case len(g.steps) == 1 && g.steps[0].kind == star:
		return !strings.Contains(name, "/")
	}
	return g.walk(name)
}

// walk tracks the set of all possible next steps.
func (g *glob) walk(name string) bool {
	end := len(g.steps)
	sets := make([]bool, 2*(end+1))
	now, next := sets[:end+1], sets[end+1:]
	now[0] = true
	for i := range len(name) {
		g.choose(now)
		clear(next)
		alive := false
		for j, s := range g.steps {
			if !now[j] {
				continue
			}
			c := name[i]
			to, taken := j+1, false
			switch s.kind {
			case literal:
				taken = c == s.byte
			case one:
				taken = s.bytes[c]
			case slash:
				taken = c == '/'
			case star:
				to, taken = j, c != '/'
			case deep:
				to, taken = j, true
			}
			if taken {
				next[to], alive = true, true
			}
		}
		if !alive {
			return false
		}
		now, next = next, now
	}
	g.choose(now)
	return now[end]
}

// choose adds the next steps if others match nothing.
func (g *glob) choose(now []bool) {
	for j, s := range g.steps {
		if !now[j] {
			continue
		}
		switch s.kind {
		case star, deep:
			now[j+1] = true
		case detour:
			now[j+1], now[j+3] = true, true
		}
	}
}
