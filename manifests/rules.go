package manifests

import (
	"slices"
	"strconv"
	"strings"

	"github.com/kubeoci/oci/internal/flux"
	"github.com/kubeoci/oci/internal/ignore"
)

// rules are the ignore rules that apply in a directory.
type rules struct {
	options *ignore.Matcher // win over the others
	files   *ignore.Matcher // with Flux's defaults above them
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
	c := &compiledRules{texts: slices.Clone(o.Ignore)}
	var err error
	if c.options, err = parseRules(o.Ignore, sourceOptions); err != nil || !o.IgnoreFluxDefaults {
		return c, err
	}
	c.flux, err = parseRules(flux.DefaultIgnore(), sourceFluxDefaults)
	return c, err
}

// in returns the rules that apply to the tree whose files go to dir.
func (c *compiledRules) in(dir string) rules {
	var none *ignore.Matcher
	return rules{options: none.Add(dir, c.options), files: none.Add(dir, c.flux)}
}

// parseRules parses rules of one line each. A line without a rule is normal in a
// file, but a mistake here.
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

// ignoring returns the rule that ignores the entry at path, or nil.
func (r rules) ignoring(path string, isDir bool) *ignore.Pattern {
	p, ignored := r.options.Match(path, isDir)
	if p == nil {
		p, ignored = r.files.Match(path, isDir)
	}
	if !ignored {
		return nil
	}
	return p
}

// with adds the rules of an ignore file in a directory.
func (r rules) with(dir string, patterns []ignore.Pattern) rules {
	r.files = r.files.Add(dir, patterns)
	return r
}

// enters reports whether the directory at path is walked.
func (r rules) enters(path string) bool {
	return !isVersionControl(path[strings.LastIndexByte(path, '/')+1:]) && r.ignoring(path, true) == nil
}

// ignoredBy describes an entry that a rule ignores.
func ignoredBy(p *ignore.Pattern, path string, isDir bool) Skipped {
	if isDir {
		path += "/"
	}
	source := p.Source
	if strings.HasSuffix(source, ignoreFile) {
		source += ":" + strconv.Itoa(p.Line)
	}
	return Skipped{path, ReasonIgnored, p.Text, source}
}
