package registrysuite

import (
	"cmp"
	"slices"
	"strings"
)

// Markdown returns the report as a table with a row for each case and a column for
// each registry, followed by the registries that are not available.
func (r *Report) Markdown() string {
	var b strings.Builder
	b.WriteString(r.Table())
	for _, absent := range r.Absent {
		b.WriteString("\n" + absent + "\n")
	}
	return b.String()
}

// Table returns the table alone.
func (r *Report) Table() string {
	var b strings.Builder
	rule := "|---|"
	b.WriteString("| " + r.Date + " |")
	for _, registry := range r.Registries {
		b.WriteString(" " + registry.title() + " |")
		rule += "---|"
	}
	b.WriteString("\n" + rule + "\n")
	for _, name := range r.names() {
		b.WriteString("| " + name + " |")
		for _, registry := range r.Registries {
			b.WriteString(" " + registry.cell(name) + " |")
		}
		b.WriteString("\n")
	}
	return b.String()
}

// title returns the kind with the version below it.
func (r Registry) title() string {
	if r.Version == "" {
		return r.Kind
	}
	return r.Kind + "<br>" + r.Version
}

// names lists the names of all cases, in order.
func (r *Report) names() []string {
	var names []string
	for _, registry := range r.Registries {
		for _, result := range registry.Results {
			if !slices.Contains(names, result.Name) {
				names = append(names, result.Name)
			}
		}
	}
	return names
}

func (r Registry) cell(name string) string {
	i := slices.IndexFunc(r.Results, func(result Result) bool { return result.Name == name })
	if i < 0 {
		return ""
	}
	result := r.Results[i]
	note := strings.ReplaceAll(result.Note, "|", `\|`)
	switch result.Outcome {
	case Passed:
		return cmp.Or(note, "yes")
	case Unavailable:
		return "– " + note
	}
	return "**failed**"
}

// Failed returns the number of failed cases.
func (r *Report) Failed() int {
	failed := 0
	for _, registry := range r.Registries {
		for _, result := range registry.Results {
			if result.Outcome == Failed {
				failed++
			}
		}
	}
	return failed
}
