package preflight

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kubeoci/oci/internal/objects"
)

// The list in the package documentation is the table, line by line.
func TestRulesAreDocumented(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	var documented, want []string
	for line := range strings.Lines(string(doc)) {
		if row, ok := strings.CutPrefix(line, "//\t"); ok {
			code, text, _ := strings.Cut(row, " ")
			documented = append(documented, code+": "+strings.TrimSpace(text))
		}
	}
	for _, rule := range rules() {
		want = append(want, string(rule.code)+": "+rule.doc)
	}
	assert.Equal(t, want, documented)
}

func TestEveryCodeHasOneRule(t *testing.T) {
	var codes []string
	for _, rule := range rules() {
		assert.NotZero(t, rule.severity, rule.code)
		assert.NotEmpty(t, rule.doc, rule.code)
		assert.NotEqual(t, rule.check == nil, rule.note == nil, rule.code)
		codes = append(codes, string(rule.code))
	}
	assert.Equal(t, constants(t), codes)
}

// The codes of the parser are codes of rules.
func TestParserCodesHaveRules(t *testing.T) {
	for _, code := range []objects.Code{objects.CodeSyntax, objects.CodeTab, objects.CodeDuplicate, objects.CodeTooDeep, objects.CodeTooLarge, objects.CodeAlias} {
		assert.Contains(t, constants(t), string(code))
	}
}

// constants returns the values of the exported codes.
func constants(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "code.go", nil, 0)
	require.NoError(t, err)
	var values []string
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && strings.HasPrefix(spec.Names[0].Name, "Code") {
			value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			require.NoError(t, err)
			values = append(values, value)
		}
		return true
	})
	require.NotEmpty(t, values)
	return values
}
