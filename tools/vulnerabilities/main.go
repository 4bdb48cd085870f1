// Command vulnerabilities runs govulncheck for modules, tests included. It fails if that
// finds a vulnerability, or fails itself. Where the database cannot be reached, it reports
// so and succeeds.
//
//	vulnerabilities directory...
//
// GOVULNDB is the URL of another database.
package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

func main() {
	flag.Parse()
	database := cmp.Or(os.Getenv("GOVULNDB"), "https://vuln.go.dev")
	if err := run(os.Stdout, database, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "vulnerabilities:", err)
		os.Exit(1)
	}
}

// run checks all modules before it returns an error.
func run(w io.Writer, database string, modules []string) error {
	if err := reach(database); err != nil {
		fmt.Fprintln(w, "NOT RUN: the vulnerability database cannot be reached:", err)
		return nil
	}
	var errs []error
	for _, dir := range modules {
		fmt.Fprintf(w, "%s:\n", dir)
		dir, err := filepath.Abs(dir)
		if err != nil {
			return err
		}
		cmd := exec.Command("go", "tool", "govulncheck", "-db", database, "-C", dir, "-test", "./...")
		cmd.Stdout, cmd.Stderr = w, w
		if err := cmd.Run(); err != nil { // exit status 3: something was found
			errs = append(errs, fmt.Errorf("govulncheck in %s: %w", dir, err))
		}
	}
	return errors.Join(errs...)
}

// reach returns an error if nothing responds. Whatever else is wrong with a database is
// left to govulncheck.
func reach(database string) error {
	at, err := url.Parse(database)
	if err != nil || at.Scheme == "file" {
		return nil
	}
	client := http.Client{Timeout: 20 * time.Second}
	resp, err := client.Get(at.JoinPath("index", "db.json").String())
	if err != nil {
		return err
	}
	return resp.Body.Close()
}
