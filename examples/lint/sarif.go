package main

import (
	"cmp"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/kubeoci/oci/examples/cli"
	"github.com/kubeoci/oci/preflight"
)

// The parts of the Static Analysis Results Interchange Format 2.1.0 that lint writes.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool    sarifTool     `json:"tool"`
		Results []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		InformationURI string      `json:"informationUri"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID               string    `json:"id"`
		ShortDescription sarifText `json:"shortDescription"`
		Help             sarifText `json:"help"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID    string          `json:"ruleId"`
		RuleIndex int             `json:"ruleIndex"`
		Level     string          `json:"level"`
		Message   sarifText       `json:"message"`
		Locations []sarifLocation `json:"locations"`
	}
	sarifLocation struct {
		PhysicalLocation sarifPhysicalLocation `json:"physicalLocation"`
	}
	sarifPhysicalLocation struct {
		ArtifactLocation sarifArtifactLocation `json:"artifactLocation"`
		Region           *sarifRegion          `json:"region,omitempty"`
	}
	sarifArtifactLocation struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn,omitempty"`
	}
)

// levels are the names of the severities in SARIF.
var levels = map[preflight.Severity]string{preflight.Error: "error", preflight.Warning: "warning", preflight.Info: "note"}

// sarif prints the findings as SARIF, with the paths of files relative to DIR.
func (r report) sarif(w io.Writer) error {
	rules, index := rulesOf(r.findings)
	results := []sarifResult{}
	for _, f := range r.findings {
		results = append(results, sarifResult{
			RuleID:    string(f.Code),
			RuleIndex: index[f.Code],
			Level:     levels[f.Severity],
			Message:   sarifText{cli.OneLine(f.Message)},
			Locations: []sarifLocation{{locationOf(f)}},
		})
	}
	return writeJSON(w, sarifLog{
		Schema:  "https://json.schemastore.org/sarif-2.1.0.json",
		Version: "2.1.0",
		Runs: []sarifRun{{
			Tool:    sarifTool{sarifDriver{"lint", "https://github.com/kubeoci/oci", rules}},
			Results: results,
		}},
	})
}

// locationOf returns the place of a finding. That of one without a file is DIR, because
// GitHub refuses a result without a location.
func locationOf(f preflight.Finding) sarifPhysicalLocation {
	file := url.URL{Path: cmp.Or(f.File, ".")}
	location := sarifPhysicalLocation{ArtifactLocation: sarifArtifactLocation{file.String()}}
	if f.Line > 0 {
		location.Region = &sarifRegion{f.Line, f.Column}
	}
	return location
}

// rulesOf returns the rules of findings, and the index of each. The help of a rule is the
// hints of its findings.
func rulesOf(findings preflight.Findings) (rules []sarifRule, index map[preflight.Code]int) {
	hints := map[preflight.Code][]string{}
	for _, f := range findings {
		own := hints[f.Code]
		if hint := cli.OneLine(cli.Hint(f.Hint)); hint != "" && !slices.Contains(own, hint) {
			own = append(own, hint)
		}
		hints[f.Code] = own
	}
	rules, index = []sarifRule{}, map[preflight.Code]int{}
	for code, own := range hints {
		description := cmp.Or(code.Description(), string(code))
		rules = append(rules, sarifRule{string(code), sarifText{description}, sarifText{cmp.Or(strings.Join(own, "\n"), description)}})
	}
	slices.SortFunc(rules, func(a, b sarifRule) int { return cmp.Compare(a.ID, b.ID) })
	for i, rule := range rules {
		index[preflight.Code(rule.ID)] = i
	}
	return rules, index
}
