package tidy

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"slices"
	"strings"
)

// emptyNames are package names that say nothing of what is inside.
var emptyNames = []string{"util", "utils", "common", "models", "types", "manager", "helper", "helpers"}

// A goPackage is what the files of one folder have in common.
type goPackage struct {
	first      string // a file to name in a violation, one that is no test if there is any
	line       int    // of its package clause
	name       string
	documented bool
	tests      bool // nothing but tests so far
}

// goFile holds the file's functions against the limit and notes its package.
func goFile(name string, source []byte, packages map[string]*goPackage) ([]Violation, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	notePackage(name, fset, file, packages)

	var found []Violation
	measure := func(n ast.Node, what string) bool {
		start, end := fset.Position(n.Pos()).Line, fset.Position(n.End()).Line
		if lines := end - start + 1; lines > MaxFunctionLines {
			text := fmt.Sprintf("%s has %d lines, at most %d", what, lines, MaxFunctionLines)
			found = append(found, Violation{name, start, text})
		}
		return false
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			return measure(n, "function "+n.Name.Name)
		case *ast.FuncLit: // only those outside a declared function get here
			return measure(n, "a function literal")
		}
		return true
	})
	return found, nil
}

// notePackage adds what the file tells about its package. A test tells nothing unless there are only tests.
func notePackage(name string, fset *token.FileSet, file *ast.File, packages map[string]*goPackage) {
	test := strings.HasSuffix(name, "_test.go")
	dir := path.Dir(name)
	pkg, known := packages[dir]
	if known && test && !pkg.tests {
		return
	}
	if !known || pkg.tests && !test {
		pkg = &goPackage{
			first: name,
			line:  fset.Position(file.Package).Line,
			name:  strings.TrimSuffix(file.Name.Name, "_test"),
			tests: test,
		}
		packages[dir] = pkg
	}
	if file.Doc != nil && strings.TrimSpace(file.Doc.Text()) != "" {
		pkg.documented = true
	}
}

func (p *goPackage) check() []Violation {
	var found []Violation
	if !p.documented {
		found = append(found, Violation{p.first, p.line, "package " + p.name + " has no doc comment"})
	}
	if slices.Contains(emptyNames, p.name) {
		found = append(found, Violation{p.first, p.line, "package name " + p.name + " says nothing of what is inside"})
	}
	return found
}
