package challenge_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/kubeoci/oci/internal/challenge"
)

// written writes a challenge as a server does, with names and values in quotes.
func written(c challenge.Challenge, names ...string) string {
	params := make([]string, len(names))
	for i, name := range names {
		params[i] = name + `="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(c.Params[name]) + `"`
	}
	return strings.TrimSpace(c.Scheme + " " + strings.Join(params, ", "))
}

// text lists challenges on one line.
func text(all []challenge.Challenge) string {
	lines := make([]string, len(all))
	for i, c := range all {
		lines[i] = c.Scheme
		for _, name := range []string{"realm", "service", "scope", "nonce", "empty", "a"} {
			if value, found := c.Params[name]; found {
				lines[i] += " " + name + "=" + strconv.Quote(value)
			}
		}
	}
	return strings.Join(lines, "; ")
}

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		name   string
		values []string
		want   string
	}{
		{"none", nil, ""},
		{"empty", []string{"", " , ,"}, ""},
		{"scheme alone", []string{"Negotiate"}, "Negotiate"},
		{"one", []string{`Bearer realm="https://h/token",service="s",scope="a,b c"`}, `Bearer realm="https://h/token" service="s" scope="a,b c"`},
		{"several headers", []string{"Negotiate", `Basic realm="x"`}, `Negotiate; Basic realm="x"`},
		{"several in one header", []string{`Negotiate, NTLM, Basic realm="x, y", Bearer realm="z"`}, `Negotiate; NTLM; Basic realm="x, y"; Bearer realm="z"`},
		{"without blanks", []string{`Negotiate,Digest nonce="n",Basic realm=x`}, `Negotiate; Digest nonce="n"; Basic realm="x"`},
		{"text in the place of parameters", []string{`Negotiate YWJj/+=, NTLM TlRMTVNTUAAC, Basic realm="x"`}, `Negotiate; NTLM; Basic realm="x"`},
		{"text at the end", []string{`Negotiate YWJj==`}, `Negotiate`},
		{"blanks around signs", []string{"Bearer\trealm = \"r\" ,\tservice= s"}, `Bearer realm="r" service="s"`},
		{"names in another case", []string{`bEaReR Realm="r"`}, `bEaReR realm="r"`},
		{"escapes", []string{`Basic realm="a \"b\", \\c"`}, `Basic realm="a \"b\", \\c"`},
		{"empty value", []string{`Basic empty="", realm=""`}, `Basic realm="" empty=""`},
		{"URL without quotes", []string{`Bearer realm=https://h/token,service=s`}, `Bearer realm="https://h/token" service="s"`},
		{"no comma between challenges", []string{`Negotiate Basic realm="x"`}, `Negotiate; Basic realm="x"`},
		{"parameter of nothing", []string{`realm="x", Basic realm="y"`}, `Basic realm="y"`},
		{"quote that does not end", []string{`Basic realm="x, Bearer realm=z`, `Bearer realm="y"`}, `Basic; Bearer realm="y"`},
		{"quote in the wrong place", []string{`"Bearer realm", Basic realm="x"`}, `Basic realm="x"`},
		{"signs without sense", []string{`@{}=;Basic realm="x"`}, `Basic realm="x"`},
		{"twice", []string{`Basic a=1, a=2`}, `Basic a="2"`},
	} {
		t.Run(tt.name, func(t *testing.T) { assert.Equal(t, tt.want, text(challenge.Parse(tt.values))) })
	}
}

// Headers of a hostile server cost no more than their length, and what is beyond the
// limit is dropped.
func TestParseLargeHeaders(t *testing.T) {
	const limit = 64 << 10
	for name, value := range map[string]string{
		"challenges":   strings.Repeat("Negotiate, ", 1<<20),
		"commas":       strings.Repeat(",", 10<<20),
		"quotes":       strings.Repeat(`"`, 10<<20),
		"backslashes":  `Basic realm="` + strings.Repeat(`\`, 10<<20),
		"one value":    `Basic realm="` + strings.Repeat("x", 10<<20) + `"`,
		"equals signs": "Basic " + strings.Repeat("=", 10<<20),
		"text":         strings.Repeat("Basic x=y= ", 1<<20),
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			assert.LessOrEqual(t, len(challenge.Parse([]string{value, value})), limit)
			assert.Less(t, time.Since(began), time.Second)
		})
	}
	first := strings.Repeat("x", limit)
	assert.Len(t, challenge.Parse([]string{first, "Basic"}), 1)
	assert.Len(t, challenge.Parse([]string{first[1:], "Basic"}), 2)
}

// FuzzParse reads arbitrary headers, and a challenge among them that a server writes.
func FuzzParse(f *testing.F) {
	f.Add(`Negotiate abc=, Basic realm="x`, "Bearer", "https://h/token", "a,b")
	f.Add(`"`, "Basic", `\"`, "")
	f.Add("Bearer realm=x y", "Digest", "\x00\xff", " ")
	f.Fuzz(func(t *testing.T, header, scheme, realm, scope string) {
		for _, c := range challenge.Parse([]string{header}) {
			assert.NotEmpty(t, c.Scheme)
			assert.Contains(t, header, c.Scheme)
		}
		if strings.Trim(scheme, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-") != "" || scheme == "" {
			return
		}
		want := challenge.Challenge{Scheme: scheme, Params: map[string]string{"realm": realm, "scope": scope}}
		printed := written(want, "realm", "scope")
		if len(header)+len(printed) > 64<<10 {
			return
		}
		assert.Equal(t, []challenge.Challenge{want}, challenge.Parse([]string{printed}))
		all := challenge.Parse([]string{header, printed})
		if assert.NotEmpty(t, all) {
			assert.Equal(t, want, all[len(all)-1])
		}
		assert.Equal(t, []challenge.Challenge{want, want}, challenge.Parse([]string{printed + ", " + printed}))
	})
}
