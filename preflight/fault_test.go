package preflight_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/packager"
	"github.com/kubeoci/oci/preflight"
)

const (
	listingApp         = "resources: [app.yaml]\n"
	renderedByArgo     = "kustomization.yaml: info: Argo CD renders this kustomization [rendered-by]"
	fluxRendersNothing = `kustomization.yaml: error: Flux renders nothing at the path "./", without an error, because this kustomization has no objects, and neither have those that it refers to [nothing-rendered]`
	unlistedApp        = `kustomization.yaml: info: no kustomization lists some manifests in this directory or below (files: 1), such as "app.yaml" [unlisted]`
	nested             = "resources: [a]\n"
	generatedSecret    = "secretGenerator:\n- name: db\n"
)

func TestUnknownFields(t *testing.T) {
	const misspelt = "namePrefix: a-\nressources: [app.yaml]\n"
	runRules(t, []ruleTest{
		{"at Flux's path", tree{"app.yaml": app, "kustomization.yaml": misspelt}, flux, []string{
			fluxRendersNothing, unlistedApp,
			`kustomization.yaml:2:1: warning: Flux ignores the unknown field "ressources" (did you mean "resources"?) of the kustomization at its path, with everything in it [unknown-field]`,
		}},
		{"Argo CD", tree{"app.yaml": app, "kustomization.yaml": listingApp + "foo: 1\n"}, argocd, []string{
			renderedByArgo, `kustomization.yaml:2:1: error: Argo CD refuses the unknown field "foo" [unknown-field]`,
		}},
		{"no engine named", tree{"app.yaml": app, "kustomization.yaml": listingApp + "foo: 1\n"}, none, []string{
			renderedByArgo, `kustomization.yaml:2:1: warning: Argo CD refuses the unknown field "foo" [unknown-field]`,
			`kustomization.yaml:2:1: warning: Flux ignores the unknown field "foo" of the kustomization at its path, with everything in it [unknown-field]`,
		}},
		{"in a directory", tree{"a/app.yaml": app, "a/kustomization.yaml": listingApp + "patches: [{path: app.yaml, pach: x}]\n", "kustomization.yaml": nested}, flux, []string{
			`a/kustomization.yaml:2:28: error: Flux refuses the unknown field "patches[0].pach" (did you mean "patch"?) [unknown-field]`,
		}},
		{"in a directory without a kustomization above", tree{"a/app.yaml": app, "a/kustomization.yaml": listingApp + "foo: 1\n"}, flux, []string{
			`a/kustomization.yaml:2:1: error: Flux refuses the unknown field "foo" [unknown-field]`,
		}},
		{"not built", tree{"a/app.yaml": app, "a/kustomization.yaml": listingApp + "foo: 1\n", "kustomization.yaml": kustomization}, flux, []string{
			`a/kustomization.yaml:2:1: warning: kustomize refuses the unknown field "foo" [unknown-field]`,
		}},
	})
}

func TestTypesInKustomizations(t *testing.T) {
	const tag = "images: [{name: a, newTag: 1.10}]\n"
	runRules(t, []ruleTest{
		{"at Flux's path", tree{"app.yaml": app, "kustomization.yaml": listingApp + tag}, flux, []string{
			"kustomization.yaml:2:28: warning: Flux converts images[0].newTag from a number or boolean to a string, which may not be as it is written [kustomization]",
		}},
		{"Argo CD", tree{"app.yaml": app, "kustomization.yaml": listingApp + tag}, argocd, []string{
			renderedByArgo, "kustomization.yaml:2:28: error: Argo CD refuses images[0].newTag: not a string [kustomization]",
		}},
		{"in a directory", tree{"a/app.yaml": app, "a/kustomization.yaml": listingApp + tag}, flux, []string{
			"a/kustomization.yaml:2:28: error: Flux refuses images[0].newTag: not a string [kustomization]",
		}},
		{"where Flux does not convert", tree{"app.yaml": app, "kustomization.yaml": listingApp + "configMapGenerator: [{name: 1}]\n"}, flux, []string{
			"kustomization.yaml:2:29: error: Flux refuses configMapGenerator[0].name: not a string [kustomization]",
		}},
		{"a patch without content", tree{"app.yaml": app, "kustomization.yaml": listingApp + "patches: [{target: {kind: ConfigMap}}]\n"}, none, []string{
			renderedByArgo, "kustomization.yaml:2:11: error: Flux and Argo CD refuse patches[0]: needs either path or patch [kustomization]",
		}},
		{"an order", tree{"app.yaml": app, "kustomization.yaml": listingApp + "sortOptions: {order: name}\n"}, flux, []string{
			"kustomization.yaml:2:14: error: Flux refuses sortOptions: neither fifo nor legacy [kustomization]",
		}},
		{"an order below, which kustomize ignores", tree{"a/app.yaml": app, "a/kustomization.yaml": listingApp + "sortOptions: {order: name}\n"}, flux, []string{}},
		{"a generator twice", tree{"kustomization.yaml": "configMapGenerator: [{name: a}, {name: a}]\n"}, flux, []string{
			"kustomization.yaml:1:33: error: Flux refuses configMapGenerator[1]: a generator before it makes the same object [kustomization]",
		}},
		{"a literal", tree{"kustomization.yaml": "configMapGenerator: [{name: a, literals: [hunter2]}]\n"}, flux, []string{
			"kustomization.yaml:1:43: error: Flux refuses configMapGenerator[0].literals[0]: not key=value [kustomization]",
		}},
	})
}

// Kustomize keeps the last value.
func TestDuplicateKeysInKustomizations(t *testing.T) {
	const twice = "resources: [gone.yaml]\nresources: [app.yaml]\n"
	const lost = `the key "resources" is already on line 1, and that value is ignored, because kustomize keeps the last one [duplicate-key]`
	runRules(t, []ruleTest{
		{"Flux", tree{"app.yaml": app, "kustomization.yaml": twice}, flux, []string{"kustomization.yaml:2:1: warning: " + lost}},
		{"Argo CD", tree{"app.yaml": app, "kustomization.yaml": twice}, argocd, []string{renderedByArgo, "kustomization.yaml:2:1: warning: " + lost}},
		{"in a directory", tree{"a/app.yaml": app, "a/kustomization.yaml": twice}, flux, []string{"a/kustomization.yaml:2:1: warning: " + lost}},
		{"in a patch", tree{"app.yaml": app, "kustomization.yaml": listingApp + "patches:\n- path: gone.yaml\n  path: app.yaml\n"}, flux, []string{
			`kustomization.yaml:4:3: warning: the key "path" is already on line 3, and that value is ignored, because kustomize keeps the last one [duplicate-key]`,
		}},
		{"the last one is empty", tree{"app.yaml": app, "kustomization.yaml": "resources: [app.yaml]\nresources: []\n"}, flux, []string{
			fluxRendersNothing, unlistedApp,
			"kustomization.yaml:2:1: warning: " + lost,
		}},
		{"merged behind a value", tree{"app.yaml": app, "kustomization.yaml": listingApp + "images:\n- name: a\n  <<: {name: b}\n"}, flux, []string{
			"kustomization.yaml:3:3: warning: the value of images[0].name is ignored, because kustomize keeps the one on line 4 [duplicate-key]",
		}},
		{"beside a fault", tree{"app.yaml": app, "kustomization.yaml": listingApp + "labels: a\nlabels: b\n"}, flux, []string{
			"kustomization.yaml:3:1: warning: " + strings.Replace(strings.Replace(lost, "resources", "labels", 1), "line 1", "line 2", 1),
			"kustomization.yaml:3:9: error: labels not a valid kustomization: not a list [kustomization]",
		}},
	})
}

// A kustomization that Argo CD reads as a plain manifest is built by nobody.
func TestDuplicateKeysInPlainKustomizations(t *testing.T) {
	files := tree{"app.yaml": app, "a/kustomization.yaml": object("Kustomization", "a") + "resources: []\nresources: []\n"}
	var got []string
	for _, f := range files.check(t, argocd, preflight.Options{DirectoryRecurse: true}) {
		if f.Code == preflight.CodeDuplicateKey {
			got = append(got, f.String())
		}
	}
	assert.Equal(t, []string{`a/kustomization.yaml:6:1: warning: the key "resources" is already on line 5 [duplicate-key]`}, got)
}

func TestEmptyKustomizations(t *testing.T) {
	const empty = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
	runRules(t, []ruleTest{
		{"at Flux's path", tree{"app.yaml": app, "kustomization.yaml": empty}, flux, []string{fluxRendersNothing}},
		{"at both paths", tree{"kustomization.yaml": "namePrefix: ''\n"}, none, []string{
			"kustomization.yaml: error: Argo CD refuses an empty kustomization [empty-kustomization]",
			strings.Replace(fluxRendersNothing, "./", "./shop", 1), renderedByArgo,
		}},
		{"in a directory", tree{"app.yaml": app, "a/kustomization.yaml": empty}, flux, []string{
			"a/kustomization.yaml: error: Flux refuses an empty kustomization [empty-kustomization]",
		}},
		{"in a directory that is listed", tree{"a/kustomization.yaml": "# later\n", "kustomization.yaml": nested}, flux, []string{
			"a/kustomization.yaml: error: Flux refuses an empty kustomization [empty-kustomization]",
		}},
		{"not built", tree{"a/kustomization.yaml": "", "kustomization.yaml": kustomization}, flux, []string{
			"a/kustomization.yaml: warning: kustomize refuses an empty kustomization [empty-kustomization]",
		}},
	})
}

// Flux takes a component at its path for a kustomization until it finds the apiVersion.
func TestComponentAtThePath(t *testing.T) {
	const text = "kind: Component\nresources: [app.yaml]\n"
	runRules(t, []ruleTest{
		{"without a version", tree{"app.yaml": app, "kustomization.yaml": text}, flux, []string{
			"kustomization.yaml: error: Flux refuses a component without apiVersion at its path [kustomization]",
		}},
		{"with a version", tree{"app.yaml": app, "kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\n" + text}, flux, []string{}},
		{"with an empty version", tree{"app.yaml": app, "kustomization.yaml": "apiVersion: ''\n" + text}, flux, []string{}},
		{"Argo CD", tree{"app.yaml": app, "kustomization.yaml": text}, argocd, []string{renderedByArgo}},
	})
}

func TestPlugins(t *testing.T) {
	const (
		program = "apiVersion: acme/v1\nkind: Make\nmetadata: {name: a}\n"
		builtin = "apiVersion: builtin\nkind: PrefixTransformer\nmetadata: {name: a}\n"
		chart   = "apiVersion: builtin\nkind: HelmChartInflationGenerator\nmetadata: {name: a}\n"
		run     = "to run the program or container in generators[0] by default [kustomize-plugin]"
	)
	runRules(t, []ruleTest{
		{"a chart", tree{"kustomization.yaml": "helmCharts: [{name: a}]\n"}, flux, []string{
			"kustomization.yaml:1:13: error: Flux refuses to inflate the chart in helmCharts by default [kustomize-plugin]",
		}},
		{"a chart in the old form, both", tree{"kustomization.yaml": "helmChartInflationGenerator: [{chartName: a}]\n"}, none, []string{
			renderedByArgo, "kustomization.yaml:1:30: error: Flux and Argo CD refuse to inflate the chart in helmChartInflationGenerator by default [kustomize-plugin]",
		}},
		{"no charts", tree{"app.yaml": app, "kustomization.yaml": listingApp + "helmCharts: []\n"}, flux, []string{}},
		{"a program in a file", tree{"g.yaml": program, "kustomization.yaml": "generators: [g.yaml]\n"}, flux, []string{"kustomization.yaml:1:14: error: Flux refuses " + run}},
		{"a program in text", tree{"kustomization.yaml": "generators: ['{apiVersion: acme/v1, kind: Make, metadata: {name: a}}']\n"}, argocd, []string{
			renderedByArgo, "kustomization.yaml:1:14: error: Argo CD refuses " + run,
		}},
		{"a program behind another plugin", tree{"g.yaml": builtin + "---\n" + program, "kustomization.yaml": "generators: [g.yaml]\n"}, flux, []string{"kustomization.yaml:1:14: error: Flux refuses " + run}},
		{"a program in a directory", tree{"g/a.yaml": program, "g/kustomization.yaml": "resources: [a.yaml]\n", "kustomization.yaml": "generators: [g]\n"}, flux, []string{"kustomization.yaml:1:14: error: Flux refuses " + run}},
		{"a program in a directory of a directory", tree{"g/a/b.yaml": program, "g/a/kustomization.yaml": "resources: [b.yaml]\n", "g/kustomization.yaml": "resources: [a]\n", "kustomization.yaml": "generators: [g]\n"}, flux, []string{
			"kustomization.yaml:1:14: error: Flux refuses " + run,
		}},
		{"a chart in a file", tree{"g.yaml": chart, "kustomization.yaml": "generators: [g.yaml]\n"}, flux, []string{
			"kustomization.yaml:1:14: error: Flux refuses to inflate the chart in generators[0] by default [kustomize-plugin]",
		}},
		{"a transformer and a validator", tree{"app.yaml": app, "t.yaml": builtin, "v.yaml": program, "kustomization.yaml": listingApp + "transformers: [t.yaml]\nvalidators: [v.yaml]\n"}, flux, []string{
			"kustomization.yaml:3:14: error: Flux refuses to run the program or container in validators[0] by default [kustomize-plugin]",
		}},
		{"not built", tree{"a/kustomization.yaml": "helmCharts: [{name: a}]\n", "kustomization.yaml": kustomization}, flux, []string{
			"a/kustomization.yaml:1:13: warning: kustomize refuses to inflate the chart in helmCharts by default [kustomize-plugin]",
		}},
	})
}

func TestGeneratedSecrets(t *testing.T) {
	const sops = "a=ENC[AES256_GCM,data:b]\nsops_version=3.9.0\n"
	runRules(t, []ruleTest{
		{"literals", tree{"kustomization.yaml": generatedSecret + "  literals: [user=, password=hunter2, token=hunter2]\n"}, flux, []string{
			"kustomization.yaml:3:21: warning: secretGenerator[0].literals[1], a value of a Secret, is not encrypted [plaintext-secret]",
		}},
		{"literals of two", tree{"kustomization.yaml": generatedSecret + "  literals: [a=b]\n- name: c\n  literals: [d=e]\n"}, flux, []string{
			"kustomization.yaml:3:14: warning: secretGenerator[0].literals[0], a value of a Secret, is not encrypted [plaintext-secret]",
			"kustomization.yaml:5:14: warning: secretGenerator[1].literals[0], a value of a Secret, is not encrypted [plaintext-secret]",
		}},
		{"variables", tree{"kustomization.yaml": generatedSecret + "  literals: ['a=${A}', 'b=${B:=c}', 'd=${D:-e}']\n"}, flux, []string{}},
		{"files", tree{"a.env": "a=hunter2\n", "b.txt": "hunter2", "c.env": sops, "d.txt": "", "kustomization.yaml": generatedSecret + "  envs: [a.env, c.env]\n  files: [b.txt, d.txt]\n"}, flux, []string{
			`kustomization.yaml:3:10: warning: secretGenerator[0].envs[0] refers to a file with values of a Secret that is not encrypted: "a.env" [plaintext-secret]`,
			`kustomization.yaml:4:11: warning: secretGenerator[0].files[0] refers to a file with values of a Secret that is not encrypted: "b.txt" [plaintext-secret]`,
		}},
		{"a ConfigMap", tree{"b.txt": "hunter2", "kustomization.yaml": "configMapGenerator: [{name: a, literals: [a=hunter2], files: [b.txt]}]\n"}, flux, []string{}},
	})
}

// The rule reads only files that are not larger than a Secret.
func TestGeneratedSecretsOfLargeFiles(t *testing.T) {
	large := strings.Repeat("a", 1<<20+1)
	findings := tree{"a.txt": large, "kustomization.yaml": generatedSecret + "  files: [a.txt]\n"}.check(t, flux, preflight.Options{})
	require.Len(t, findings, 1)
	assert.Equal(t, preflight.CodeTooLargeToApply, findings[0].Code)
}

func TestUnlisted(t *testing.T) {
	files := tree{
		"kustomization.yaml": "resources: [a.yaml, sub/b.yaml]\npatches: [{path: patch.yaml}]\n", "a.yaml": object("ConfigMap", "a"), "patch.yaml": object("ConfigMap", "a"),
		"sub/b.yaml": object("ConfigMap", "b"), "sub/c.yaml": object("ConfigMap", "c"), "d.json": `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"d"}}`,
		"e.yaml": object("ConfigMap", "e"), "f.yaml": object("ConfigMap", "f"),
		"values.yaml": "a: 1\n", "notes.md": "# a\n", ".sops.yaml": object("ConfigMap", "g"), ".config/h.yaml": object("ConfigMap", "h"),
		"chart/Chart.yaml": chart, "chart/templates/i.yaml": object("ConfigMap", "i"),
		"base/kustomization.yaml": "resources: [j.yaml]\n", "base/j.yaml": object("ConfigMap", "j"), "base/k.yaml": object("ConfigMap", "k"),
	}
	var got []preflight.Finding
	for _, f := range files.check(t, flux, preflight.Options{}) {
		if f.Code == preflight.CodeUnlisted {
			got = append(got, f)
		}
	}
	require.Len(t, got, 2)
	assert.Equal(t, `base/kustomization.yaml: info: no kustomization lists some manifests in this directory or below (files: 1), such as "base/k.yaml" [unlisted]`, got[0].String())
	assert.Equal(t, `kustomization.yaml: info: no kustomization lists some manifests in this directory or below (files: 4), such as "d.json", "e.yaml", "f.yaml" [unlisted]`, got[1].String())
	assert.Contains(t, got[1].Hint, "Collect.Ignore")
}

// The options of Argo CD are no help for Flux.
func TestHintsForPlugins(t *testing.T) {
	chart := tree{"kustomization.yaml": "resources: [app.yaml]\nhelmCharts: [{name: shop}]\n", "app.yaml": app}
	program := tree{"kustomization.yaml": "resources: [app.yaml]\ngenerators: [b.yaml]\n", "app.yaml": app, "b.yaml": "apiVersion: acme/v1\nkind: Write\nmetadata:\n  name: b\n"}
	for _, tt := range []struct {
		name   string
		tree   tree
		engine packager.GitOpsEngine
		want   string
	}{
		{"a chart, Flux", chart, flux, "render the chart before, or install it with a HelmRelease of Flux"},
		{"a chart, Argo CD", chart, argocd, "render the chart before, or install it with a HelmRelease of Flux, or set kustomize.buildOptions of Argo CD to --enable-helm and Preflight.Policy to off"},
		{"a program, Flux", program, flux, "run it before, and list its output in resources"},
		{"a program, both", program, none, "run it before, and list its output in resources, or set kustomize.buildOptions of Argo CD to --enable-alpha-plugins --enable-exec and Preflight.Policy to off"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, f := range tt.tree.check(t, tt.engine, preflight.Options{}) {
				if f.Code == preflight.CodePlugin {
					assert.Equal(t, tt.want, f.Hint)
					return
				}
			}
			assert.Fail(t, "no finding")
		})
	}
}

// Kustomize reads a file of any size.
func TestKustomizationThatIsTooLarge(t *testing.T) {
	for _, engine := range []packager.GitOpsEngine{flux, argocd} {
		findings := tree{"kustomization.yaml": "resources:\n- app.yaml\n# " + strings.Repeat("later ", 200_000), "app.yaml": app}.check(t, engine, preflight.Options{})
		assert.Contains(t, brief(findings), "kustomization.yaml: warning: the kustomization has more than 1048576 bytes and is not checked [kustomization]")
		assert.Empty(t, preflight.Options{}.Refusals(findings))
		assert.NotContains(t, strings.Join(brief(findings), ""), "unlisted")
	}
}

// Kustomize reads the first document of a kustomization only, and does not split the file
// before.
func TestDocumentsOfKustomizations(t *testing.T) {
	const ignored = ", which kustomize ignores, because it reads the first document only"
	runRules(t, []ruleTest{
		{"a directive", tree{"app.yaml": app, "kustomization.yaml": "%YAML 1.1\n---\n" + listingApp}, flux, []string{}},
		{"a directive, Argo CD", tree{"app.yaml": app, "kustomization.yaml": "%YAML 1.1\n---\n" + listingApp}, argocd, []string{renderedByArgo}},
		{"a directive of another version", tree{"app.yaml": app, "kustomization.yaml": "%YAML 1.2\n---\n" + listingApp}, flux, []string{
			"kustomization.yaml:1:1: error: the YAML does not parse: found incompatible YAML document [syntax]",
		}},
		{"a directive before another kind", tree{"app.yaml": app, "kustomization.yaml": "%YAML 1.1\n---\nkind: A\n" + listingApp}, flux, []string{
			"kustomization.yaml:3:7: error: kind not a valid kustomization: neither a Kustomization nor a Component of kustomize [kustomization]",
		}},
		{"a separator with a value", tree{"app.yaml": app, "kustomization.yaml": "# a\n--- {resources: [app.yaml]}\n"}, flux, []string{}},
		{"a syntax error behind", tree{"app.yaml": app, "kustomization.yaml": listingApp + "---\na: [\n"}, flux, []string{
			"kustomization.yaml:3:1: warning: the YAML does not parse: did not find expected node content" + ignored + " [syntax]",
		}},
		{"a syntax error behind, below", tree{"a/app.yaml": app, "a/kustomization.yaml": listingApp + "---\na: [\n", "kustomization.yaml": nested}, argocd, []string{
			"a/kustomization.yaml:3:1: warning: the YAML does not parse: did not find expected node content" + ignored + " [syntax]", renderedByArgo,
		}},
		{"a syntax error behind no objects", tree{"kustomization.yaml": "resources: []\n---\na: [\n"}, flux, []string{
			fluxRendersNothing,
			"kustomization.yaml:3:1: warning: the YAML does not parse: did not find expected node content" + ignored + " [syntax]",
		}},
		{"a tab behind", tree{"app.yaml": app, "kustomization.yaml": listingApp + "---\na:\n\tb: c\n"}, flux, []string{
			"kustomization.yaml:4:1: warning: the line is indented with a tab, which YAML does not allow" + ignored + " [tab]",
		}},
		{"a template behind", tree{"app.yaml": app, "kustomization.yaml": listingApp + "---\n{{ if x }}\na: [\n{{ end }}\n"}, flux, []string{
			"kustomization.yaml: info: this is a template, and not YAML until it is rendered [template]",
		}},
	})
}

func TestDirectoryNamedKustomization(t *testing.T) {
	const inPlace = "error: Flux fails to write kustomization.yaml to its path, because there is a directory of that name [kustomization]"
	runRules(t, []ruleTest{
		{"at the path", tree{"kustomization.yaml/app.yaml": app}, flux, []string{"kustomization.yaml/app.yaml: " + inPlace}},
		{"beside a kustomization", tree{"kustomization.yaml/a.txt": "a", "app.yaml": app, "kustomization.yml": listingApp}, flux, []string{}},
		{"deeper", tree{"a/kustomization.yaml/app.yaml": app}, flux, []string{}},
		{"of another name", tree{"kustomization.yml/app.yaml": app, "Kustomization/b.yaml": object("ConfigMap", "b")}, flux, []string{}},
		{"Argo CD", tree{"app.yaml": app, "kustomization.yaml/a.txt": "a"}, argocd, []string{}},
	})
	findings := tree{"app.yaml": app, "a/kustomization.yaml/b.yaml": app}.checkAt(t, flux, "a")
	assert.Equal(t, []string{"a/kustomization.yaml/b.yaml: " + inPlace}, brief(findings))
}
