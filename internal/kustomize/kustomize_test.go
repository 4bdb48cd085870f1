package kustomize_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/kustomize"
)

// show returns a line for each reference: position, field, path, kind.
func show(references []kustomize.Reference) []string {
	var lines []string
	for _, r := range references {
		kind := [...]string{"file", "directory", "either", "tree"}[r.Kind]
		lines = append(lines, fmt.Sprintf("%d:%d %s %s %s", r.Line, r.Column, r.Field, r.Path, kind))
	}
	return lines
}

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		name string
		text string
		want []string
	}{
		{"resources", "resources:\n- a.yaml\n- ../base/\n- \"b c.yaml\"\n", []string{
			"2:3 resources[0] a.yaml either", "3:3 resources[1] ../base/ either", "4:3 resources[2] b c.yaml either",
		}},
		{"bases", "bases: [../base]", []string{"1:9 bases[0] ../base either"}},
		{"components", "components: [../c]", []string{"1:14 components[0] ../c directory"}},
		{"crds", "crds: [crd.json]", []string{"1:8 crds[0] crd.json file"}},
		{"configurations", "configurations: [c.yaml]", []string{"1:18 configurations[0] c.yaml file"}},
		{"plugins", "generators: [g.yaml]\ntransformers: [t]\nvalidators: [v.yaml]", []string{
			"1:14 generators[0] g.yaml either", "2:16 transformers[0] t either", "3:14 validators[0] v.yaml either",
		}},
		{
			"inline",
			"generators:\n- |-\n  apiVersion: v1\n  kind: G\ntransformers:\n- '{apiVersion: v1, kind: T}'\nvalidators:\n- '# nothing'\n" +
				"patchesStrategicMerge:\n- |\n  kind: {{ broken\n  x\n- p.yaml\n",
			[]string{"13:3 patchesStrategicMerge[1] p.yaml file"},
		},
		{"patches", "patches:\n- path: p.yaml\n  target: {kind: x, name: path}\n- patch: |-\n    path: no.yaml\n- path: ''\n", []string{"2:9 patches[0].path p.yaml file"}},
		{"JSON patches", "patchesJson6902:\n- target: {}\n  path: p.json", []string{"3:9 patchesJson6902[0].path p.json file"}},
		{"replacements", "replacements: [{path: r.yaml}, {source: {fieldPath: x.y}}]", []string{"1:23 replacements[0].path r.yaml file"}},
		{"schema", "openapi:\n  path: s.json\n  version: v1", []string{"2:9 openapi.path s.json file"}},
		{
			"generated",
			"configMapGenerator:\n- name: a\n  files:\n  - app.properties\n  - key=b/c.conf\n  envs: [d.env]\n  env: e.env\n  literals: [f=g]\n  options: {path: no}\n" +
				"secretGenerator: [{files: [s.txt]}]\ngeneratorOptions: {labels: {files: no}}",
			[]string{
				"4:5 configMapGenerator[0].files[0] app.properties file", "5:5 configMapGenerator[0].files[1] b/c.conf file",
				"6:10 configMapGenerator[0].envs[0] d.env file", "7:8 configMapGenerator[0].env e.env file",
				"10:28 secretGenerator[0].files[0] s.txt file",
			},
		},
		{
			"charts",
			"helmGlobals: {chartHome: charts, configHome: no}\nhelmCharts:\n- name: no\n  valuesFile: v.yaml\n  additionalValuesFiles: [w.yaml, 'https://h/x.yaml']\n" +
				"helmChartInflationGenerator: [{values: x.yaml, chartHome: z, helmHome: no}]",
			[]string{
				"1:26 helmGlobals.chartHome charts tree", "4:15 helmCharts[0].valuesFile v.yaml file",
				"5:27 helmCharts[0].additionalValuesFiles[0] w.yaml file",
				"6:40 helmChartInflationGenerator[0].values x.yaml file", "6:59 helmChartInflationGenerator[0].chartHome z tree",
			},
		},
		{"no paths", "images: [{name: a}]\nlabels: [{pairs: {path: b}}]\nnamespace: c\nreplicas: [{name: d}]\nvars: []\nspec: {path: ./e}", nil},
		{"empty fields", "resources:\npatches: ~\nopenapi:\nconfigMapGenerator: [{files: , env: }]\n", nil},
		{"any case", "Resources: [a.yaml]\nCONFIGMAPGENERATOR: [{Files: [b]}]", []string{"1:13 Resources[0] a.yaml either", "2:31 CONFIGMAPGENERATOR[0].Files[0] b file"}},
		{"first document", "---\nresources: [a.yaml]\n---\nresources: [b.yaml]\n--- [broken", []string{"2:13 resources[0] a.yaml either"}},
		{"before an open quote", "\ufeff%YAML 1.1\n---\t# a\nresources: [a.yaml]\r\n---\t# b\r\n'", []string{"3:13 resources[0] a.yaml either"}},
		{"before a tab", "# a\nresources: [a.yaml]\n...\n\t- a", []string{"2:13 resources[0] a.yaml either"}},
		{"byte order mark and CRLF", "\ufeffresources:\r\n- a.yaml\r\n", []string{"2:3 resources[0] a.yaml either"}},
		{"JSON", `{"resources": ["a\u002eyaml"]}`, []string{"1:16 resources[0] a.yaml either"}},
		{"name in the form of a time", "resources: [2024-01-01]", []string{"1:13 resources[0] 2024-01-01 either"}},
		{"duplicate field", "resources: [a.yaml]\nresources: [b.yaml]", []string{"2:13 resources[0] b.yaml either"}},
		{"duplicate field of a patch", "patches:\n- path: a.yaml\n  path: b.yaml", []string{"3:9 patches[0].path b.yaml file"}},
		{"duplicate field, and the last one null", "resources: [a.yaml]\nresources:\nlabels: []", nil},
		{"two cases", "resources: [a.yaml]\nRESOURCES: [b.yaml]", []string{"1:13 resources[0] a.yaml either"}},
		{"merged behind the field", "configMapGenerator:\n- files: [a]\n  <<: {files: [b]}", []string{"3:16 configMapGenerator[0].files[0] b file"}},
		{"aliases", "x-a: &a a.yaml\nx-l: &l [*a, b.yaml]\nresources: *l\ncrds: [*a]", []string{
			"2:10 resources[0] a.yaml either", "2:14 resources[1] b.yaml either", "4:8 crds[0] a.yaml file",
		}},
		{"merged", "x: &x {env: x.env, files: [x.txt]}\ny: &y {env: y.env, envs: [z.env]}\nconfigMapGenerator:\n- <<: [*x, *y]\n  files: [f]\n- <<: *x", []string{
			"2:27 configMapGenerator[0].envs[0] z.env file", "1:13 configMapGenerator[0].env x.env file", "5:11 configMapGenerator[0].files[0] f file",
			"1:13 configMapGenerator[1].env x.env file", "1:28 configMapGenerator[1].files[0] x.txt file",
		}},
		{"kind", "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [a.yaml]", []string{"3:13 resources[0] a.yaml either"}},
		{"component of a version", "apiversion: kustomize.config.k8s.io/v1alpha1\nKind: Component\ncrds: [a.yaml]", []string{"3:8 crds[0] a.yaml file"}},
		{"no kind", "apiVersion: ~\nkind: \"\"\ncrds: [a.yaml]", []string{"3:8 crds[0] a.yaml file"}},
		{"component", "kind: Component\npatches: [{path: p.yaml}]", []string{"2:18 patches[0].path p.yaml file"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k, err := kustomize.Parse([]byte(tt.text))
			require.NoError(t, err)
			assert.Equal(t, tt.want, show(k.References))
		})
	}
}

func TestParseFacts(t *testing.T) {
	for _, tt := range []struct {
		name string
		text string
		want kustomize.Kustomization
	}{
		{"nothing special", "images: [{name: a}]\ncommonLabels: {a: b}\nbuildMetadata: [originAnnotations]", kustomize.Kustomization{}},
		{"a namespace", "namespace: shop", kustomize.Kustomization{Namespace: "shop"}},
		{"a namespace by an alias", "nameSuffix: &a b\nNamespace: *a", kustomize.Kustomization{Namespace: "b", Suffix: "b"}},
		{"no namespace", "namespace: ''\nlabels: []", kustomize.Kustomization{}},
		{"a component", "kind: Component\nlabels: []", kustomize.Kustomization{Component: true}},
		{"a kind", "kind: Kustomization\nlabels: []", kustomize.Kustomization{}},
		{"a prefix", "namePrefix: a-", kustomize.Kustomization{Prefix: "a-"}},
		{"a suffix", "NAMESUFFIX: -a", kustomize.Kustomization{Suffix: "-a"}},
		{"a generated ConfigMap", "configMapGenerator: [{name: a}]", kustomize.Kustomization{Generators: []kustomize.Generator{
			{Mark: kustomize.Mark{"configMapGenerator[0]", 1, 22}, Kind: "ConfigMap", Name: "a"},
		}}},
		{"generators that change objects", "secretGenerator: [{name: a, namespace: b, behavior: merge}, {Name: c, behavior: replace}]", kustomize.Kustomization{Generators: []kustomize.Generator{
			{Mark: kustomize.Mark{"secretGenerator[0]", 1, 19}, Kind: "Secret", Name: "a", Namespace: "b", Changes: true},
			{Mark: kustomize.Mark{"secretGenerator[1]", 1, 61}, Kind: "Secret", Name: "c", Changes: true},
		}}},
		{"a generator", "generators: ['a: b']", kustomize.Kustomization{Generates: true}},
		{"a chart", "helmCharts: [{name: a}]", kustomize.Kustomization{Generates: true, Charts: []kustomize.Mark{{"helmCharts", 1, 13}}}},
		{"a chart in the old form", "helmChartInflationGenerator: [{chartName: a}]", kustomize.Kustomization{Generates: true, Charts: []kustomize.Mark{{"helmChartInflationGenerator", 1, 30}}}},
		{"fields without a value", "namePrefix:\npatches: []\nhelmCharts: ~\ngenerators: []\nconfigMapGenerator: []\nlabels: []", kustomize.Kustomization{}},
		{"something remote", "resources: ['https://example.com/a/b']", kustomize.Kustomization{Remote: true}},
		{"a remote component", "components: ['https://example.com/a/b']", kustomize.Kustomization{Remote: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k, err := kustomize.Parse([]byte(tt.text))
			require.NoError(t, err)
			k.Affixes, k.Rewrites = false, false // TestRewrites compares them
			assert.Equal(t, tt.want, *k)
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for _, tt := range []struct {
		name    string
		text    string
		err     error
		message string
	}{
		{"nothing", "", kustomize.ErrEmpty, "1:1: empty document"},
		{"comment", "# a\n", kustomize.ErrEmpty, "1:1: empty document"},
		{"null", "---\n", kustomize.ErrEmpty, "2:1: empty document"},
		{"only a kind", "kind: Kustomization\nresources:\n", kustomize.ErrEmpty, "1:1: empty document"},
		{"an empty mapping", "{}", kustomize.ErrEmpty, "1:1: empty document"},
		{"fields that are empty for kustomize", "namePrefix: ''\nbases: []\nimageTags: []\nvars:", kustomize.ErrEmpty, "1:1: empty document"},
		{"text for a list", "labels: [a]\nreplicas: a", kustomize.ErrNotMapping, "1:10: labels[0]: not a mapping"},
		{"a mapping for a text", "images: [{name: {a: b}}]", kustomize.ErrNotString, "1:17: images[0].name: not a string"},
		{"list", "\n- a", kustomize.ErrNotMapping, "2:1: not a mapping"},
		{"a Kustomization of Flux", "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n", kustomize.ErrKind, "1:13: apiVersion: neither a Kustomization nor a Component of kustomize"},
		{"another kind", "kind: ConfigMap\nresources: [a.yaml]", kustomize.ErrKind, "1:7: kind: neither a Kustomization nor a Component of kustomize"},
		{"another version of a component", "crds: []\napiVersion: kustomize.config.k8s.io/v1beta1\nkind: Component\n", kustomize.ErrKind, "2:13: apiVersion: neither a Kustomization nor a Component of kustomize"},
		{"a number for a kind", "kind: 1", kustomize.ErrNotString, "1:7: kind: not a string"},
		{"list expected", "resources: a.yaml", kustomize.ErrNotList, "1:12: resources: not a list"},
		{"mapping expected", "patches: [a.yaml]", kustomize.ErrNotMapping, "1:11: patches[0]: not a mapping"},
		{"string expected", "crds:\n- 12", kustomize.ErrNotString, "2:3: crds[0]: not a string"},
		{"string, not list", "openapi: {path: [a]}", kustomize.ErrNotString, "1:17: openapi.path: not a string"},
		{"empty entry", "resources: [a, '']", kustomize.ErrEmptyEntry, "1:16: resources[1]: empty entry"},
		{"null entry", "patches:\n-\n", kustomize.ErrEmptyEntry, "2:2: patches[0]: empty entry"},
		{"no key", "configMapGenerator: [{files: [=a]}]", kustomize.ErrSource, "1:31: configMapGenerator[0].files[0]: neither a path nor key=path"},
		{"no path", "configMapGenerator: [{files: [a=]}]", kustomize.ErrSource, "1:31: configMapGenerator[0].files[0]: neither a path nor key=path"},
		{"two equals signs", "configMapGenerator: [{files: [a=b=c]}]", kustomize.ErrSource, "1:31: configMapGenerator[0].files[0]: neither a path nor key=path"},
		{"tab", "resources:\n\t- a", kustomize.ErrSyntax, "2:1: not valid YAML: found character that cannot start any token"},
		{"unfinished", "crds:\r\n- [a", kustomize.ErrSyntax, "2:5: not valid YAML: did not find expected ',' or ']'"},
		{"unknown alias", "resources: *a", kustomize.ErrSyntax, "1:12: not valid YAML: unknown anchor 'a' referenced"},
		{"not UTF-8", "resources: [\xff]", kustomize.ErrSyntax, "1:1: not valid YAML: invalid leading UTF-8 octet (value: 255)"},
		{"deep", "resources:\n- " + strings.Repeat("[", 101), kustomize.ErrSyntax, "2:103: not valid YAML: nested too deeply"},
		{"much flow style", "resources: [" + strings.Repeat("a,\n", 50_000), kustomize.ErrSyntax, "44029:1: not valid YAML: too much in flow style"},
		{"too large", strings.Repeat("#", kustomize.MaxSize) + "\n", kustomize.ErrTooLarge, "1:1: larger than 1 MiB"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k, err := kustomize.Parse([]byte(tt.text))
			require.ErrorIs(t, err, tt.err)
			if tt.err == kustomize.ErrEmpty {
				require.Equal(t, &kustomize.Kustomization{Empty: true}, k)
			} else {
				require.Nil(t, k)
			}
			var parseErr *kustomize.Error
			require.ErrorAs(t, err, &parseErr)
			assert.EqualError(t, err, tt.message)
		})
	}
}

// The texts are small, but would be expensive to read without limits.
func TestParseIsBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("takes one goroutine many times longer with the race detector")
	}
	bomb := "a: &a [x, x, x, x, x, x, x, x, x]\n"
	for c := 'b'; c < 'k'; c++ {
		bomb += fmt.Sprintf("%c: &%c [%s]\n", c, c, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*%c, ", c-1), 9), ", "))
	}
	half := kustomize.MaxSize / 2
	var chain strings.Builder
	chain.WriteString("a0: &a0 {env: x}\n")
	for i := 1; i < 10_000; i++ {
		fmt.Fprintf(&chain, "a%d: &a%d\n  <<: *a%d\n", i, i, i-1)
	}
	chain.WriteString("openapi: *a9999")
	for _, tt := range []struct {
		name string
		text string
		err  error
	}{
		{"alias bomb in an unused field", bomb + "resources: [a.yaml]", nil},
		{"alias bomb", bomb + "resources: *j", kustomize.ErrNotString},
		{"nested lists", "resources: " + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000), kustomize.ErrSyntax},
		{"nested mappings", nested(20_000), kustomize.ErrSyntax},
		{"nested lists, inline", "generators: ['" + strings.Repeat("[", 20_000) + "']", nil},
		{"generators of generators", "x: &x\n  files:\n" + strings.Repeat("  - a\n", half/6-100) + "configMapGenerator:\n" + strings.Repeat("- *x\n", half/5-100), kustomize.ErrAliases},
		{"repeated inline content", "x: &x '{a: " + strings.Repeat("b", half-100) + "}'\ngenerators:\n" + strings.Repeat("- *x\n", half/5-100), kustomize.ErrAliases},
		{"merges itself", "openapi: &x {<<: *x}", kustomize.ErrAliases},
		{"merges a list of itself", "openapi: &x {<<: [*x, *x]}", kustomize.ErrAliases},
		{"long chain of merges", chain.String(), kustomize.ErrAliases},
		{"list that contains itself", "resources: &x [*x]", kustomize.ErrNotString},
		{"largest possible", "resources:\n" + strings.Repeat("- a\n", half/2-100), nil},
		{"largest possible in flow style", "resources: [" + strings.Repeat("a,", half-100) + "]", kustomize.ErrSyntax},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := kustomize.Parse([]byte(tt.text)) // without bounds, some would take hours
			require.ErrorIs(t, err, tt.err)
		})
	}
}

// nested returns nested mappings.
func nested(levels int) string {
	return "a:" + strings.Repeat(" {a:", levels) + strings.Repeat("}", levels)
}

func TestIsName(t *testing.T) {
	for name, want := range map[string]bool{
		"kustomization.yaml": true, "kustomization.yml": true, "Kustomization": true,
		"Kustomization.yaml": false, "kustomization": false, "kustomization.json": false, "kustomization.YAML": false, "": false,
	} {
		assert.Equal(t, want, kustomize.IsName(name), name)
	}
}
