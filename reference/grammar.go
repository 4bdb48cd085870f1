package reference

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	digits   = "0123456789"
	lower    = "abcdefghijklmnopqrstuvwxyz"
	upper    = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	alphanum = lower + upper + digits
)

// checkBytes returns a reason that names the first rune of s that is not in allowed,
// or "".
func checkBytes(s, allowed string) string {
	rest := strings.TrimLeft(s, allowed)
	if rest == "" {
		return ""
	}
	_, size := utf8.DecodeRuneInString(rest)
	return strconv.Quote(rest[:size]) + " is not allowed"
}
