package redact

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Mark is the text in the place of a secret.
const Mark = "[redacted]"

const (
	// minSecret is the length of the shortest secret that is searched within words. Shorter
	// ones occur in any text: without them, its other parts are as good as lost.
	minSecret = 4
	// maxNeedle bounds how much of a secret is searched. The rest follows it.
	maxNeedle = 128
	// maxText bounds how much of a text is searched. Those in errors are shorter.
	maxText = 16 << 10
	// maxLevels bounds how often a text is decoded.
	maxLevels = 4
)

// Secrets replaces the secrets in text, also in upper or lower case, with blanks and
// invisible characters in between, escaped as in URLs, JSON or HTML, also more than once,
// and in hexadecimal or base64, alone or within other text such as user:password. A secret
// of fewer than four visible characters is replaced only where it is a word: it hides nothing,
// and the text would be unreadable. Text beyond 16 KiB is dropped.
//
// A server that was sent a secret can always find a form that this function does not know,
// such as the secret backwards. Secrets is for servers that repeat a request in their
// responses.
func Secrets(text string, secrets []string) string {
	secrets = slices.DeleteFunc(slices.Clone(secrets), func(s string) bool { return strings.TrimSpace(s) == "" })
	if len(secrets) == 0 {
		return text
	}
	whole := len(text) <= maxText
	if !whole {
		text = text[:maxText]
	}
	var found spans
	needles := needlesOf(secrets)
	decoded := levelsOf(text)
	for _, l := range decoded {
		for _, n := range needles {
			found = l.search(n, found)
		}
	}
	for _, s := range secrets {
		if isShort(s) {
			found = searchWord(text, s, found)
		}
	}
	if !whole { // a secret may have been cut
		end := len(text)
		for _, l := range decoded {
			end = min(end, l.start(len(l.text)-maxNeedle))
		}
		found = append(found, span{end, len(text)})
	}
	return found.replace(text)
}

// isShort reports whether a secret has too few characters to search it within words. Blanks
// do not count, because they are not compared.
func isShort(secret string) bool {
	return len(levelsOf(secret[:min(len(secret), maxText)])[0].text) < minSecret
}

// needle is a form of a secret to search.
type needle struct {
	text    []byte
	rest    []byte // of the secret, which may follow
	encoded bool   // letters and digits around it belong to it
}

func needlesOf(secrets []string) []needle {
	var needles []needle
	for _, secret := range secrets {
		if isShort(secret) {
			continue
		}
		secret = secret[:min(len(secret), maxText)] // no more of it can be in the text
		for _, l := range append(levelsOf(secret), levelsOf(strings.ReplaceAll(secret, " ", "+"))...) {
			if len(l.text) >= minSecret {
				cut := min(len(l.text), maxNeedle)
				needles = append(needles, needle{text: l.text[:cut], rest: l.text[cut:]})
			}
		}
		start := secret[:min(len(secret), maxNeedle)]
		for _, form := range append(base64Forms(start), hex.EncodeToString([]byte(start))) {
			needles = append(needles, needle{text: []byte(strings.ToLower(form)), encoded: true})
		}
	}
	slices.SortFunc(needles, func(a, b needle) int { return bytes.Compare(a.text, b.text) })
	return slices.CompactFunc(needles, func(a, b needle) bool { return bytes.Equal(a.text, b.text) && bytes.Equal(a.rest, b.rest) })
}

// base64Forms returns the characters that base64 of any text with the secret in it has:
// those that depend on the secret alone, for each of the three positions in a group.
func base64Forms(secret string) []string {
	var forms []string
	for shift := range 3 {
		text := append(make([]byte, shift, shift+len(secret)), secret...)
		for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
			forms = append(forms, encoding.EncodeToString(text)[(8*shift+5)/6:8*len(text)/6])
		}
	}
	return forms
}

// level is a text that was decoded, in lower case and without blanks and invisible
// characters, with the positions of its bytes in the original.
type level struct {
	text     []byte
	from, to []int
}

// add appends text that stands for a part of the original.
func (l *level) add(from, to int, text ...byte) {
	for _, b := range text {
		l.text, l.from, l.to = append(l.text, b), append(l.from, from), append(l.to, to)
	}
}

// start returns the position of byte i, or of the first one, in the original.
func (l *level) start(i int) int {
	if i = max(i, 0); i < len(l.from) {
		return l.from[i]
	}
	return 0
}

// levelsOf returns text decoded as often as something changes.
func levelsOf(text string) []*level {
	l := new(level)
	for i := range len(text) {
		l.add(i, i+1, text[i])
	}
	levels := []*level{l.fold()}
	for len(levels) < maxLevels {
		next, changed := levels[len(levels)-1].decode()
		if !changed {
			break
		}
		levels = append(levels, next.fold())
	}
	return levels
}

// fold makes lower case of all letters, and drops characters that do not show.
func (l *level) fold() *level {
	folded := new(level)
	for i := 0; i < len(l.text); {
		r, size := utf8.DecodeRune(l.text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			folded.add(l.from[i], l.to[i], l.text[i])
		case !isInvisible(r):
			folded.add(l.from[i], l.to[i+size-1], utf8.AppendRune(nil, unicode.ToLower(r))...)
		}
		i += size
	}
	return folded
}

// isInvisible reports whether a character is blank, belongs to the one before it, or is
// one of the letters and symbols without a shape.
func isInvisible(r rune) bool {
	return unicode.IsSpace(r) || !unicode.IsPrint(r) || unicode.In(r, unicode.Mn, unicode.Me) ||
		strings.ContainsRune("\u115f\u1160\u2800\u3164\uffa0", r)
}

// escape matches the escapes of URLs, JSON, Go and HTML in lower case.
var escape = expression(`%[0-9a-f]{2}|\\u[0-9a-f]{4}|\\x[0-9a-f]{2}|\\["'/\\bfnrt]|&#[0-9]{1,7};|&#x[0-9a-f]{1,6};|&(?:amp|lt|gt|quot|apos);`)

// decode replaces escapes, and reports whether there was one.
func (l *level) decode() (decoded *level, changed bool) {
	decoded = new(level)
	rest := 0
	for _, m := range escape().FindAllIndex(l.text, -1) {
		for i := rest; i < m[0]; i++ {
			decoded.add(l.from[i], l.to[i], l.text[i])
		}
		decoded.add(l.from[m[0]], l.to[m[1]-1], unescape(string(l.text[m[0]:m[1]]))...)
		rest = m[1]
	}
	for i := rest; i < len(l.text); i++ {
		decoded.add(l.from[i], l.to[i], l.text[i])
	}
	return decoded, rest > 0
}

// search adds the positions of a needle.
func (l *level) search(n needle, found spans) spans {
	for at := 0; ; at++ {
		next := bytes.Index(l.text[at:], n.text)
		if next < 0 {
			return found
		}
		at += next
		from, to := at, at+len(n.text)
		if n.encoded {
			for from > 0 && isEncoded(l.text[from-1]) && l.to[from-1] == l.from[from] {
				from--
			}
			for to < len(l.text) && isEncoded(l.text[to]) && l.from[to] == l.to[to-1] {
				to++
			}
		}
		for i := 0; i < len(n.rest) && to < len(l.text) && l.text[to] == n.rest[i]; i++ {
			to++
		}
		found = append(found, span{l.from[from], l.to[to-1]})
	}
}

// isEncoded reports whether a byte is one of base64.
func isEncoded(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= '0' && b <= '9' || strings.IndexByte("+/=-_", b) >= 0
}

// searchWord adds the positions of a secret between other characters than letters and
// digits.
func searchWord(text, secret string, found spans) spans {
	isLetter := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	for at := 0; ; at++ {
		next := strings.Index(text[at:], secret)
		if next < 0 {
			return found
		}
		at += next
		before, _ := utf8.DecodeLastRuneInString(text[:at])
		after, _ := utf8.DecodeRuneInString(text[at+len(secret):])
		if !isLetter(before) && !isLetter(after) {
			found = append(found, span{at, at + len(secret)})
		}
	}
}

// span is a part of a text.
type span struct{ from, to int }

type spans []span

// replace puts one mark in the place of each part, or of several that touch.
func (s spans) replace(text string) string {
	slices.SortFunc(s, func(a, b span) int { return a.from - b.from })
	var b strings.Builder
	rest := 0
	for _, part := range s {
		if part.from > rest || b.Len() == 0 {
			b.WriteString(text[rest:max(part.from, rest)])
			b.WriteString(Mark)
		}
		rest = max(rest, part.to)
	}
	b.WriteString(text[rest:])
	return b.String()
}
