package preflight

import (
	"errors"
	"fmt"
	"slices"

	"github.com/kubeoci/oci/internal/kustomize"
)

// decodes reports whether Flux decodes a kustomization and writes it again before it
// builds it: the one at its path. It then ignores unknown fields there, and takes an empty
// file.
func (m *model) decodes(v *view, s *source) bool { return v.isFlux() && m.isTop(v, s) }

// isTop reports whether a kustomization is the one at the path of an engine.
func (m *model) isTop(v *view, s *source) bool {
	if v.mode != built {
		return false
	}
	b := m.buildIn(v.root)
	return b != nil && b.source == s
}

// buildingFault returns the views that certainly build a kustomization: those that fail
// for a fault in it, and the one that passes over a lenient fault because it decodes the
// kustomization.
func (m *model) buildingFault(s *source, lenient bool) (refusing, passing []*view) {
	for _, v := range m.building(s) {
		if lenient && m.decodes(v, s) {
			passing = append(passing, v)
		} else {
			refusing = append(refusing, v)
		}
	}
	return refusing, passing
}

// refuses reports whether an engine fails for a kustomization because of the fields in it,
// if it builds the kustomization.
func (m *model) refuses(v *view, s *source) bool {
	k, decodes := m.kustomizations[s], m.decodes(v, s)
	return k.Empty && !decodes || slices.ContainsFunc(k.Faults, func(f kustomize.Fault) bool {
		return !errors.Is(f.Err, kustomize.ErrLost) && !(f.Lenient && decodes) && (!f.Top || m.isTop(v, s))
	})
}

// eachFault calls f for the faults of one kind in all kustomizations.
func (m *model) eachFault(is func(error) bool, f func(s *source, fault kustomize.Fault, finding Finding)) {
	for _, b := range m.distinct {
		if m.ended() {
			return
		}
		if k := m.kustomizations[b.source]; k != nil {
			for _, fault := range k.Faults {
				if is(fault.Err) {
					f(b.source, fault, Finding{File: b.file.Path, Line: fault.Line, Column: fault.Column})
				}
			}
		}
	}
}

// checkUnknownFields reports fields that kustomize refuses. Flux ignores those of the
// kustomization at its path.
func checkUnknownFields(m *model, r *report) {
	unknown := func(err error) bool { return errors.Is(err, kustomize.ErrUnknownField) }
	m.eachFault(unknown, func(s *source, fault kustomize.Fault, f Finding) {
		what := fmt.Sprintf(" the unknown field %.100q", fault.Field)
		if fault.Closest != "" {
			what += fmt.Sprintf(" (did you mean %q?)", fault.Closest)
		}
		refusing, passing := m.buildingFault(s, true)
		if len(passing) > 0 {
			ignored := f
			ignored.Severity, ignored.Message = Warning, subject(passing, "ignore")+what+" of the kustomization at its path, with everything in it"
			r.add(ignored, passing...)
		}
		if len(refusing) > 0 || len(passing) == 0 {
			f.Message = kustomizeSubject(refusing, "refuse") + what
			r.refuseBuild(f, refusing)
		}
	})
}

// checkTypes reports values that kustomize refuses, most because of their types. Flux
// converts numbers and booleans in the kustomization at its path.
func checkTypes(m *model, r *report) {
	wrong := func(err error) bool {
		return !errors.Is(err, kustomize.ErrUnknownField) && !errors.Is(err, kustomize.ErrLost)
	}
	m.eachFault(wrong, func(s *source, fault kustomize.Fault, f Finding) {
		if errors.Is(fault.Err, kustomize.ErrNotString) {
			f.Hint = "put the value in quotes"
		}
		refusing, passing := m.buildingFault(s, fault.Lenient)
		if fault.Top && len(refusing) > 0 {
			refusing = slices.DeleteFunc(refusing, func(v *view) bool { return !m.isTop(v, s) })
			if len(refusing) == 0 {
				return
			}
		}
		if len(passing) > 0 {
			converted := f
			converted.Severity, converted.Message = Warning, fmt.Sprintf("%s %.100s from a number or boolean to a string, which may not be as it is written", subject(passing, "convert"), fault.Field)
			r.add(converted, passing...)
		}
		if len(refusing) > 0 || len(passing) == 0 {
			f.Message = fmt.Sprintf("%s %.100s: %v", kustomizeSubject(refusing, "refuse"), fault.Field, fault.Err)
			r.refuseBuild(f, refusing)
		}
	})
}

// checkDuplicateKeys reports the duplicate keys of all files, and values of kustomizations
// that others replace although their keys are not the same.
func checkDuplicateKeys(m *model, r *report) {
	unparsed(CodeDuplicateKey)(m, r)
	lost := func(err error) bool { return errors.Is(err, kustomize.ErrLost) }
	m.eachFault(lost, func(s *source, fault kustomize.Fault, f Finding) {
		f.Message = fmt.Sprintf("the value of %.100s is ignored, because kustomize keeps the one on line %d", fault.Field, fault.Kept)
		r.add(f, m.building(s)...)
	})
}
