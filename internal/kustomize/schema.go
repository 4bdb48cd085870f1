package kustomize

import (
	"slices"
	"strings"

	"github.com/kubeoci/oci/internal/closest"
)

// rule collects the facts in one value.
type rule func(p *parser, v value)

// kustomization is the rule for the whole document. It has all fields that kustomize
// knows.
var kustomization = mapping(fields{
	"apiVersion": version,
	"kind":       kind,
	"metadata":   mapping(fields{"name": text, "namespace": text, "labels": texts(text), "annotations": texts(text)}),
	"openapi":    set(rewrites, openAPI),

	"namePrefix":            set(affixes, into(func(k *Kustomization) *string { return &k.Prefix })),
	"nameSuffix":            set(affixes, into(func(k *Kustomization) *string { return &k.Suffix })),
	"namespace":             into(func(k *Kustomization) *string { return &k.Namespace }),
	"commonLabels":          texts(text),
	"labels":                list(mapping(fields{"pairs": texts(text), "includeSelectors": boolean, "includeTemplates": boolean, "fields": list(mapping(ids, fields{"path": text, "create": boolean}))})),
	"commonAnnotations":     annotations,
	"patchesStrategicMerge": set(patches, entries(strategic)),
	"patchesJson6902":       set(patches, entries(patchOf(patch, true))),
	"patches":               set(patches, entries(patchOf(patch, false))),
	"images":                list(image),
	"imageTags":             list(image),
	"replacements": entries(check(mapping(fields{
		"path":        set(rewrites, path(File)),
		"source":      mapping(ids, named, fields{"fieldPath": embedded, "options": options}),
		"targets":     list(replaced(check(mapping(fields{"select": selector(embedded), "reject": list(selector(embedded)), "fieldPaths": list(embedded), "options": options}), hasSelect, Fault{Err: ErrNoSelect}))),
		"sourceValue": embedded,
	}), hasReplacement, Fault{Err: ErrReplacement})),
	"replicas": list(replicas(mapping(fields{"name": text, "count": number}))),
	"vars": set(rewrites, list(mapping(fields{
		"name":     text,
		"objref":   mapping(ids, fields{"apiVersion": text, "name": text, "namespace": text}),
		"fieldref": mapping(fields{"fieldPath": text}),
	}))),
	"sortOptions": check(mapping(fields{"order": text, "legacySortOptions": mapping(fields{"orderFirst": list(text), "orderLast": list(text)})}), hasOrder, Fault{Err: ErrOrder, Top: true}),

	"resources":  entries(path(FileOrDirectory)),
	"components": entries(path(Directory)),
	"crds":       entries(path(File)),
	"bases":      entries(path(FileOrDirectory)),

	"configMapGenerator": entries(generator("ConfigMap", mapping(generated, fields{"literals": list(literal)}))),
	"secretGenerator":    entries(generator("Secret", mapping(generated, fields{"literals": list(secretLiteral), "type": text}))),
	"helmGlobals":        mapping(fields{"chartHome": path(Tree), "configHome": text}),
	"helmCharts": set(inflates, entries(mapping(fields{
		"name": text, "version": text, "repo": text, "releaseName": text, "namespace": text,
		"valuesFile": path(File), "additionalValuesFiles": entries(path(File)), "valuesInline": anything, "valuesMerge": text,
		"includeCRDs": boolean, "skipHooks": boolean, "apiVersions": list(text), "kubeVersion": text,
		"nameTemplate": text, "skipTests": boolean, "debug": boolean, "devel": boolean,
	}))),
	"helmChartInflationGenerator": set(inflates, entries(mapping(fields{
		"chartName": text, "chartVersion": text, "chartRepoUrl": text, "chartHome": path(Tree), "chartRepoName": text,
		"helmBin": text, "helmHome": text, "values": path(File), "valuesLocal": anything, "valuesMerge": text,
		"releaseName": text, "releaseNamespace": text, "extraArgs": list(text),
	}))),
	"generatorOptions": generatorOptions(text),
	"configurations":   set(configures, entries(path(File))),
	"generators":       set(generates, entries(plugin)),
	"transformers":     set(rewrites, entries(plugin)),
	"validators":       entries(plugin),
	"buildMetadata":    list(text),
})

// Parts of it. The rule of a text is embedded where a type of kustomize embeds another
// that has the field.
var (
	ids     = fields{"group": embedded, "version": embedded, "kind": embedded}
	named   = fields{"name": embedded, "namespace": embedded}
	options = mapping(fields{"delimiter": embedded, "index": number, "encoding": embedded, "create": boolean})
	image   = mapping(fields{"name": text, "newName": text, "tagSuffix": text, "newTag": text, "digest": text})
	patch   = mapping(fields{"path": path(File), "patch": both(text, inline), "target": selector(text), "options": patchOptions})

	patchOptions = mapping(fields{"allowNameChange": set(rewrites, boolean), "allowKindChange": set(rewrites, boolean)})

	generated = fields{
		"namespace": embedded, "name": embedded, "behavior": embedded,
		"files": entries(source), "envs": entries(path(File)), "env": path(File), "options": generatorOptions(embedded),
	}
)

func generatorOptions(text rule) rule {
	return mapping(fields{"labels": texts(text), "annotations": texts(text), "disableNameSuffixHash": boolean, "immutable": boolean})
}

func selector(text rule) rule {
	return mapping(ids, named, fields{"annotationSelector": text, "labelSelector": text})
}

// fields are the rules of a mapping, by the names of its fields as kustomize writes them.
type fields map[string]rule

// mapping applies rules to the fields of a mapping, and reports the fields without one.
func mapping(parts ...fields) rule {
	rules, names := fields{}, []string{}
	for _, part := range parts {
		for name, read := range part {
			rules[strings.ToLower(name)] = read
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return func(p *parser, v value) {
		p.fields(v, true, func(f field) {
			if read, ok := rules[strings.ToLower(f.name)]; ok {
				read(p, f.value)
				return
			}
			f.at = f.key
			p.fault(f.value, Fault{Err: ErrUnknownField, Lenient: true, Closest: closest.Of(f.name, slices.Values(names))})
		})
	}
}
