package oci_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
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
	for path := range maps.Keys(arrows) {
		dir := "." + strings.TrimPrefix(path, module)
		packages, err := parser.ParseDir(token.NewFileSet(), dir, func(f fs.FileInfo) bool {
			return !strings.HasSuffix(f.Name(), "_test.go")
		}, 0)
		require.NoError(t, err)
		for _, pkg := range packages {
			for name, file := range pkg.Files {
				oras := orasNames(file)
				ast.FileExports(file)
				for _, decl := range file.Decls {
					checked++
					assert.Empty(t, namesIn(signature(decl), oras), "%s names oras-go", name)
				}
			}
		}
	}
	assert.Greater(t, checked, 100, "the packages were not parsed")
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
