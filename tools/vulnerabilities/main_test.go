package main

import (
	"compress/gzip"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const goMod = `module example.com/victim

go 1.26.0

require example.com/library v1.0.0
`

const vendored = `# example.com/library v1.0.0
## explicit; go 1.26.0
example.com/library
`

// entry is a vulnerability of the library, in the format of https://go.dev/security/vuln/database.
const entry = `{
  "schema_version": "1.3.1", "id": "GO-2026-9999", "modified": "2026-01-01T00:00:00Z", "published": "2026-01-01T00:00:00Z",
  "summary": "Made up", "details": "Made up.",
  "affected": [{
    "package": {"name": "example.com/library", "ecosystem": "Go"},
    "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}]}],
    "ecosystem_specific": {"imports": [{"path": "example.com/library", "symbols": ["Call"]}]}
  }],
  "database_specific": {"url": "https://pkg.go.dev/vuln/GO-2026-9999", "review_status": "REVIEWED"}
}`

func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func zip(t *testing.T, text string) string {
	t.Helper()
	var out strings.Builder
	w := gzip.NewWriter(&out)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// file returns the URL of a directory.
func file(dir string) string {
	return (&url.URL{Scheme: "file", Path: "/" + strings.TrimPrefix(filepath.ToSlash(dir), "/")}).String()
}

func TestRun(t *testing.T) {
	t.Setenv("GOFLAGS", "") // the modules have their dependency in vendor
	calling, silent := t.TempDir(), t.TempDir()
	for dir, call := range map[string]string{calling: "library.Call()", silent: "library.Other()"} {
		write(t, dir, map[string]string{
			"go.mod":                                goMod,
			"main.go":                               "package main\n\nimport \"example.com/library\"\n\nfunc main() { " + call + " }\n",
			"vendor/modules.txt":                    vendored,
			"vendor/example.com/library/library.go": "package library\n\nfunc Call() {}\n\nfunc Other() {}\n",
		})
	}
	files := map[string]string{
		"index/db.json":        `{"modified": "2026-01-01T00:00:00Z"}`,
		"index/modules.json":   `[{"path": "example.com/library", "vulns": [{"id": "GO-2026-9999", "modified": "2026-01-01T00:00:00Z"}]}]`,
		"index/vulns.json":     `[{"id": "GO-2026-9999", "modified": "2026-01-01T00:00:00Z"}]`,
		"ID/GO-2026-9999.json": entry,
	}
	for name, text := range maps.Clone(files) {
		files[name+".gz"] = zip(t, text)
	}
	database := t.TempDir()
	write(t, database, files)
	served := httptest.NewServer(http.FileServer(http.Dir(database)))
	defer served.Close()
	broken := httptest.NewServer(http.NotFoundHandler())
	defer broken.Close()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()

	const notRun, found, failed = "NOT RUN: the vulnerability database cannot be reached", "GO-2026-9999", "exit status"
	for _, tt := range []struct {
		name, database, module string
		out, err               string // parts
	}{
		{"vulnerable function that is called", file(database), calling, found, failed},
		{"vulnerable function that is not called", file(database), silent, "No vulnerabilities found", ""},
		{"database that responds", served.URL, calling, found, failed},
		{"database that is no database", broken.URL, calling, "unrecognized vulndb format", failed},
		{"database that does not respond", gone.URL, calling, notRun, ""},
		{"host that does not exist", "https://vulnerabilities.invalid", calling, notRun, ""},
		{"module that does not exist", file(database), filepath.Join(calling, "missing"), "", failed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out strings.Builder
			err := run(&out, tt.database, []string{tt.module})
			if !strings.Contains(out.String(), tt.out) {
				t.Errorf("printed %s", out.String())
			}
			if (err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("got %v\n%s", err, out.String())
			}
		})
	}
}
