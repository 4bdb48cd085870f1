package preflight_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// The time for matching files with ignore rules is bounded. Each rule is compared with
// each name of a path: 200,000 comparisons for a file below, and 20,000 for the
// .sourceignore file. The largest tree that is matched takes too long for a test.
func TestIgnoreRulesForManyFiles(t *testing.T) {
	const rules, names = 20_000, 10
	for _, tt := range []struct {
		name  string
		files int
		want  string
	}{
		{"5 million comparisons", 25, ".sourceignore: info: this file replaces Flux's default ignore rules [source-ignore]"},
		{"more than 500 million", 2500, ".sourceignore: warning: matching the names of all files with all ignore rules takes more than 500000000 comparisons, so the files that Flux ignores are not known, and nothing is checked for Flux [source-ignore]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tr := tree{".sourceignore": strings.Repeat("x\n", rules)}
			for i := range tt.files {
				tr[fmt.Sprintf("%s%d.yaml", strings.Repeat("d/", names-1), i)] = object("ConfigMap", fmt.Sprint("c", i))
			}
			assert.Equal(t, []string{tt.want}, brief(checkFS(t, tr.fs(), flux, keepingAll)))
		})
	}
}
