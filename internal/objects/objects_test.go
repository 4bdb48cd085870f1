package objects_test

import (
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/objects"
)

// scan scans a file with ample memory. It does not return how much it took.
func scan(t *testing.T, name string, data []byte) objects.File {
	t.Helper()
	file, err := new(objects.Scanner).Scan(t.Context(), name, data, objects.Limits{Parsing: 1 << 40, Objects: 1 << 40})
	require.NoError(t, err)
	file.Need = 0
	return file
}

// object is what tests compare of one.
type object struct {
	Line, Column                                                 int32
	APIVersion, Kind, Name, Namespace                            string
	GenerateName, Empty, Mapping, Blank, Secret, Encrypted, List bool
	Traits                                                       objects.Trait
	Items                                                        []object
}

func inspect(found []objects.Object) (all []object) {
	for _, o := range found {
		all = append(all, object{
			o.Line, o.Column, o.APIVersion(), o.Kind(), o.Name(), o.Namespace(),
			o.GenerateName, o.Empty, o.Mapping, o.Blank, o.Secret, o.Encrypted, o.List, traitsOf(&o), inspect(o.Items()),
		})
	}
	return all
}

// traitsOf returns all traits of an object.
func traitsOf(o *objects.Object) (all objects.Trait) {
	for t := objects.Trait(1); t != 0; t <<= 1 {
		if o.Has(t) {
			all |= t
		}
	}
	return all
}

// A Set of many files has many objects.
func TestObjectsAreSmall(t *testing.T) {
	assert.LessOrEqual(t, unsafe.Sizeof(objects.Object{}), uintptr(48))
}

// service is an object that starts on the given line, as Scan reports it.
func service(line int32) object {
	return object{
		Line: line, Column: 1, APIVersion: "v1", Kind: "Service", Name: "web", Namespace: "apps",
		Mapping: true,
	}
}

const serviceText = "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n  namespace: apps\n"

func TestObjects(t *testing.T) {
	for name, row := range map[string]struct {
		text string
		want []object
	}{
		"nothing":        {"", nil},
		"only comments":  {"# nothing\n\n# at all", nil},
		"an object":      {serviceText, []object{service(1)}},
		"no final break": {strings.TrimSuffix(serviceText, "\n"), []object{service(1)}},
		"byte order mark, Windows line breaks": {
			"\ufeff" + strings.ReplaceAll(serviceText, "\n", "\r\n"), []object{service(1)},
		},
		"several documents": {
			"---\n" + serviceText + "...\n---\n# nothing\n---\nnull\n---\n" + serviceText,
			[]object{service(2), {Line: 8, Column: 1, Empty: true}, {Line: 10, Column: 1, Empty: true}, service(13)},
		},
		"an empty document at the end": {serviceText + "---\n", []object{service(1), {Line: 6, Column: 1, Empty: true}}},
		"no mapping":                   {"- kind: Service\n", []object{{Line: 1, Column: 1}}},
		"no entries":                   {"{}\n---\n[]", []object{{Line: 1, Column: 1, Mapping: true, Blank: true}, {Line: 3, Column: 1, Blank: true}}},
		"a list with no entries in it": {"kind: List\nitems: [{}]\n", []object{{Line: 1, Column: 1, Kind: "List", Mapping: true, List: true, Items: []object{{Line: 2, Column: 9, Mapping: true, Blank: true}}}}},
		"flow style": {
			"# one\n  {kind: Pod, metadata: {generateName: job-}}", []object{
				{Line: 2, Column: 3, Kind: "Pod", GenerateName: true, Mapping: true},
			},
		},
		"null, and kinds that are no text": {
			"kind: ~\nmetadata:\n  name: null\n  namespace: [a]\napiVersion: {}\n",
			[]object{{Line: 1, Column: 1, Mapping: true}},
		},
		"a number, a truth and a date": {
			"kind: true\nmetadata:\n  name: 12\n  generateName: 0x1F\n  namespace: 2025-01-01T10:20:30Z\napiVersion: 1.0\n",
			[]object{{Line: 1, Column: 1, Namespace: "2025-01-01T10:20:30Z", Mapping: true, Traits: objects.Numeric}},
		},
		"a number for a name, in a block": {
			"apiVersion: v1\nkind: A\nmetadata:\n  name: 12\n", []object{{Line: 1, Column: 1, APIVersion: "v1", Kind: "A", Mapping: true, Traits: objects.Numeric}},
		},
		"local": {
			"kind: A\nmetadata:\n  annotations:\n    config.kubernetes.io/local-config: \"true\"\n---\nkind: A\nmetadata: {annotations: {config.kubernetes.io/local-config: \"\"}}\n",
			[]object{{Line: 1, Column: 1, Kind: "A", Mapping: true, Traits: objects.Local}, {Line: 6, Column: 1, Kind: "A", Mapping: true, Traits: objects.Local}},
		},
		"not local": {
			"kind: A\nmetadata:\n  annotations:\n    config.kubernetes.io/local-config: \"false\"\n---\nkind: A\nmetadata:\n  labels:\n    config.kubernetes.io/local-config: \"true\"\n",
			[]object{{Line: 1, Column: 1, Kind: "A", Mapping: true}, {Line: 6, Column: 1, Kind: "A", Mapping: true}},
		},
		"a number in quotes": {
			"kind: A\nmetadata:\n  name: '12'\n  namespace: !!str 12\n", []object{
				{Line: 1, Column: 1, Kind: "A", Name: "12", Namespace: "12", Mapping: true},
			},
		},
		"lists with nothing in them": {
			"kind: List\nitems: []\n---\nkind: AList\nitems:\n---\nkind: List\n---\nkind: List\nitems: 1\n", []object{
				{Line: 1, Column: 1, Kind: "List", Mapping: true, List: true},
				{Line: 4, Column: 1, Kind: "AList", Mapping: true, List: true},
				{Line: 7, Column: 1, Kind: "List", Mapping: true},
				{Line: 9, Column: 1, Kind: "List", Mapping: true},
			},
		},
		"metadata that is none": {"kind: A\nmetadata: name\n", []object{{Line: 1, Column: 1, Kind: "A", Mapping: true}}},
		"a variable of Flux": {
			"kind: A\nmetadata:\n  name: ${NAME}\n", []object{
				{Line: 1, Column: 1, Kind: "A", Name: "${NAME}", Mapping: true},
			},
		},
		"aliases and merge keys": {
			"x: &all\n  kind: A\n  metadata: &m {name: o}\n<<: *all\nmetadata:\n  <<: [*m, {namespace: s}]\n",
			[]object{{Line: 1, Column: 1, Kind: "A", Name: "o", Namespace: "s", Mapping: true}},
		},
		"list": {
			"kind: List\nitems:\n- &a\n  kind: A\n- *a\n- null\n- kind: BList\n  items: [{kind: C}]\n",
			[]object{{Line: 1, Column: 1, Kind: "List", Mapping: true, List: true, Items: []object{
				{Line: 3, Column: 3, Kind: "A", Mapping: true},
				{Line: 5, Column: 3, Kind: "A", Mapping: true},
				{Line: 6, Column: 3, Empty: true},
				{Line: 7, Column: 3, Kind: "BList", Mapping: true, List: true, Items: []object{
					{Line: 8, Column: 11, Kind: "C", Mapping: true},
				}},
			}}},
		},
		"an item defined elsewhere": {
			"x: &a {kind: A}\nkind: List\nitems: [*a]\n",
			[]object{{Line: 1, Column: 1, Kind: "List", Mapping: true, List: true, Items: []object{{Line: 3, Column: 9, Kind: "A", Mapping: true}}}},
		},
		"line breaks that no editor knows": {
			"\u0085kind: A\u0085metadata: {name: o}", []object{{Line: 1, Column: 1, Kind: "A", Name: "o", Mapping: true}},
		},
		"items of no list":                  {"kind: A\nitems: [{kind: B}]\n", []object{{Line: 1, Column: 1, Kind: "A", Mapping: true, Traits: objects.Replaced}}},
		"items of no list, one by an alias": {"x: &b {kind: B}\nkind: A\nitems: [*b]\n", []object{{Line: 1, Column: 1, Kind: "A", Mapping: true, Traits: objects.Replaced}}},
		"items of no list and without a kind": {
			"kind: A\nitems:\n- name: b\n---\nkind: A\nitems: [{kind: B}, null]\n---\nkind: A\nitems: [{kind: 1}]\n", []object{
				{Line: 1, Column: 1, Kind: "A", Mapping: true, Traits: objects.Replaced | objects.OddItems},
				{Line: 5, Column: 1, Kind: "A", Mapping: true, Traits: objects.Replaced | objects.OddItems},
				{Line: 8, Column: 1, Kind: "A", Mapping: true, Traits: objects.Replaced | objects.OddItems},
			},
		},
		"no items of no list": {
			"kind: A\nitems: []\n---\nkind: A\nitems:\n---\nkind: A\nitems:\nspec: {}\n---\nkind: A\nitems:\nstatus:\n---\nkind: A\nitems: {b: c}\n---\nitems: []\n", []object{
				{Line: 1, Column: 1, Kind: "A", Mapping: true, Traits: objects.Replaced | objects.NoItems},
				{Line: 4, Column: 1, Kind: "A", Mapping: true, Traits: objects.NoItems},
				{Line: 7, Column: 1, Kind: "A", Mapping: true},
				{Line: 11, Column: 1, Kind: "A", Mapping: true},
				{Line: 15, Column: 1, Kind: "A", Mapping: true},
				{Line: 18, Column: 1, Mapping: true},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			file := scan(t, "a.yaml", []byte(row.text))
			assert.Equal(t, row.want, inspect(file.Objects))
			assert.Equal(t, objects.File{Objects: file.Objects}, file)
		})
	}
}

func TestSecrets(t *testing.T) {
	const head = "apiVersion: v1\nkind: Secret\n"
	for name, row := range map[string]struct {
		text              string
		secret, encrypted bool
	}{
		"data":                       {head + "data:\n  a: aHVudGVyMg==\n", true, false},
		"stringData":                 {head + "stringData: {a: 1}\n", true, false},
		"the kind comes last":        {"stringData:\n  a: b\n" + "kind: Secret\napiVersion: v1\n", true, false},
		"a block of text":            {head + "stringData:\n  a: |\n    b\n", true, false},
		"no mapping":                 {head + "data: text\n", true, false},
		"no mapping, and SOPS":       {head + "data: text\nstringData: {a: 'ENC[x]'}\n", true, false},
		"without data":               {head, false, false},
		"no entries":                 {head + "data: {}\nstringData:\n", false, false},
		"empty values":               {head + "data:\n  a: ''\n  b:\n", false, false},
		"through an alias":           {"x: &x {a: b}\n" + head + "data: *x\n", true, false},
		"merged":                     {"x: &x {a: b}\n" + head + "data:\n  <<: *x\n", true, false},
		"a variable":                 {head + "stringData:\n  a: ${PASSWORD}\n", false, false},
		"a variable with a default":  {head + "stringData:\n  a: ${PASSWORD:=hunter2}\n", false, false},
		"a variable among text":      {head + "stringData:\n  a: ${A} and ${B}\n", true, false},
		"SOPS":                       {head + "data:\n  a: ENC[AES256,x]\nsops:\n  mac: ENC[x]\n", false, true},
		"SOPS let a value be":        {head + "data:\n  a: b\nsops:\n  mac: ENC[x]\n", false, true},
		"SOPS without its mapping":   {head + "data:\n  a: ENC[AES256,x]\n", false, true},
		"one value is not encrypted": {head + "data:\n  a: ENC[AES256,x]\n  b: c\n", true, false},
		"an empty sops":              {head + "data:\n  a: b\nsops:\n", true, false},
		"SOPS elsewhere":             {"kind: ConfigMap\nsops: {mac: x}\n", false, true},
		"another API":                {"apiVersion: x/v1\nkind: Secret\ndata: {a: b}\n", false, false},
		"SealedSecret":               {"apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\ndata: {a: b}\n", false, false},
		"ExternalSecret":             {"apiVersion: external-secrets.io/v1\nkind: ExternalSecret\ndata:\n- a: b\n", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			file := scan(t, "a.yaml", []byte(row.text))
			require.Len(t, file.Objects, 1)
			assert.Equal(t, row.secret, file.Objects[0].Secret, "secret")
			assert.Equal(t, row.encrypted, file.Objects[0].Encrypted, "encrypted")
			assert.Empty(t, file.Problems)
		})
	}

	file := scan(t, "a.yaml", []byte("kind: List\nitems:\n- apiVersion: v1\n  kind: Secret\n  data: {a: b}\n"))
	assert.True(t, file.Objects[0].Items()[0].Secret, "in a list")
}
