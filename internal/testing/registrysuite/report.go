package registrysuite

import (
	"encoding/json"
	"os"
	"time"
)

// Outcome is what came of a case.
type Outcome string

const (
	// Passed says that the library does it with the registry.
	Passed Outcome = "passed"
	// Failed says that it does not.
	Failed Outcome = "failed"
	// Unavailable says that the registry cannot do what would be needed.
	Unavailable Outcome = "not available"
)

// Result is what came of one case.
type Result struct {
	Name    string  `json:"name"`
	Outcome Outcome `json:"outcome"`
	// Note says in what way, or why not.
	Note string `json:"note,omitempty"`
}

// Registry is what came of all cases with one registry.
type Registry struct {
	Kind    string   `json:"kind"`
	Version string   `json:"version,omitempty"`
	Results []Result `json:"results"`
}

// Report is what came of a run.
type Report struct {
	Date       string     `json:"date"`
	Registries []Registry `json:"registries"`
	// Absent says which registries are not here, and why.
	Absent []string `json:"absent,omitempty"`
}

// NewReport returns a report of today, of nothing so far.
func NewReport() *Report { return &Report{Date: time.Now().UTC().Format(time.DateOnly)} }

// Write writes the report to a file, as JSON.
func (r *Report) Write(file string) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(data, '\n'), 0o644)
}

// ReadReport reads what [Report.Write] wrote.
func ReadReport(file string) (*Report, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	r := new(Report)
	return r, json.Unmarshal(data, r)
}
