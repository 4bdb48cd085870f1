package objects_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/objects"
)

func TestRemarks(t *testing.T) {
	const (
		labels      = "kind: A\nmetadata:\n  labels:\n    a: "
		annotations = "kind: A\nmetadata:\n  annotations: "
		configMap   = "apiVersion: v1\nkind: ConfigMap\ndata:\n  a: "
		deployment  = "apiVersion: apps/v1\nkind: Deployment\nspec:\n  selector:\n    matchLabels: {a: 1}\n  template:\n    metadata:\n      labels: {a: 2}\n      annotations: {a: 3}\n    spec: {a: 4}\n"
	)
	label := func(column int, typ objects.Type) []objects.Remark {
		return []objects.Remark{{Line: 4, Column: column, Part: objects.Labels, Type: typ, Field: `metadata.labels["a"]`}}
	}
	whole := func(typ objects.Type) []objects.Remark {
		return []objects.Remark{{Line: 3, Column: 16, Part: objects.AllAnnotations, Type: typ, Field: "metadata.annotations"}}
	}
	content := func(line, column int, field string) objects.Remark {
		return objects.Remark{Line: line, Column: column, Part: objects.Content, Type: objects.Number, Field: field + `["a"]`}
	}
	for name, tt := range map[string]struct {
		path, text string
		want       []objects.Remark
	}{
		"a text":                     {"a.yaml", labels + "b\n", nil},
		"quotes":                     {"a.yaml", labels + "\"1\"\n", nil},
		"a block":                    {"a.yaml", labels + "|\n      1\n", nil},
		"a version":                  {"a.yaml", labels + "1.2.3\n", nil},
		"a date":                     {"a.yaml", labels + "2001-01-01\n", label(8, objects.Date)},
		"a date of few digits":       {"a.yaml", labels + "2001-1-1\n", label(8, objects.Date)},
		"a date in quotes":           {"a.yaml", labels + "'2001-01-01'\n", nil},
		"a date that is not one":     {"a.yaml", labels + "2001-13-01\n", nil},
		"a time":                     {"a.yaml", labels + "2001-01-01 10:20:30\n", label(8, objects.Date)},
		"a time with a zone":         {"a.yaml", labels + "2001-01-01t10:20:30+02:00 # b\n", label(8, objects.Date)},
		"a time that stays as it is": {"a.yaml", labels + "2001-01-01T10:20:30.5+02:00\n", nil},
		"a date in an annotation":    {"a.yaml", strings.Replace(labels, "labels", "annotations", 1) + "2001-01-01\n", nil},
		"a date in data":             {"a.yaml", configMap + "2001-01-01\n", []objects.Remark{{Line: 4, Column: 6, Part: objects.Content, Type: objects.Date, Field: `data["a"]`}}},
		"a date for a name":          {"a.yaml", "kind: A\nmetadata:\n  name: 2001-01-01\n", []objects.Remark{{Line: 3, Column: 9, Part: objects.Content, Type: objects.Date, Field: "metadata.name"}}},
		"a quantity":                 {"a.yaml", labels + "10m\n", nil},
		"a variable":                 {"a.yaml", labels + "${B}\n", nil},
		"a tag":                      {"a.yaml", labels + "!!str 1\n", nil},
		"nothing":                    {"a.yaml", labels + "\n", nil},
		"a number":                   {"a.yaml", labels + "1\n", label(8, objects.Number)},
		"octal":                      {"a.yaml", labels + "0o17\n", label(8, objects.Number)},
		"a large number":             {"a.yaml", labels + "123456789012345678901234567890\n", label(8, objects.Number)},
		"infinity":                   {"a.yaml", labels + ".inf\n", label(8, objects.Number)},
		"true":                       {"a.yaml", labels + "True\n", label(8, objects.Boolean)},
		"yes":                        {"a.yaml", labels + "yes\n", label(8, objects.Word)},
		"no and a comment":           {"a.yaml", labels + "no # b\n", label(8, objects.Word)},
		"yes in quotes":              {"a.yaml", labels + "'yes'\n", nil},
		"null":                       {"a.yaml", labels + "null\n", label(8, objects.Null)},
		"a number for a key":         {"a.yaml", strings.Replace(configMap, "a: ", "8080: ", 1) + "b\n", []objects.Remark{{Line: 4, Column: 3, Part: objects.Keys, Type: objects.Number}}},
		"a number for a key in flow": {"a.yaml", "kind: A\nspec: {a: [{1.5: b}]}\n", []objects.Remark{{Line: 2, Column: 13, Part: objects.Keys, Type: objects.Number}}},
		"a boolean for a key":        {"a.yaml", labels + "b\n    true: c\n", []objects.Remark{{Line: 5, Column: 5, Part: objects.Keys, Type: objects.Boolean}}},
		"null for a key":             {"a.yaml", "kind: A\nspec:\n- ~: b\n", []objects.Remark{{Line: 3, Column: 3, Part: objects.Keys, Type: objects.Null}}},
		"numbers for a key and text": {"a.yaml", configMap + "1\n  2: b\n", []objects.Remark{content(4, 6, "data"), {Line: 5, Column: 3, Part: objects.Keys, Type: objects.Number}}},
		"a local number for a key":   {"a.yaml", "kind: A\nmetadata:\n  annotations: {config.kubernetes.io/local-config: 'true'}\nspec: {1: b}\n", []objects.Remark{{Line: 4, Column: 8, Part: objects.Keys, Type: objects.Number, Local: true}}},
		"a mapping for a key":        {"a.yaml", "kind: A\nspec:\n  ? {b: c}\n  : d\n", []objects.Remark{{Line: 3, Column: 5, Part: objects.Keys, Type: objects.Mapping}}},
		"keys that are text":         {"a.yaml", configMap + "b\n  '1': b\n  1.2.3: c\n  yes: d\n  10m: e\n", nil},
		"a number for a key on top":  {"a.yaml", "kind: A\n1: a\n", nil},
		"a number for a key in JSON": {"a.json", `{"kind":"A","spec":{"1":"a"}}`, nil},
		"a mapping":                  {"a.yaml", labels + "\n      b: c\n", []objects.Remark{{Line: 5, Column: 7, Part: objects.Labels, Type: objects.Mapping, Field: `metadata.labels["a"]`}}},
		"a sequence":                 {"a.yaml", labels + "[b]\n", label(8, objects.Sequence)},
		"an alias":                   {"a.yaml", "x: &b 1\n" + strings.Replace(labels, "kind: A\n", "", 1) + "*b\n", []objects.Remark{{Line: 1, Column: 4, Part: objects.Labels, Type: objects.Number, Field: `metadata.labels["a"]`}}},
		"an annotation":              {"a.yaml", strings.Replace(labels, "labels", "annotations", 1) + "\n", []objects.Remark{{Line: 4, Column: 7, Part: objects.Annotations, Type: objects.Null, Field: `metadata.annotations["a"]`}}},
		"of a definition":            {"a.yaml", "kind: CustomResourceDefinition\nmetadata:\n  annotations:\n    a:\n", nil},
		"data":                       {"a.yaml", configMap + "1\n", []objects.Remark{content(4, 6, "data")}},
		"data of a Secret":           {"a.yaml", "apiVersion: v1\nkind: Secret\nstringData:\n  a: 1\n", []objects.Remark{content(4, 6, "stringData")}},
		"data of others":             {"a.yaml", "apiVersion: a/v1\nkind: ConfigMap\ndata:\n  a: 1\n", nil},
		"a selector":                 {"a.yaml", "apiVersion: v1\nkind: Service\nspec:\n  selector:\n    a: 1\n", []objects.Remark{content(5, 8, "spec.selector")}},
		"of something else":          {"a.yaml", "apiVersion: v1\nkind: A\nspec:\n  selector:\n    a: 1\n", nil},
		"a Deployment": {"a.yaml", deployment, []objects.Remark{
			content(5, 22, "spec.selector.matchLabels"), content(8, 19, "spec.template.metadata.labels"), content(9, 24, "spec.template.metadata.annotations"),
		}},
		"names that are words": {"a.yaml", "apiVersion: on\nkind: Yes\nmetadata:\n  name: y\n  namespace: NO\n", []objects.Remark{
			{Line: 1, Column: 13, Part: objects.Content, Type: objects.Word, Field: "apiVersion"}, {Line: 2, Column: 7, Part: objects.Content, Type: objects.Word, Field: "kind"},
			{Line: 4, Column: 9, Part: objects.Content, Type: objects.Word, Field: "metadata.name"}, {Line: 5, Column: 14, Part: objects.Namespace, Type: objects.Word, Field: "metadata.namespace"},
		}},
		"a list for annotations":            {"a.yaml", annotations + "[a, b]\n", whole(objects.Sequence)},
		"nothing in a list for annotations": {"a.yaml", annotations + "[]\n", whole(objects.Sequence)},
		"mappings for annotations":          {"a.yaml", annotations + "[{a: b}]\n", whole(objects.Mappings)},
		"text for annotations":              {"a.yaml", annotations + "a\n", whole(objects.Text)},
		"empty text for annotations":        {"a.yaml", annotations + "''\n", whole(objects.Text)},
		"a number for annotations":          {"a.yaml", annotations + "1\n", whole(objects.Number)},
		"null for annotations":              {"a.yaml", annotations + "null\n", nil},
		"a list for annotations, JSON":      {"a.json", `{"kind":"A","metadata":{"annotations":[{}]}}`, []objects.Remark{{Line: 1, Column: 39, Part: objects.AllAnnotations, Type: objects.Mappings, Field: "metadata.annotations"}}},
		"names in quotes":                   {"a.yaml", "apiVersion: 'on'\nkind: 'Yes'\nmetadata:\n  name: 'y'\n  namespace: '1'\n", nil},
		"a number for a name":               {"a.yaml", "kind: A\nmetadata:\n  name: 1\n", nil},
		"a number for a namespace":          {"a.yaml", "kind: A\nmetadata:\n  namespace: 1\n", []objects.Remark{{Line: 3, Column: 14, Part: objects.Namespace, Type: objects.Number, Field: "metadata.namespace"}}},
		"a mapping for a namespace":         {"a.json", `{"kind":"A","metadata":{"namespace":{}}}`, nil},
		"null for a namespace":              {"a.yaml", "kind: A\nmetadata:\n  namespace: null\n", nil},
		"items":                             {"a.yaml", "kind: List\nitems:\n- metadata:\n    labels:\n      a: 1\n", []objects.Remark{{Line: 5, Column: 10, Part: objects.Labels, Type: objects.Number, Field: `metadata.labels["a"]`}}},
		"an alias of an item":               {"a.yaml", "kind: List\nitems:\n- &a\n  metadata:\n    labels:\n      a: 1\n- *a\n", []objects.Remark{{Line: 6, Column: 10, Part: objects.Labels, Type: objects.Number, Field: `metadata.labels["a"]`}}},
		"JSON":                              {"a.json", `{"kind":"A","metadata":{"labels":{"b":"1","a":1,"c":"yes"}}}`, []objects.Remark{{Line: 1, Column: 47, Part: objects.Labels, Type: objects.Number, Field: `metadata.labels["a"]`}}},
		"null in JSON": {"a.json", `{"apiVersion":"v1","kind":"Service","spec":{"selector":{"b":"1","a":null}}}`, []objects.Remark{
			{Line: 1, Column: 69, Part: objects.Content, Type: objects.Null, Field: `spec.selector["a"]`},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			file := scan(t, tt.path, []byte(tt.text))
			assert.Empty(t, file.Problems)
			assert.Equal(t, tt.want, file.Remarks)
		})
	}
}

// A file has a limited number of remarks.
func TestManyRemarks(t *testing.T) {
	text := "kind: A\nmetadata: {labels: {" + strings.Repeat("a: 1, ", 200) + "}}\n"
	for i := range 200 {
		text = strings.Replace(text, "a: 1", "a"+strings.Repeat("b", i)+": 1", 1)
	}
	file := scan(t, "a.yaml", []byte(text+"---\n"+text))
	assert.Len(t, file.Remarks, objects.MaxProblems)
}

func TestSizes(t *testing.T) {
	const configMap = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  annotations: \n    a: b\ndata:\n"
	lines := func(n int) string { return strings.Repeat("      "+strings.Repeat("a", 98)+"\n", n/100) }
	keys := func(n int) string {
		var b strings.Builder
		for i := range n / 100 {
			b.WriteString("  a" + strings.Repeat("b", i%50) + strings.Repeat("c", i/50) + ": d\n")
		}
		return b.String()
	}
	list := "apiVersion: v1\nkind: List\nitems:\n- kind: A\n  a: |\n"
	for name, tt := range map[string]struct {
		path, text string
		want       objects.Trait
	}{
		"small":              {"a.yaml", configMap + "  a: |\n" + lines(200_000), 0},
		"large":              {"a.yaml", configMap + "  a: |\n" + lines(300_000), objects.Large},
		"large, in plain":    {"a.yaml", strings.Replace(configMap, "  annotations:\n    a: b\n", "", 1) + "  a: |\n" + lines(300_000), objects.Large},
		"with HTML":          {"a.yaml", configMap + "  a: |\n    " + strings.Repeat("<", 60_000) + "\n", objects.Large},
		"server-side":        {"a.yaml", strings.Replace(configMap, "    a: b\n", "    argocd.argoproj.io/sync-options: A=b,ServerSideApply=true\n", 1) + "  a: |\n" + lines(300_000), 0},
		"replaced":           {"a.yaml", strings.Replace(configMap, "    a: b\n", "    argocd.argoproj.io/sync-options: \"Replace=true\"\n", 1) + "  a: |\n" + lines(300_000), 0},
		"other options":      {"a.yaml", strings.Replace(configMap, "    a: b\n", "    argocd.argoproj.io/sync-options: Prune=false\n", 1) + "  a: |\n" + lines(300_000), objects.Large},
		"aliases":            {"a.yaml", "a: &a\n" + lines(50_000) + "b: [*a, *a, *a, *a, *a, *a]\n", objects.Large},
		"huge":               {"a.yaml", configMap + "  a: |\n" + lines(1_100_000), objects.Large | objects.Huge},
		"huge, of another":   {"a.yaml", strings.Replace(configMap, "ConfigMap", "A", 1) + "  a: |\n" + lines(1_100_000), objects.Large},
		"a Secret in base64": {"a.yaml", strings.Replace(configMap, "ConfigMap", "Secret", 1) + "  a: " + strings.Repeat("aGk=", 300_000) + "\n", objects.Large},
		"a Secret":           {"a.yaml", strings.Replace(configMap, "ConfigMap", "Secret", 1) + "  a: " + strings.Repeat("aGkg", 400_000) + "\n", objects.Large | objects.Huge},
		"comments":           {"a.yaml", configMap + strings.Repeat("# a\n", 100_000) + "  a: b\n", 0},
		"keys":               {"a.yaml", configMap + keys(5_000), 0},
		"JSON":               {"a.json", `{"kind":"A","a":"` + strings.Repeat("b", 300_000) + `"}`, objects.Large},
		"blanks in JSON":     {"a.json", `{"kind":"A",` + strings.Repeat(" ", 300_000) + `"a":"b"}`, 0},
		"an item":            {"a.yaml", list + lines(300_000), objects.Large},
	} {
		t.Run(name, func(t *testing.T) {
			file := scan(t, tt.path, []byte(tt.text))
			require.Empty(t, file.Problems)
			o := file.Objects[0]
			if o.List {
				o = o.Items()[0]
			}
			assert.Equal(t, tt.want, traitsOf(&o))
			if strings.HasSuffix(tt.path, ".yaml") {
				parsed, err := objects.Parse(t.Context(), tt.path, []byte(tt.text), objects.Limits{Parsing: 1 << 40, Objects: 1 << 40})
				require.NoError(t, err)
				assert.Equal(t, file.Objects, parsed.Objects)
			}
		})
	}
}
