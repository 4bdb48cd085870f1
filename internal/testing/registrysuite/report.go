package registrysuite

import (
	"encoding/json"
	"os"
	"time"
)

// Outcome is the outcome of a case.
type Outcome string

const (
	// Passed means that the library works with the registry.
	Passed Outcome = "passed"
	// Failed means that it does not.
	Failed Outcome = "failed"
	// Unavailable means that the registry lacks a feature that the case needs.
	Unavailable Outcome = "not available"
)

// Result is the result of one case.
type Result struct {
	Name    string  `json:"name"`
	Outcome Outcome `json:"outcome"`
	// Note describes the behaviour of the registry, or why the case was skipped.
	Note string `json:"note,omitempty"`
}

// Registry holds the results of all cases with one registry.
type Registry struct {
	Kind    string   `json:"kind"`
	Version string   `json:"version,omitempty"`
	Results []Result `json:"results"`
}

// Report holds the results of a run.
type Report struct {
	Date       string     `json:"date"`
	Registries []Registry `json:"registries"`
	// Absent lists the registries that are not available, with the reasons.
	Absent []string `json:"absent,omitempty"`
}

// NewReport returns an empty report with the date of today.
func NewReport() *Report { return &Report{Date: time.Now().UTC().Format(time.DateOnly)} }

// Write writes the report to a file, as JSON.
func (r *Report) Write(file string) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(data, '\n'), 0o644)
}

// ReadReport reads a file written by [Report.Write].
func ReadReport(file string) (*Report, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	r := new(Report)
	return r, json.Unmarshal(data, r)
}
