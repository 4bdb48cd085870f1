// Command licences lists the modules behind the packages and tests of a module, with
// their licences. It fails for a licence that is not allowed, and for a missing one.
//
//	licences [directory of the module]
package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/google/licensecheck"
)

// allowed are licences that ask for little more than naming the authors.
var allowed = []string{"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT"}

// minCoverage is the least part of a file, in percent, that has to be the text of
// licences, as for pkg.go.dev. The rest may name authors and files.
const minCoverage = 75

func main() {
	flag.Parse()
	if err := run(os.Stdout, cmp.Or(flag.Arg(0), "."), allowed); err != nil {
		fmt.Fprintln(os.Stderr, "licences:", err)
		os.Exit(1)
	}
}

// module is a module in the module cache.
type module struct{ Path, Version, Dir string }

// run prints a line for each module. The error names all modules that are not allowed.
func run(w io.Writer, dir string, allowed []string) error {
	modules, err := list(dir)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	var errs []error
	for _, m := range slices.SortedFunc(maps.Keys(modules), func(a, b module) int { return cmp.Compare(a.Path, b.Path) }) {
		ids, err := licencesOf(m.Dir, modules[m])
		for _, id := range ids {
			if !slices.Contains(allowed, id) {
				err = errors.Join(err, fmt.Errorf("licence %s is not allowed", id))
			}
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", m.Path, err))
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", m.Path, m.Version, strings.Join(ids, ", "))
	}
	return errors.Join(append(errs, table.Flush())...)
}

// list returns the modules with the directories of the packages that are used.
func list(dir string) (map[module][]string, error) {
	cmd := exec.Command("go", "list", "-deps", "-test", "-json=Dir,Module", "./...")
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	modules := map[module][]string{}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			Dir    string
			Module *struct {
				module
				Main bool
			}
		}
		switch err := d.Decode(&p); {
		case errors.Is(err, io.EOF):
			return modules, nil
		case err != nil:
			return nil, err
		case p.Module != nil && !p.Module.Main: // neither the standard library nor our own
			modules[p.Module.module] = append(modules[p.Module.module], p.Dir)
		}
	}
}

// licencesOf returns the licences of the packages in a module, each of them once. A
// package may be below a directory with a licence of its own.
func licencesOf(root string, packages []string) ([]string, error) {
	ids, dirs := map[string]bool{}, map[string]bool{root: true}
	for _, dir := range packages {
		for ; dir != root && strings.HasPrefix(dir, root); dir = filepath.Dir(dir) {
			dirs[dir] = true
		}
	}
	for dir := range dirs {
		found, err := licencesIn(dir)
		if err == nil && dir == root && len(found) == 0 {
			err = errors.New("no licence found")
		}
		if err != nil {
			return nil, err
		}
		for _, id := range found {
			ids[id] = true
		}
	}
	return slices.Sorted(maps.Keys(ids)), nil
}

// licencesIn returns the licences in the files of a directory.
func licencesIn(dir string) (ids []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		if !isLicence(entry.Name()) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			return nil, err
		}
		found := licensecheck.Scan(text)
		if found.Percent < minCoverage {
			return nil, fmt.Errorf("%s: %.0f %% of the text are known licences", entry.Name(), found.Percent)
		}
		for _, match := range found.Match {
			ids = append(ids, match.ID)
		}
	}
	return ids, nil
}

// isLicence reports whether a file has a name for licences. The one of documents, such as
// LICENSE.docs, is another matter.
func isLicence(name string) bool {
	stem, extension, _ := strings.Cut(strings.ToUpper(name), ".")
	stem, _, _ = strings.Cut(stem, "-")
	return slices.Contains([]string{"LICENSE", "LICENCE", "COPYING", "UNLICENSE"}, stem) &&
		slices.Contains([]string{"", "TXT", "MD", "RST"}, extension)
}
