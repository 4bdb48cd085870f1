package preflight

import "slices"

// report collects the findings of one rule after another.
type report struct {
	rule  rule // whose check is running
	found []found
}

// found is a finding, and the engines that certainly fail or render nothing
// because of it.
type found struct {
	Finding
	refusing []*view
}

// add reports a finding that concerns some engines, or none in particular. Its
// severity and hint are those of the rule unless it has its own.
func (r *report) add(f Finding, concerned ...*view) {
	r.append(f, concerned, nil)
}

// refuse reports a finding because of which engines fail or render nothing. Its
// severity depends on them alone.
func (r *report) refuse(f Finding, refusing []*view) {
	r.append(f, refusing, refusing)
}

func (r *report) append(f Finding, concerned, refusing []*view) {
	f.Code = r.rule.code
	if f.Severity == 0 {
		f.Severity = r.rule.severity
	}
	if f.Hint == "" {
		f.Hint = r.rule.hint
	}
	if len(concerned) == 1 {
		f.Engine = concerned[0].engine
	}
	r.found = append(r.found, found{f, refusing})
}

// findings returns all findings in their order. What engines refuse is an Error if
// one of them was named, or if all of them refuse the artifact. Otherwise it is a
// Warning.
func (r *report) findings(views []*view) Findings {
	refusing := map[*view]bool{}
	for _, f := range r.found {
		for _, v := range f.refusing {
			refusing[v] = true
		}
	}
	all := make(Findings, 0, len(r.found))
	for _, f := range r.found {
		if len(f.refusing) > 0 {
			f.Severity = Warning
			if len(refusing) == len(views) || slices.ContainsFunc(f.refusing, func(v *view) bool { return v.named }) {
				f.Severity = Error
			}
		}
		all = append(all, f.Finding)
	}
	all.sort()
	if len(all) == 0 {
		return nil
	}
	return all
}
