package kustomize_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/kustomize"
)

func TestParseFaults(t *testing.T) {
	for _, tt := range []struct {
		name string
		text string
		want []string
	}{
		{"an unknown field", "namePrefix: a\nressources: [a.yaml]", []string{"2:1 ressources: unknown field, resources? lenient"}},
		{"an unknown field like no other", "namePrefix: a\nfoo:", []string{"2:1 foo: unknown field lenient"}},
		{"an unknown field of a patch", "patches:\n- {path: a.yaml, paths: b.yaml}", []string{"2:18 patches[0].paths: unknown field, path? lenient"}},
		{"an unknown field of a generator", "secretGenerator: [{name: a, literal: [a=b]}]", []string{"1:29 secretGenerator[0].literal: unknown field, literals? lenient"}},
		{"an unknown field that is merged", "images: [{<<: {tag: a}}]", []string{"1:16 images[0].tag: unknown field lenient"}},
		{"names of labels are free", "labels: [{pairs: {anything: a}}]\nopenapi: {anything: a}", nil},
		{"a field with credentials in its name", "https://user:password@example.com/a: b\nnamePrefix: a", []string{"1:1 https://example.com/a: unknown field lenient"}},
		{"a number for a tag", "images: [{name: a, newTag: 1.10}]", []string{"1:28 images[0].newTag: not a string lenient"}},
		{"yes for a label", "commonLabels: {a: yes, b: 'yes'}", []string{"1:19 commonLabels.a: not a string lenient"}},
		{"a number for the name of a generator", "configMapGenerator: [{name: 1}]", []string{"1:29 configMapGenerator[0].name: not a string"}},
		{"a number for a namespace", "namespace: 1", []string{"1:12 namespace: not a string lenient"}},
		{"text for a boolean", "labels: [{includeSelectors: 'true'}]", []string{"1:29 labels[0].includeSelectors: neither true nor false"}},
		{"on for a boolean", "labels: [{includeSelectors: on}]", nil},
		{"text for a number", "replicas: [{name: a, count: '1'}]", []string{"1:29 replicas[0].count: not a number"}},
		{"a literal without a key", "configMapGenerator: [{name: a, literals: [a, =b, c=, d=e]}]", []string{
			"1:43 configMapGenerator[0].literals[0]: not key=value", "1:46 configMapGenerator[0].literals[1]: not key=value",
		}},
		{"a generator without a name", "configMapGenerator: [{literals: [a=b]}, {name: ''}, {name: ~}]", []string{
			"1:22 configMapGenerator[0]: no name", "1:41 configMapGenerator[1]: no name", "1:53 configMapGenerator[2]: no name",
		}},
		{"a generator twice", "configMapGenerator: [{name: a}, {name: b}, {NAME: a}]\nsecretGenerator: [{name: a}, &x {name: b}, *x]", []string{
			"1:44 configMapGenerator[2]: a generator before it makes the same object", "2:44 secretGenerator[2]: a generator before it makes the same object",
		}},
		{"a generator twice with a namespace", "configMapGenerator: [{name: a, namespace: b}, {name: a, namespace: c}, {name: a}, {name: a, namespace: default}]", []string{
			"1:83 configMapGenerator[3]: a generator before it makes the same object",
		}},
		{"a generator that changes another", "configMapGenerator: [{name: a}, {name: a, behavior: merge}, {name: a, behavior: replace}, {name: a, behavior: create}]", []string{
			"1:91 configMapGenerator[3]: a generator before it makes the same object",
		}},
		{"a key twice", "configMapGenerator: [{name: a, literals: [a=b, 'a =b', a=b], files: [a, b/c, c=d, e/f.txt, g/f.txt]}, {name: b, literals: [a=b]}]", []string{
			"1:56 configMapGenerator[0].literals[2]: the generator has another value with its key", "1:70 configMapGenerator[0].files[0]: the generator has another value with its key",
			"1:78 configMapGenerator[0].files[2]: the generator has another value with its key", "1:92 configMapGenerator[0].files[4]: the generator has another value with its key",
		}},
		{"a patch without content", "patches: [{target: {kind: A}}, {path: '', patch: ' '}, {path: a.yaml}, {patch: '{}'}]", []string{
			"1:11 patches[0]: needs either path or patch", "1:32 patches[1]: needs either path or patch",
		}},
		{"a patch in two places", "patchesJson6902: [{path: a.yaml, patch: '[]'}]\npatches: [{path: a.yaml, patch: ' '}]", []string{"1:19 patchesJson6902[0]: needs either path or patch"}},
		{"a patch of invalid YAML", "patches: [{patch: 'a: ['}, {target: {}, patch: \"[\\n\\t{}\\n]\"}, {patch: \"[]\\n---\\na: [\"}]\npatchesStrategicMerge: [\"a: [\\nb\"]", []string{
			"1:19 patches[0].patch: not valid YAML", "2:25 patchesStrategicMerge[0]: not valid YAML",
		}},
		{"a patch that is a path", "patches: [{patch: a.yaml}, {patch: '# a'}, {patch: '~'}]", []string{"1:19 patches[0].patch: neither a mapping nor a list of operations"}},
		{"a JSON patch without a target", "patches: [{patch: \"- op: add\"}, {patch: '[{\"op\": \"add\"}]', target: ~}, {patch: '[]'}, {patch: '[{}]', target: {}}, {path: a.yaml}]", []string{
			"1:19 patches[0].patch: a JSON patch needs a target", "1:41 patches[1].patch: a JSON patch needs a target",
		}},
		{"a JSON patch without a name", "patchesJson6902: [{path: a}, {path: a, target: ~}, {path: a, target: {kind: A, name: ''}}, {path: a, target: {<<: {name: b}}}]", []string{
			"1:19 patchesJson6902[0]: needs a target with a name", "1:30 patchesJson6902[1]: needs a target with a name", "1:52 patchesJson6902[2]: needs a target with a name",
		}},
		{"a JSON patch that is not JSON", "patches: [{target: {}, patch: '[{op: add}]'}, {target: {}, patch: '- {op: add}'}, {target: {}, patch: '[] # a'}]", []string{
			"1:31 patches[0].patch: begins with [ and is not valid JSON",
		}},
		{"a JSON patch that is not a list", "patchesJson6902: [{patch: '{a: b}', target: &t {name: b}}, {patch: '# a', target: *t}, {patch: '[]', target: *t}, {patch: '- op: add', target: *t}]", []string{
			"1:27 patchesJson6902[0].patch: not a list of operations", "1:68 patchesJson6902[1].patch: not a list of operations", "1:96 patchesJson6902[2].patch: not a list of operations",
		}},
		{"a patch that is not an object", "patches: [{patch: 'data: {a: b}'}, {target: {kind: A}, patch: 'kind: A'}, {patch: \"kind: A\\nmetadata: {name: a}\\n---\\nb: c\"}]\npatchesStrategicMerge: ['metadata: {name: a}', \"- op: add\\n  path: a\"]", []string{
			"1:19 patches[0].patch: a patch that is not a list of operations needs kind and metadata.name", "1:63 patches[1].patch: a patch that is not a list of operations needs kind and metadata.name",
			"1:83 patches[2].patch: a patch that is not a list of operations needs kind and metadata.name",
			"2:25 patchesStrategicMerge[0]: a patch that is not a list of operations needs kind and metadata.name", "2:48 patchesStrategicMerge[1]: a patch that is not a list of operations needs kind and metadata.name",
		}},
		{"patches that are objects", "patches: [{patch: 'kind: A\n\nmetadata: {name: 1}'}, {patch: 'kind: AList'}, {patch: '{}'}, {patch: '# a'}, {patch: 'a: {{b}}'}]\npatchesStrategicMerge: ['kind: A\n\nmetadata: {name: a}', '# a']", nil},
		{"two patches of a target", "patches: [{target: {}, patch: &p \"kind: A\\nmetadata: &m {name: a}\\n---\\nkind: B\\nmetadata: {name: b}\"}, {patch: *p}]", []string{
			"1:31 patches[0].patch: a patch with a target must be a single object",
		}},
		{"replacements without a part", "replacements: [{}, {source: {kind: A}, targets: []}, {targets: [{select: {}}]}, {path: a, targets: [{select: {}}]}, {source: {}, sourceValue: a, targets: [{select: {}}]}]", []string{
			"1:16 replacements[0]: needs either path, or source or sourceValue, and targets", "1:20 replacements[1]: needs either path, or source or sourceValue, and targets",
			"1:54 replacements[2]: needs either path, or source or sourceValue, and targets", "1:81 replacements[3]: needs either path, or source or sourceValue, and targets",
			"1:117 replacements[4]: needs either path, or source or sourceValue, and targets",
		}},
		{"replacements", "replacements: [{source: {kind: A}, targets: [{select: {}}]}, {sourceValue: '', targets: [{select: {}}]}, {path: a}]", nil},
		{"replacements for no object", "replacements: [{source: {}, targets: [{select: {}}, {fieldPaths: [a]}, {select: ~}]}]", []string{
			"1:53 replacements[0].targets[1]: needs select", "1:72 replacements[0].targets[2]: needs select",
		}},
		{"an unknown order", "sortOptions: {order: foo}", []string{"1:14 sortOptions: neither fifo nor legacy"}},
		{"an order with options of another", "sortOptions: {order: fifo, legacySortOptions: {}}", []string{"1:14 sortOptions: neither fifo nor legacy"}},
		{"no order", "sortOptions: ~\nnamePrefix: a", nil},
		{"a value behind which another is merged", "images: [{name: a, <<: {name: b}}]", []string{"1:11 images[0].name: value ignored, for line 1"}},
		{"a value before which another is merged", "images: [{<<: {name: b}, name: a}]", nil},
		{"a name in two cases", "namePrefix: a\nnameprefix: b\nNAMEPREFIX: c", []string{"1:1 namePrefix: value ignored, for line 2", "3:1 NAMEPREFIX: value ignored, for line 2"}},
		{"a name twice", "namePrefix: a\nnamePrefix: b", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k, err := kustomize.Parse([]byte(tt.text))
			require.NoError(t, err)
			var got []string
			for _, f := range k.Faults {
				line := fmt.Sprintf("%d:%d %s: %v", f.Line, f.Column, f.Field, f.Err)
				if f.Closest != "" {
					line += ", " + f.Closest + "?"
				}
				if f.Kept != 0 {
					line += fmt.Sprintf(", for line %d", f.Kept)
				}
				if f.Lenient {
					line += " lenient"
				}
				got = append(got, line)
			}
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestParseMarks(t *testing.T) {
	for _, tt := range []struct {
		name     string
		text     string
		charts   []string
		programs []string
		secrets  []string
	}{
		{"charts", "helmCharts: [{name: a}]\nhelmChartInflationGenerator: [{chartName: b}]", []string{"1:13 helmCharts", "2:30 helmChartInflationGenerator"}, nil, nil},
		{"a program", "generators:\n- |\n  apiVersion: acme/v1\n  kind: Make", nil, []string{"2:3 generators[0]"}, nil},
		{"a program among others", "transformers:\n- |\n  apiVersion: builtin\n  kind: PrefixTransformer\n  ---\n  apiVersion: v1\n  kind: Sed", nil, []string{"2:3 transformers[0]"}, nil},
		{"a validator", "validators: ['{apiVersion: v1, kind: Check}']", nil, []string{"1:14 validators[0]"}, nil},
		{"a builtin transformer", "transformers: ['{apiVersion: builtin, kind: PrefixTransformer}', t.yaml]", nil, nil, nil},
		{"a builtin generator of charts", "generators: ['{apiVersion: builtin, kind: HelmChartInflationGenerator}']", []string{"1:14 generators[0]"}, nil, nil},
		{"a builtin generator of Secrets", "generators: ['{apiVersion: builtin, kind: SecretGenerator, literals: [a=b]}', '{apiVersion: builtin, kind: ConfigMapGenerator}']", nil, nil, []string{"1:14 generators[0]"}},
		{"no configuration", "generators: ['# nothing', '{a: b}', \"a\\n{{b\", '[a]']", nil, nil, nil},
		{"literals", "secretGenerator: [{name: a, literals: [a=b, 'c=\"d\"']}]\nconfigMapGenerator: [{literals: [e=f]}]", nil, nil, []string{
			"1:40 secretGenerator[0].literals[0]", "1:45 secretGenerator[0].literals[1]",
		}},
		{"literals without a secret", "secretGenerator: [{literals: [a=, b='', 'c=${C}', 'd=\"${D:=e}\"', 'f=${F:-g}${H}', 'i=ENC[AES256_GCM,data:j]', '']}]", nil, nil, nil},
		{"a literal with a variable", "secretGenerator: [{literals: ['a=${B}c', 'd=${e']}]", nil, nil, []string{"1:31 secretGenerator[0].literals[0]", "1:42 secretGenerator[0].literals[1]"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k, err := kustomize.Parse([]byte(tt.text))
			require.NoError(t, err)
			for want, marks := range map[*[]string][]kustomize.Mark{&tt.charts: k.Charts, &tt.programs: k.Programs, &tt.secrets: k.Secrets} {
				var got []string
				for _, m := range marks {
					got = append(got, fmt.Sprintf("%d:%d %s", m.Line, m.Column, m.Field))
				}
				assert.Equal(t, *want, got)
			}
		})
	}
}

// A hostile file does not fill the memory.
func TestFaultsAreBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("takes one goroutine many times longer with the race detector")
	}
	var text strings.Builder
	for i := range 50_000 {
		fmt.Fprintf(&text, "unknown%d: a\n", i)
	}
	text.WriteString("secretGenerator:\n- literals:\n" + strings.Repeat("  - a=b\n", 10_000))
	k, err := kustomize.Parse([]byte(text.String()))
	require.NoError(t, err)
	assert.Len(t, k.Faults, 100)
	assert.Len(t, k.Secrets, 100)
}
