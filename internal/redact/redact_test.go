package redact_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/kubeoci/oci/internal/redact"
)

// settings shows the intended use of the package.
type settings struct {
	Name    string
	Secret  string        `json:"-"`
	Func    func() string `json:"-"`
	Chained *settings
	hidden  string
}

func (s settings) Format(f fmt.State, _ rune) { redact.Format(f, s) }

// opaque has no form in JSON.
type opaque struct{ C chan string }

func (o opaque) Format(f fmt.State, _ rune) { redact.Format(f, o) }

func TestFormat(t *testing.T) {
	full := settings{Name: "a", Secret: "canary", hidden: "canary", Func: func() string { return "canary" }}
	for _, tt := range []struct {
		name string
		v    any
		want string
	}{
		{"zero", settings{}, `redact_test.settings{"Name":"","Chained":null}`},
		{"all fields", full, `redact_test.settings{"Name":"a","Chained":null}`},
		{"pointer", &full, `redact_test.settings{"Name":"a","Chained":null}`},
		{"within itself", settings{Name: "b", Chained: &full}, `redact_test.settings{"Name":"b","Chained":{"Name":"a","Chained":null}}`},
		{"line break", settings{Name: "a\nb"}, `redact_test.settings{"Name":"a\nb","Chained":null}`},
		{"not printable", opaque{make(chan string)}, `redact_test.opaque{not printable}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%99v"} {
				assert.Equal(t, tt.want, fmt.Sprintf(verb, tt.v), verb)
			}
			assert.Equal(t, tt.want, fmt.Sprint(tt.v))
		})
	}
}

func TestFormatWithinOtherValues(t *testing.T) {
	s := settings{Name: "a", Secret: "canary", hidden: "canary"}
	text := fmt.Sprintf("%+v %#v %v", []settings{s}, map[string]any{"s": s}, struct{ S settings }{s})
	assert.NotContains(t, text, "canary")
}

// Fields may hold values that do not belong there.
func TestFormatOfURLs(t *testing.T) {
	v := settings{Name: `say "https://user:pw\"x@host/a?token=pw" twice`}
	text := fmt.Sprint(v)
	assert.NotContains(t, text, "pw")
	assert.Contains(t, text, `\"https://host/a twice`)
}
