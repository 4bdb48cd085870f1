package preflight

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// report collects the findings of one rule after another.
type report struct {
	rule rule // whose check is running

	maxAll, maxFile int
	found           [ranks][]found
	inFile          map[string]*[ranks]int // how many were found in a file
	omitted         [ranks]int             // not in found
	refusing        map[*view]bool         // views with a finding that refuse the artifact
	// refusalsOnly reports that only refusing is of interest.
	refusalsOnly bool
}

// found is a finding, and the engines that certainly fail or render nothing
// because of it.
type found struct {
	Finding
	refusing []*view
}

// rank orders findings before it is known whether all engines refuse the artifact, which
// makes an Error of what engines refuse that were not named.
type rank int

const (
	rankInfo rank = iota
	rankWarning
	rankRefused
	rankError
	ranks
)

// rankOf is the rank of a finding that no engine refuses.
var rankOf = [...]rank{Info: rankInfo, Warning: rankWarning, Error: rankError}

func newReport(opts Options) *report {
	return &report{
		maxAll:   cmp.Or(opts.MaxFindings, defaultMaxFindings),
		maxFile:  cmp.Or(opts.MaxFileFindings, defaultMaxFileFindings),
		inFile:   map[string]*[ranks]int{},
		refusing: map[*view]bool{},
	}
}

// add reports a finding that concerns some engines, or none in particular. Its code,
// severity and hint are those of the rule unless it has its own.
func (r *report) add(f Finding, concerned ...*view) {
	r.append(f, concerned, nil)
}

// refuse reports a finding because of which engines fail or render nothing. Its
// severity depends on them alone.
func (r *report) refuse(f Finding, refusing []*view) {
	r.append(f, refusing, refusing)
}

// omitWarnings counts findings that a rule does not list.
func (r *report) omitWarnings(n int) { r.omitted[rankWarning] += n }

func (r *report) append(f Finding, concerned, refusing []*view) {
	for _, v := range refusing {
		r.refusing[v] = true
	}
	if r.refusalsOnly {
		return
	}
	f.Code = cmp.Or(f.Code, r.rule.code)
	if f.Severity == 0 {
		f.Severity = r.rule.severity
	}
	if f.Hint == "" {
		f.Hint = r.rule.hint
	}
	if len(concerned) == 1 {
		f.Engine = concerned[0].engine
	}
	r.keep(found{f, refusing})
}

// keep keeps a finding if there are not too many in its file, nor too many that are as
// bad or worse in all.
func (r *report) keep(f found) {
	rank := f.rank()
	if f.File != "" {
		inFile := r.inFile[f.File]
		if inFile == nil {
			inFile = new([ranks]int)
			r.inFile[f.File] = inFile
		}
		if inFile[rank]++; inFile[rank] > r.maxFile {
			r.omitted[rank]++
			return
		}
	}
	if r.total() >= r.maxAll && !r.omitOne(rank) {
		r.omitted[rank]++
		return
	}
	r.found[rank] = append(r.found[rank], f)
}

// total returns how many findings are kept.
func (r *report) total() (n int) {
	for _, same := range r.found {
		n += len(same)
	}
	return n
}

// omitOne omits a finding that is less bad than others, and reports whether there was
// one.
func (r *report) omitOne(than rank) bool {
	for rank := range than {
		if last := len(r.found[rank]) - 1; last >= 0 {
			r.found[rank] = r.found[rank][:last]
			r.omitted[rank]++
			return true
		}
	}
	return false
}

func (f *found) rank() rank {
	switch {
	case len(f.refusing) == 0:
		return rankOf[f.Severity]
	case slices.ContainsFunc(f.refusing, func(v *view) bool { return v.named }):
		return rankError
	}
	return rankRefused
}

// severities returns the severity of each rank. What engines refuse is an Error if one
// of them was named, or if all of them refuse the artifact. Otherwise it is a Warning.
func (r *report) severities(engines int) [ranks]Severity {
	refused := Warning
	if len(r.refusing) == engines {
		refused = Error
	}
	return [ranks]Severity{rankInfo: Info, rankWarning: Warning, rankRefused: refused, rankError: Error}
}

// counts are numbers of findings by severity.
type counts [Error + 1]int

// findings returns the findings, and how many are not among them.
func (r *report) findings(engines int) (Findings, counts) {
	severities := r.severities(engines)
	all := slices.Grow(Findings(nil), r.total())
	for rank, same := range r.found {
		for _, f := range same {
			f.Severity = severities[rank]
			all = append(all, f.Finding)
		}
	}
	var omitted counts
	for rank, n := range r.omitted {
		omitted[severities[rank]] += n
	}
	return all, omitted
}

// omission returns the finding for those that are not listed. It is as bad as the worst
// of them. If they are those of several paths, some may be the same.
func (r *report) omission(omitted counts, several bool) (Finding, bool) {
	f := Finding{Code: CodeMoreFindings, Hint: "correct those that are listed first, or raise Preflight.MaxFindings and Preflight.MaxFileFindings"}
	total, least := 0, ""
	var texts []string
	for severity := Error; severity >= Info; severity-- {
		if n := omitted[severity]; n > 0 {
			total += n
			f.Severity = max(f.Severity, severity)
			texts = append(texts, fmt.Sprintf("%v: %d", severity, n))
		}
	}
	if several {
		least = "at least "
	}
	are := "findings are"
	if total == 1 {
		are = "finding is"
	}
	f.Message = fmt.Sprintf("%s%d more %s not listed, because there are more than %d in a file or %d in all (%s)", least, total, are, r.maxFile, r.maxAll, strings.Join(texts, ", "))
	return f, total > 0
}
