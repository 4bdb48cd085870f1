package preflight

import (
	"fmt"
	"strings"

	"github.com/kubeoci/oci/internal/objects"
)

const hintHuge = "split it, or mount the data from elsewhere"

// checkGenerated reports the ConfigMaps and Secrets with more data than the API server
// accepts that kustomizations generate from files. Literals are not counted.
func checkGenerated(m *model, r *report) {
	for _, b := range m.distinct {
		if m.ended() {
			return
		}
		sizes := map[string]int64{} // by generator
		for _, named := range b.files {
			generator, kind := generatorOf(named.at.Field)
			if generator == "" {
				continue
			}
			before := sizes[generator]
			sizes[generator] += named.file.Size
			if before > objects.MaxData || sizes[generator] <= objects.MaxData {
				continue
			}
			building := m.building(b.source)
			r.refuseBuild(Finding{
				File: b.file.Path, Line: named.at.Line, Column: named.at.Column, Hint: hintHuge,
				Message: fmt.Sprintf("%s to apply the %s of %.100s, because it has more than %d bytes of data", kustomizeSubject(building, "fail"), kind, generator, objects.MaxData),
			}, building)
		}
	}
}

// generatorOf returns the generator, such as configMapGenerator[0], whose files a field
// lists, and the kind of its object.
func generatorOf(field string) (generator, kind string) {
	generator, files, found := strings.Cut(field, ".")
	switch name, _, _ := strings.Cut(strings.ToLower(generator), "["); {
	case !found || !strings.HasPrefix(strings.ToLower(files), "files["):
		return "", ""
	case name == "configmapgenerator":
		return generator, "ConfigMap"
	case name == "secretgenerator":
		return generator, "Secret"
	}
	return "", ""
}
