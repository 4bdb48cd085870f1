package ignore

import "math/bits"

// automaton matches a name against many globs in one pass. It tracks all positions in all
// globs that the bytes so far can lead to, one bit each. So the time grows with the length
// of the name times that of the globs, divided by 64, whatever the globs are.
type automaton struct {
	// The sets of positions. A position leads to the next one, and the one after the last
	// step of a glob is its end.
	start  []uint64
	take   []uint64 // those that take a byte, a set for each of the 256
	linger []uint64 // star and deep: also left without a byte
	deep   []uint64
	detour []uint64
	ends   []uint64 // of the globs that match files
	dirs   []uint64 // of all globs

	patterns []int32 // by position
}

// newAutomaton returns the automaton of some of the patterns, or nil if that is none.
func newAutomaton(patterns []Pattern, all []glob, some []int) *automaton {
	size := 0
	for _, i := range some {
		size += len(all[i].steps) + 1
	}
	if size == 0 {
		return nil
	}
	width := (size + 63) / 64
	words := make([]uint64, (6+256)*width)
	next := func(n int) (set []uint64) {
		set, words = words[:n*width], words[n*width:]
		return set
	}
	a := &automaton{next(1), next(256), next(1), next(1), next(1), next(1), next(1), make([]int32, 0, size)}
	for _, i := range some {
		a.add(int32(i), all[i].steps, patterns[i].dirOnly)
	}
	return a
}

func (a *automaton) add(pattern int32, steps []step, dirOnly bool) {
	at := len(a.patterns)
	set(a.start, at)
	for _, s := range steps {
		switch s.kind {
		case literal:
			set(a.taking(s.byte), at)
		case one:
			for c, takes := range s.bytes {
				if takes {
					set(a.taking(byte(c)), at)
				}
			}
		case star:
			set(a.linger, at)
		case deep:
			set(a.linger, at)
			set(a.deep, at)
		case detour:
			set(a.detour, at)
		}
		a.patterns = append(a.patterns, pattern)
		at++
	}
	set(a.dirs, at)
	if !dirOnly {
		set(a.ends, at)
	}
	a.patterns = append(a.patterns, pattern)
}

func set(positions []uint64, at int) { positions[at/64] |= 1 << (at % 64) }

// taking returns the positions that take a byte.
func (a *automaton) taking(c byte) []uint64 {
	width := len(a.start)
	return a.take[int(c)*width:][:width]
}

// match returns the last pattern that matches a name, or -1.
func (a *automaton) match(name string, isDir bool) int32 {
	if a == nil {
		return -1
	}
	var few [8]uint64
	now := few[:]
	if len(a.start) > len(few) {
		now = make([]uint64, len(a.start))
	}
	now = now[:copy(now, a.start)]
	a.leave(now)
	if len(now) == 1 {
		now[0] = a.walkWord(now[0], name)
	} else if !a.walk(now, name) {
		return -1
	}
	ends := a.ends
	if isDir {
		ends = a.dirs
	}
	for w := len(now) - 1; w >= 0; w-- {
		if matched := now[w] & ends[w]; matched != 0 {
			return a.patterns[64*w+63-bits.LeadingZeros64(matched)]
		}
	}
	return -1
}

// leave adds the positions that no byte leads to. A detour leads to the deep behind it,
// and to the position behind its slash, which may linger; no position that lingers leads
// to another one, or to a detour.
func (a *automaton) leave(now []uint64) {
	var detours, lingers uint64 // of the word before
	for w, set := range now {
		set |= detours>>63 | detours>>61
		detours = set & a.detour[w]
		set |= detours<<1 | detours<<3 | lingers>>63
		lingers = set & a.linger[w]
		now[w] = set | lingers<<1
	}
}

// walk replaces the positions by those that a name leads to, and reports whether there is
// any.
func (a *automaton) walk(now []uint64, name string) bool {
	for i := range len(name) {
		take, stay := a.taking(name[i]), a.linger
		if name[i] == '/' {
			stay = a.deep
		}
		var taken, detours, lingers, some uint64 // the first three of the word before
		for w, set := range now {
			if set|taken|detours|lingers == 0 {
				continue
			}
			takes := set & take[w]
			set = takes<<1 | taken>>63 | set&stay[w] | detours>>63 | detours>>61
			taken = takes
			detours = set & a.detour[w]
			set |= detours<<1 | detours<<3 | lingers>>63
			lingers = set & a.linger[w]
			set |= lingers << 1
			now[w] = set
			some |= set
		}
		if some == 0 {
			return false
		}
	}
	return true
}

// walkWord is walk for a single word, which is enough for most files.
func (a *automaton) walkWord(set uint64, name string) uint64 {
	linger, deep, detour := a.linger[0], a.deep[0], a.detour[0]
	take := a.take[:256]
	for i := 0; i < len(name) && set != 0; i++ {
		stay := linger
		if name[i] == '/' {
			stay = deep
		}
		set = (set&take[name[i]])<<1 | set&stay
		detours := set & detour
		set |= detours<<1 | detours<<3
		set |= (set & linger) << 1
	}
	return set
}
