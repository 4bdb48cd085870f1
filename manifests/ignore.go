package manifests

import (
	"errors"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/kubeoci/oci/internal/flux"
	"github.com/kubeoci/oci/internal/ignore"
)

// ignoreFile is the name of the files that hold rules.
const ignoreFile = flux.IgnoreFile

// FluxDefaults returns the rules by which Flux drops files of an artifact that
// has no .sourceignore.
func FluxDefaults() []string { return flux.DefaultIgnore() }

// rules are what is ignored in a folder.
type rules struct {
	last  *ignore.Matcher // those of the options, which win
	files *ignore.Matcher // those of files, and of Flux below
}

// compiledRules are the rules of the options, parsed once for all trees.
type compiledRules struct {
	texts         []string // of the options
	options, flux []ignore.Pattern
}

// compiledFrom reports whether the rules are those of o. The fields of options that
// were resolved may have been changed since.
func (c *compiledRules) compiledFrom(o Options) bool {
	return c != nil && slices.Equal(c.texts, o.Ignore) && (len(c.flux) > 0) == o.IgnoreFluxDefaults
}

func compileRules(o Options) (*compiledRules, error) {
	c := &compiledRules{texts: o.Ignore}
	var err error
	if c.options, err = parseRules(o.Ignore, sourceOptions); err != nil || !o.IgnoreFluxDefaults {
		return c, err
	}
	c.flux, err = parseRules(FluxDefaults(), sourceFluxDefaults)
	return c, err
}

// in returns the rules that apply to the tree whose files go to folder.
func (c *compiledRules) in(folder string) rules {
	var none *ignore.Matcher
	return rules{last: none.Add(folder, c.options), files: none.Add(folder, c.flux)}
}

// parseRules is for rules of one line each. A line without a rule, which is normal
// in a file, is a mistake here.
func parseRules(lines []string, source string) ([]ignore.Pattern, error) {
	for _, line := range lines {
		patterns, err := ignore.Parse([]byte(line), source)
		if err != nil {
			return nil, &PathError{Path: source, Err: errTooManyRules}
		}
		if len(patterns) != 1 || patterns[0].Useless() || strings.ContainsAny(line, "\n\x00") {
			return nil, &PathError{Path: line, Err: ErrInvalidIgnore}
		}
	}
	patterns, err := ignore.Parse([]byte(strings.Join(lines, "\n")), source)
	if err != nil {
		return nil, &PathError{Path: source, Err: errTooManyRules}
	}
	return patterns, nil
}

// ignoring returns the rule that ignores what is at path, or nil.
func (r rules) ignoring(path string, folder bool) *ignore.Pattern {
	p, ignored := r.last.Match(path, folder)
	if p == nil {
		p, ignored = r.files.Match(path, folder)
	}
	if !ignored {
		return nil
	}
	return p
}

// enters reports whether the walk comes into the folder at path.
func (r rules) enters(path string) bool {
	return !isVersionControl(path[strings.LastIndexByte(path, '/')+1:]) && r.ignoring(path, true) == nil
}

func (w *walker) ignore(path string, folder bool, p *ignore.Pattern) {
	if folder {
		path += "/"
	}
	source := p.Source
	if strings.HasSuffix(source, ignoreFile) {
		source += ":" + strconv.Itoa(p.Line)
	}
	w.set.skipped = append(w.set.skipped, Skipped{path, ReasonIgnored, p.Text, source})
}

// findIgnoreFile returns the entry of the ignore file, or nil.
func findIgnoreFile(entries []fs.DirEntry) fs.DirEntry {
	for _, entry := range entries {
		if entry.Name() == ignoreFile {
			return entry
		}
	}
	return nil
}

// withIgnoreFile adds the rules of the folder's own ignore file, if it has one.
func (w *walker) withIgnoreFile(at place, entries []fs.DirEntry, r rules) (rules, error) {
	if w.opts.SkipIgnoreFiles {
		return r, nil
	}
	entry := findIgnoreFile(entries)
	if entry == nil {
		return r, nil
	}
	file := at.child(ignoreFile)
	kind := entry.Type()
	if kind&fs.ModeSymlink != 0 {
		real, target, err := w.follow(file)
		if err != nil {
			return r, err
		}
		file.real, kind = real, target.Mode().Type()
	}
	if !kind.IsRegular() || slices.ContainsFunc(strings.Split(file.real, "/"), isVersionControl) {
		return r, &PathError{Path: file.path, Err: ErrSpecialFile}
	}
	data, err := w.readRules(file.real)
	if err != nil {
		return r, &PathError{Path: file.path, Err: err}
	}
	patterns, err := ignore.Parse(data, file.path)
	if err != nil {
		return r, &PathError{Path: file.path, Err: errTooManyRules}
	}
	r.files = r.files.Add(at.path, patterns)
	return r, nil
}

// readRules reads one byte more than an ignore file may have, if it has.
func (w *walker) readRules(name string) ([]byte, error) {
	file, err := w.fsys.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrFileChanged
	}
	if err != nil {
		return nil, systemError(err)
	}
	defer func() { _ = file.Close() }() // only read from
	info, err := file.Stat()
	if err != nil {
		return nil, systemError(err)
	}
	if !info.Mode().IsRegular() { // what took its place
		return nil, ErrFileChanged
	}
	data, err := io.ReadAll(io.LimitReader(file, ignore.MaxSize+1))
	if err != nil {
		return nil, systemError(err)
	}
	return data, nil
}
