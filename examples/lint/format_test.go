package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/preflight"
)

// hostile has findings of all kinds, with characters that mean something in a format.
func hostile() report {
	return report{
		findings: preflight.Findings{
			{Code: preflight.CodeTag, Severity: preflight.Info, Message: "the tag is 100% odd"},
			{Code: "acme/owner", Severity: preflight.Warning, File: "a b/ü,c:d%.yaml", Message: "no owner\n::error::x", Hint: "annotate it"},
			{Code: "acme/owner", Severity: preflight.Warning, File: "x:y\r\n::warning::.yaml", Line: 3, Message: "no owner", Hint: "set SkipSpecial"},
			{Code: preflight.CodeNoName, Severity: preflight.Error, File: "base/app.yaml", Line: 2, Column: 5, Message: "no \"name\" <&>", Hint: "a\nb"},
		},
		summary: summary{3, 1, 2, 1},
		roots:   []manifests.Root{{Dir: "deploy"}, {Path: "base", Dir: "../base"}},
	}
}

func write(t *testing.T, format string) string {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, formats[format](hostile(), &out))
	return out.String()
}

// Values are escaped as https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
// describes, so that none ends a command.
func TestAnnotations(t *testing.T) {
	assert.Equal(t, `::notice title=tag::the tag is 100%25 odd
::warning file=deploy/a b/ü%2Cc%3Ad%25.yaml,title=acme/owner::no owner ::error::x%0Ahint: annotate it
::warning file=deploy/x%3Ay%0D%0A%3A%3Awarning%3A%3A.yaml,line=3,title=acme/owner::no owner%0Ahint: set -skip-special
::error file=../base/app.yaml,line=2,col=5,title=no-name::no "name" <&>%0Ahint: a b
files: 3, errors: 1, warnings: 2, infos: 1
`, write(t, "github"))
}

func TestSARIF(t *testing.T) {
	want, err := os.ReadFile(filepath.Join("testdata", "golden.sarif"))
	require.NoError(t, err)
	assert.Equal(t, string(want), write(t, "sarif"))
}

// These are the members that the schema of SARIF 2.1.0 requires, and the values that it
// allows, of the objects that lint writes.
func TestSARIFHasWhatTheSchemaRequires(t *testing.T) {
	for _, empty := range []bool{false, true} {
		r := hostile()
		if empty {
			r.findings = nil
		}
		var out bytes.Buffer
		require.NoError(t, r.sarif(&out))
		var log struct {
			Version string
			Runs    []struct {
				Tool struct {
					Driver struct {
						Name  string
						Rules []struct {
							ID                     string
							ShortDescription, Help struct{ Text string }
						}
					}
				}
				Results *[]struct {
					RuleID, Level string
					RuleIndex     int
					Message       struct{ Text string }
					Locations     []struct {
						PhysicalLocation struct {
							ArtifactLocation struct{ URI string }
							Region           *struct{ StartLine, StartColumn *int }
						}
					}
				}
			}
		}
		require.NoError(t, json.Unmarshal(out.Bytes(), &log))
		assert.Equal(t, "2.1.0", log.Version)
		require.Len(t, log.Runs, 1)
		run := log.Runs[0]
		assert.NotEmpty(t, run.Tool.Driver.Name)
		assert.NotNil(t, run.Tool.Driver.Rules)
		require.NotNil(t, run.Results, "null means that the program found no results because it failed")
		require.Len(t, *run.Results, len(r.findings))
		for _, result := range *run.Results {
			require.Less(t, result.RuleIndex, len(run.Tool.Driver.Rules))
			rule := run.Tool.Driver.Rules[result.RuleIndex]
			assert.Equal(t, rule.ID, result.RuleID)
			assert.NotEmpty(t, rule.ShortDescription.Text)
			assert.NotEmpty(t, rule.Help.Text)
			assert.Contains(t, []string{"error", "warning", "note"}, result.Level)
			assert.NotEmpty(t, result.Message.Text)
			require.Len(t, result.Locations, 1)
			location := result.Locations[0].PhysicalLocation
			assert.NotEmpty(t, location.ArtifactLocation.URI)
			assert.False(t, strings.ContainsAny(location.ArtifactLocation.URI, " ü\r\n"))
			if region := location.Region; region != nil {
				assert.Positive(t, *region.StartLine)
				assert.True(t, region.StartColumn == nil || *region.StartColumn > 0)
			}
		}
	}
}

func TestFormats(t *testing.T) {
	dir := shop(t)
	for _, tt := range []struct {
		name   string
		args   []string
		status int
		stdout string
		stderr string
	}{
		{"text", []string{"-format", "text"}, 1, "hints\n  duplicate-object", ""},
		{"JSON", []string{"-format", "json"}, 1, `"summary": {`, ""},
		{"-json", []string{"-json"}, 1, `"summary": {`, ""},
		{"SARIF", []string{"-format", "sarif"}, 1, `"uri": "app.yaml"`, ""},
		{"GitHub", []string{"-format", "github"}, 1, "::error file=" + filepath.ToSlash(dir) + "/app.yaml,line=1,col=1,title=duplicate-object::Flux ", ""},
		{"unknown", []string{"-format", "xml"}, 2, "", `-format: "xml" is not text, json, sarif or github`},
		{"two", []string{"-json", "-format", "sarif"}, 2, "", "-json and -format sarif contradict each other"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, stdout, stderr := lint(t, append(tt.args, "-engine", "flux", dir)...)
			assert.Equal(t, tt.status, status)
			assert.Contains(t, stdout, tt.stdout)
			assert.Contains(t, stderr, tt.stderr)
		})
	}
}

// A large tree fits on a screen of 24 lines, with the exit status that go run prints.
func TestLintOfALargeTree(t *testing.T) {
	dir := t.TempDir()
	for i := range 100 {
		name := filepath.Join(dir, string(rune('a'+i/26))+string(rune('a'+i%26))+".yaml")
		require.NoError(t, os.WriteFile(name, []byte(object), 0o600))
	}
	_, stdout, stderr := lint(t, "-engine", "flux", dir)
	assert.LessOrEqual(t, strings.Count(stdout+stderr, "\n"), 23)
	assert.Regexp(t, `^\d+ errors?.* in \d+ files, by rule \(-v lists all of them\):\nerror  duplicate-object: 99 in 99 files`, stdout)
	assert.Regexp(t, `\nfiles: 100, errors: 99, warnings: \d+, infos: \d+\n$`, stdout)
	_, all, _ := lint(t, "-v", "-engine", "flux", dir)
	assert.Equal(t, 99, strings.Count(all, "1:1  error  duplicate-object"))
}
