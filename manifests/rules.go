package manifests

import (
	"slices"
	"strconv"
	"strings"

	"github.com/kubeoci/oci/internal/filename"
	"github.com/kubeoci/oci/internal/flux"
	"github.com/kubeoci/oci/internal/ignore"
)

// rules are the ignore rules that apply in a directory.
type rules struct {
	options *ignore.Matcher // win over the others
	files   *ignore.Matcher // with Flux's defaults above them
	size    int             // of the ignore files, in bytes
}

// compiledRules are the rules of the options, parsed once for all trees.
type compiledRules struct {
	texts         []string // of the options
	options, flux ignore.Rules
}

// compiledFrom reports whether the rules are those of o. The fields of options that
// were resolved may have been changed since.
func (c *compiledRules) compiledFrom(o Options) bool {
	return c != nil && slices.Equal(c.texts, o.Ignore) && (len(c.flux.Patterns()) > 0) == o.IgnoreFluxDefaults
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
func parseRules(lines []string, source string) (ignore.Rules, error) {
	for _, line := range lines {
		parsed, err := ignore.Parse([]byte(line), source)
		if err != nil {
			return ignore.Rules{}, &PathError{Path: source, Err: errTooManyRules}
		}
		patterns := parsed.Patterns()
		if len(patterns) != 1 || patterns[0].Useless() || strings.ContainsAny(line, "\n\x00") {
			return ignore.Rules{}, &PathError{Path: line, Err: ErrInvalidIgnore}
		}
	}
	parsed, err := ignore.Parse([]byte(strings.Join(lines, "\n")), source)
	if err != nil {
		return ignore.Rules{}, &PathError{Path: source, Err: errTooManyRules}
	}
	return parsed, nil
}

// ignoring returns the rule that ignores the entry at path, and whether there is one.
func (r rules) ignoring(path string, isDir bool) (ignore.Rule, bool) {
	rule, ignored := r.options.Match(path, isDir)
	if rule.Pattern == nil {
		rule, ignored = r.files.Match(path, isDir)
	}
	return rule, ignored
}

// with adds the rules of an ignore file in a directory.
func (r rules) with(dir string, file ignoreRules, source string) rules {
	r.files = r.files.Add(dir, file.From(source))
	r.size += len(file.text)
	return r
}

// enters reports whether the directory at path is walked.
func (r rules) enters(path string) bool {
	_, ignored := r.ignoring(path, true)
	return !ignored && !filename.IsVersionControl(path[strings.LastIndexByte(path, '/')+1:])
}

// sourceOf describes the origin of a rule.
func sourceOf(r ignore.Rule) string {
	if strings.HasSuffix(r.Source, ignoreFile) {
		return r.Source + ":" + strconv.Itoa(r.Line)
	}
	return r.Source
}
