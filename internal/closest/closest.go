// Package closest finds the name that a misspelt one was meant to be.
package closest

import (
	"iter"
	"slices"
	"strings"
)

// Limits of the time for comparing names.
const (
	maxLength   = 255 // bytes of a name
	maxDistance = 4   // letters that differ
)

// Of returns the name that is most like a misspelt one, or "" if none is like it: a third
// of the letters may differ, and at most four, in whatever case they are. Two letters in
// each other's place count as one. The first of several names that are equally close is
// returned.
func Of(misspelt string, names iter.Seq[string]) string {
	if len(misspelt) > maxLength {
		return ""
	}
	given := []rune(strings.ToLower(misspelt))
	found, least := "", min(len(given)/3, maxDistance)+1
	var rows rows
	for name := range names {
		if len(name) > maxLength {
			continue
		}
		if d := rows.distance(given, []rune(strings.ToLower(name)), least); d < least {
			found, least = name, d
		}
	}
	return found
}

// rows are the last three rows of the table of distances between the beginnings of two
// names.
type rows struct{ before, above, this []int }

// distance returns how many letters have to be added, removed, replaced or swapped with
// the next one to make b of a, or limit if there are as many or more. Beginnings of
// lengths that differ by as much are not compared.
func (r *rows) distance(a, b []rune, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	for _, row := range []*[]int{&r.before, &r.above, &r.this} {
		*row = slices.Grow((*row)[:0], len(b)+1)[:len(b)+1]
	}
	for j := range r.above {
		r.above[j] = min(j, limit)
	}
	for i := range a {
		first, last := max(0, i-limit), min(len(b), i+limit) // letters of b
		r.this[first] = limit
		if first == 0 {
			r.this[first] = min(i+1, limit)
		}
		for j := first; j < last; j++ {
			d := r.above[j] + 1 // replaced
			if a[i] == b[j] {
				d--
			}
			d = min(d, r.above[j+1]+1, r.this[j]+1, limit)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				d = min(d, r.before[j-1]+1)
			}
			r.this[j+1] = d
		}
		if last < len(b) {
			r.this[last+1] = limit
		}
		r.before, r.above, r.this = r.above, r.this, r.before
	}
	return r.above[len(b)]
}
