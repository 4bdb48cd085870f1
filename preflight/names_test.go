package preflight

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/kubeoci/oci/manifests"
	"github.com/kubeoci/oci/packager"
)

// Neither manifests nor packager accepts such names, so that the rule has to be
// tested without them.
func TestEntryNames(t *testing.T) {
	for _, tt := range []struct {
		name string
		bad  bool
	}{
		{"app.yaml", false},
		{"a..b/app..yaml", false},
		{"a../app.yaml", true},
		{`a\app.yaml`, true},
		{"/app.yaml", true},
		{"./app.yaml", true},
		{"a//app.yaml", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := &model{
				ctx:     t.Context(),
				sources: []*source{{file: manifests.File{Path: tt.name}}},
				copies:  []string{"", "shop/"}, // reported once
				views:   []*view{{engine: packager.GitOpsEngineFlux, named: true}},
			}
			r := newReport(Options{})
			r.rule = rule{code: CodeEntryName, severity: Warning}
			m.findNames()
			checkEntryNames(m, r)
			findings, _ := r.findings(len(m.views))
			if !tt.bad {
				assert.Empty(t, findings)
				return
			}
			assert.Len(t, findings, 1)
			assert.Equal(t, Error, findings[0].Severity)
			assert.Contains(t, findings[0].Message, "not every reader can unpack an entry with the name ")
		})
	}
}
