// Package casefold compares text in which upper and lower case mean the same.
package casefold

import (
	"strings"
	"unicode"
)

// Key returns the same text for all that differ by case only: it is equal for two texts
// if [strings.EqualFold] reports true.
func Key(s string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			least = min(least, other)
		}
		return least
	}, s)
}
