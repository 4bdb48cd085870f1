// Package echo makes the texts of servers that repeat a secret.
package echo

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"strconv"
	"strings"
	"unicode"
)

// Forms returns the forms in which a server may repeat a secret, by name.
func Forms(secret string) map[string]string {
	percent := func(format, s string) string {
		var b strings.Builder
		for _, c := range []byte(s) {
			fmt.Fprintf(&b, format, c)
		}
		return b.String()
	}
	each := func(format string) string {
		var b strings.Builder
		for _, r := range secret {
			fmt.Fprintf(&b, format, r)
		}
		return b.String()
	}
	quoted, _ := json.Marshal(secret) //nolint:errchkjson // a string
	half := len(secret) / 2
	return map[string]string{
		"raw": secret, "upper case": strings.ToUpper(secret), "lower case": strings.ToLower(secret),
		"split by an invisible character": secret[:half] + "\u200b" + secret[half:],
		"split by invisible characters":   strings.Join(strings.Split(secret, ""), "\u00ad\ufe0f\x00"),
		"split by a filler":               secret[:half] + "\u3164" + secret[half:],
		"split by a line break":           secret[:half] + "\r\n" + secret[half:],
		"split by a blank":                secret[:half] + " " + secret[half:],
		"percent, upper":                  percent("%%%02X", secret),
		"percent, lower":                  percent("%%%02x", secret),
		"percent in part":                 secret[:half] + percent("%%%02X", secret[half:]),
		"percent, double":                 percent("%%25%02x", secret),
		"percent, triple":                 percent("%%2525%02x", secret),
		"percent and invisible":           percent("%%%02X", secret[:half]) + "%E2%80%8B" + percent("%%%02X", secret[half:]),
		"query":                           url.QueryEscape(secret), "path": url.PathEscape(secret),
		"JSON": string(quoted), "JSON of JSON": strconv.Quote(string(quoted)),
		"JSON, numbers": each(`\u%04x`), "Go": percent(`\x%02x`, secret), "ASCII": strconv.QuoteToASCII(secret),
		"HTML": html.EscapeString(secret), "HTML, numbers": each("&#%d;"), "HTML, hexadecimal": each("&#x%X;"),
		"hexadecimal": hex.EncodeToString([]byte(secret)),
		"base64":      base64.StdEncoding.EncodeToString([]byte(secret)), "base64url": base64.RawURLEncoding.EncodeToString([]byte(secret)),
		"basic":       base64.StdEncoding.EncodeToString([]byte("ci:" + secret)),
		"basic, URL":  base64.URLEncoding.EncodeToString([]byte("user:" + secret)),
		"within more": base64.StdEncoding.EncodeToString([]byte("user=a&password=" + secret + "&x=y")),
		"escaped":     url.QueryEscape(base64.StdEncoding.EncodeToString([]byte("ci:" + secret))),
	}
}

// IsIn reports whether text has the secret in one of its forms, or with other characters
// between its letters and digits.
func IsIn(text, secret string) bool {
	for _, form := range Forms(secret) {
		if strings.Contains(text, form) {
			return true
		}
	}
	return strings.Contains(letters(text), letters(secret))
}

// letters returns the letters and digits of text in lower case.
func letters(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, text)
}
