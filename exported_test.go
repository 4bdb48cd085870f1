package oci_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A new major version of oras-go must change nothing for embedders, so no exported
// signature may name it.
func TestExportedSignaturesDoNotNameORAS(t *testing.T) {
	checked := 0
	for name, file := range publicFiles(t) {
		oras := orasNames(file)
		for _, decl := range file.Decls {
			checked++
			assert.Empty(t, namesIn(signature(decl), oras), "%s names oras-go", name)
		}
	}
	assert.Greater(t, checked, 100, "the packages were not parsed")
}

// Two packages may have a sentinel of the same name only if it is the same value.
func TestSentinelNamesHaveOneValue(t *testing.T) {
	values := map[string][]string{} // the files that make a value, by name
	for path, file := range publicFiles(t) {
		for _, decl := range file.Decls {
			for _, name := range newSentinels(decl) {
				values[name] = append(values[name], path)
			}
		}
	}
	assert.Greater(t, len(values), 50, "the packages were not parsed")
	for name, files := range values {
		assert.Len(t, files, 1, name)
	}
}

// newSentinels returns the names of error variables whose value is not that of another
// variable.
func newSentinels(decl ast.Decl) []string {
	group, ok := decl.(*ast.GenDecl)
	if !ok || group.Tok != token.VAR {
		return nil
	}
	var names []string
	for _, spec := range group.Specs {
		value := spec.(*ast.ValueSpec)
		for i, name := range value.Names {
			_, alias := value.Values[i].(*ast.SelectorExpr)
			if strings.HasPrefix(name.Name, "Err") && !alias {
				names = append(names, name.Name)
			}
		}
	}
	return names
}

// publicFiles returns the exported parts of the source files of all public packages.
func publicFiles(t *testing.T) map[string]*ast.File {
	t.Helper()
	files := map[string]*ast.File{}
	for path := range arrows {
		paths, err := filepath.Glob(filepath.Join("."+strings.TrimPrefix(path, module), "*.go"))
		require.NoError(t, err)
		for _, path := range paths {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			files[path], err = parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			require.NoError(t, err)
			ast.FileExports(files[path])
		}
	}
	return files
}

// orasNames returns the names under which a file imports packages of oras-go.
func orasNames(file *ast.File) []string {
	var names []string
	for _, spec := range file.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		switch {
		case err != nil || !strings.HasPrefix(path, "oras.land/"):
		case spec.Name != nil:
			names = append(names, spec.Name.Name)
		default:
			names = append(names, path[strings.LastIndex(path, "/")+1:])
		}
	}
	return names
}

// signature returns the part of a declaration that embedders see: types, not bodies or
// values.
func signature(decl ast.Decl) ast.Node {
	switch decl := decl.(type) {
	case *ast.FuncDecl:
		if reachable(decl) {
			return decl.Type
		}
	case *ast.GenDecl:
		if decl.Tok == token.TYPE {
			return decl
		}
	}
	return &ast.BadDecl{}
}

// reachable reports whether embedders can call a function: it has no receiver, or one of an exported type.
func reachable(f *ast.FuncDecl) bool {
	if f.Recv == nil {
		return true
	}
	receiver := f.Recv.List[0].Type
	if pointer, ok := receiver.(*ast.StarExpr); ok {
		receiver = pointer.X
	}
	name, ok := receiver.(*ast.Ident)
	return !ok || name.IsExported()
}

func namesIn(node ast.Node, names []string) []string {
	var found []string
	ast.Inspect(node, func(n ast.Node) bool {
		if selector, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := selector.X.(*ast.Ident); ok && slices.Contains(names, x.Name) {
				found = append(found, x.Name+"."+selector.Sel.Name)
			}
		}
		return true
	})
	return found
}
