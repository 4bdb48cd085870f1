package objects

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/kubeoci/oci/internal/testing/benchtree"
)

// kind is a kind of file that trees have many of.
type kind struct{ name, file, text string }

// kinds returns files of some kilobytes.
func kinds() []kind {
	many := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(strings.ReplaceAll(format, "%d", fmt.Sprint(i)))
		}
		return b.String()
	}
	value := strings.Repeat("c2VjcmV0/+9", 30)
	return []kind{
		{"Secret", "a.yaml", "apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\ntype: Opaque\ndata:\n" + many(10, "  key-%d.pem: "+value+"\n") +
			"stringData:\n  user: ${USER:=admin}\n  pass: \"a\\\"b\"\n  a.conf: |\n" + many(40, "    setting-%d = \"value\" # $A\n")},
		{"SOPS", "a.yaml", "apiVersion: v1\nkind: Secret\nmetadata:\n    name: a\ndata:\n" + many(20, "    key-%d: ENC[AES256_GCM,data:"+value+",iv:a=,tag:b==,type:str]\n") +
			"sops:\n    kms: []\n    age:\n        - recipient: age1a\n          enc: |\n            -----BEGIN AGE ENCRYPTED FILE-----\n            " + value + "\n            -----END AGE ENCRYPTED FILE-----\n    lastmodified: \"2024-01-01T00:00:00Z\"\n    mac: ENC[AES256_GCM,data:a,type:str]\n    encrypted_regex: ^(data|stringData)$\n    version: 3.8.1\n"},
		{"JSON", "a.json", "{\n  \"apiVersion\": \"v1\",\n  \"kind\": \"List\",\n  \"items\": [\n" +
			many(20, "    {\n      \"apiVersion\": \"apps/v1\",\n      \"kind\": \"Deployment\",\n      \"metadata\": {\"name\": \"a%d\", \"labels\": {\"a\": \"b\"}},\n      \"spec\": {\"replicas\": 2, \"paused\": false, \"x\": null, \"args\": [\"--a\", \"b \\\"c\\\"\\n\", 1.5e3]}\n    },\n") + "    {\"apiVersion\": \"v1\", \"kind\": \"Service\", \"metadata\": {\"name\": \"a\"}}\n  ]\n}\n"},
		{"JSON in YAML", "a.yaml", `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{` + many(40, `"a%d.json":"{\"b\": [1, \"$c\"]}\n",`) + `"last":"${A}"}}`},
		{"rendered chart", "a.yaml", many(10, "---\n# Source: chart/templates/a%d.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: a%d\n  labels: {app.kubernetes.io/name: a, 'b': \"c\"}\n  annotations:\n    {}\nspec:\n  selector: {matchLabels: {app: a}}\n  template:\n    metadata:\n      labels:\n        app: a\n        version: \"1.0\"\n    spec:\n      securityContext:\n        {}\n      containers:\n        - name: a\n          image: \"a:b@sha256:c\"\n          args: [\"--a=b\", --c, \"d: e\", [f]]\n          command:\n            - /bin/sh\n            - -c\n            - \"a \\\"b\\\"\n              c\"\n          env:\n            - {name: A, value: \"1\"}\n            - name: B\n              value: $(A)*&b\n          resources: {limits: {cpu: 100m},\n            requests: {memory: 1Gi}}\n")},
		{"comments after dashes", "a.yaml", many(10, "--- # document %d\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a%d\n  annotations:\n    config.kubernetes.io/local-config: \"true\"\ndata:\n  cron: 5 * * * *\n  a b: c\t# d\n  code: |\n    if a {\n    \tb()\t// c\n    }\n") + "...\n"},
		{"CRD", "a.yaml", "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  creationTimestamp: null\n  name: as.b.c\nspec:\n  versions:\n  - name: v1\n    schema:\n      openAPIV3Schema:\n        properties:\n" +
			many(600, "          field%d:\n            default: {}\n            description: A field of several lines, which end where\n              a generator broke them (e.g. \"here\") and\n\n              continue.\n            enum: [\"\", \"a b\", c-d]\n            items: {type: string}\n            pattern: ^([a-z]+|%)$\n            x: 'it''s: a\n              text'\n")},
		{"Windows", "a.yaml", byteOrderMark + strings.ReplaceAll(many(20, "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: grüße-%d\ndata:\n  a: 日本\n  b: |-2\n    c\n"), "\n", "\r\n")},
		{"kustomize patch", "a.yaml", many(50, "- op: replace\n  path: /spec/replicas/%d\n  value: 3\n")},
	}
}

// TestMostFilesNeedNoParser asserts the share of the bytes of manifests without problems.
func TestMostFilesNeedNoParser(t *testing.T) {
	trees := map[string][]int{} // bytes of all, and of those that need no parser
	count := func(tree, name string, data []byte) {
		file, err := Parse(t.Context(), name, data, ample)
		if assert.NoError(t, err); len(file.Problems) > 0 || len(file.Remarks) > 0 || file.Template {
			return
		}
		if trees[tree] == nil {
			trees[tree] = make([]int, 2)
		}
		trees[tree][0] += len(data)
		if requireAgreement(t, name, data) {
			trees[tree][1] += len(data)
		} else {
			t.Logf("%s: %s needs a parser", tree, name)
		}
	}
	for name, data := range samples(t) {
		switch strings.ToLower(filepath.Ext(name)) {
		case ".yaml", ".yml", ".json":
			count(treeOf(name), name, data)
		}
	}
	for _, k := range kinds() {
		count(k.name, k.file, []byte(k.text))
	}
	for tree, bytes := range trees {
		assert.GreaterOrEqual(t, bytes[1]*100, bytes[0]*98, "%s: %d of %d bytes", tree, bytes[1], bytes[0])
	}
}

// treeOf returns the directory of a sample below testdata/trees, or the one for others.
func treeOf(name string) string {
	_, below, found := strings.Cut(filepath.ToSlash(name), "testdata/trees/")
	if !found {
		return "other"
	}
	tree, _, _ := strings.Cut(below, "/")
	return tree
}

func BenchmarkKinds(b *testing.B) {
	for _, k := range kinds() {
		b.Run(strings.ReplaceAll(k.name, " ", "-"), func(b *testing.B) {
			scanner := new(Scanner)
			benchtree.Measure(b, int64(len(k.text)))
			for b.Loop() {
				if _, ok := scanner.Plain(k.file, []byte(k.text), ample); !ok {
					b.Fatal("needs a parser")
				}
			}
		})
	}
}
