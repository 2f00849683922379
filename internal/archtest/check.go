package archtest

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// A Violation is one place where the sources break the rules.
type Violation struct {
	File string // path below the module's root
	Line int
	Text string
}

func (v Violation) String() string { return fmt.Sprintf("%s:%d: %s", v.File, v.Line, v.Text) }

// Check reads every Go file of the module whose root is fsys and returns what breaks the rules, in order of file and
// line. Folders that hold no packages of this module are left out: testdata, node_modules, those whose name begins
// with a dot or an underscore, and other modules. The error is about sources that cannot be read or parsed.
func Check(fsys fs.FS) ([]Violation, error) {
	var found []Violation
	err := fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && foreignFolder(fsys, p):
			return fs.SkipDir
		case d.IsDir() || path.Ext(p) != ".go":
			return nil
		}
		file, err := checkFile(fsys, p)
		found = append(found, file...)
		return err
	})
	slices.SortStableFunc(found, func(a, b Violation) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return found, err
}

// foreignFolder says whether the folder holds no packages of this module.
func foreignFolder(fsys fs.FS, dir string) bool {
	if dir == "." {
		return false
	}
	base := path.Base(dir)
	if base == "testdata" || base == "node_modules" || base[0] == '.' || base[0] == '_' {
		return true
	}
	_, err := fs.Stat(fsys, path.Join(dir, "go.mod"))
	return err == nil
}

// A reader is one source file under examination.
type reader struct {
	layer layer
	dir   string // the package's path below the module
	path  string
	test  bool
	fset  *token.FileSet
	names map[string]string // what an imported package is called in this file → its path
	found []Violation
}

func checkFile(fsys fs.FS, p string) ([]Violation, error) {
	source, err := fs.ReadFile(fsys, p)
	if err != nil {
		return nil, err
	}
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, p, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	r := &reader{
		dir:   path.Dir(p),
		path:  p,
		test:  strings.HasSuffix(p, "_test.go"),
		fset:  fset,
		names: map[string]string{},
	}
	known := false
	if r.layer, known = layerOf(r.dir); !known {
		r.report(file.Package, "package %s is in no layer: add it to internal/archtest/table.go", r.dir)
		return r.found, nil
	}
	for _, spec := range file.Imports {
		r.readImport(spec)
	}
	if !r.test {
		r.readBody(file)
	}
	return r.found, nil
}

func (r *reader) report(pos token.Pos, format string, args ...any) {
	r.found = append(r.found, Violation{
		File: r.path,
		Line: r.fset.Position(pos).Line,
		Text: fmt.Sprintf(format, args...),
	})
}

func (r *reader) readImport(spec *ast.ImportSpec) {
	imported, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		panic("archtest: the parser let an import path through that is no string: " + spec.Path.Value)
	}
	name := path.Base(imported)
	if spec.Name != nil {
		name = spec.Name.Name
	}
	r.names[name] = imported

	first, _, _ := strings.Cut(imported, "/")
	switch {
	case first == module:
		r.readOwn(spec, strings.TrimPrefix(imported, module+"/"))
	case r.test:
		// Tests take other modules and the standard library as they need them.
	case strings.Contains(first, "."):
		r.readForeign(spec, imported)
	default:
		r.readStandard(spec, imported, name)
	}
}

func (r *reader) readOwn(spec *ast.ImportSpec, to string) {
	other, known := layerOf(to)
	switch {
	case !known:
		r.report(spec.Pos(), "package %s is in no layer: add it to internal/archtest/table.go", to)
	case !r.layer.mayImport(r.dir, to, r.test):
		r.report(spec.Pos(), "%s (%s) must not import %s (%s)", r.dir, r.layer.name, to, other.name)
	}
}

func (r *reader) readForeign(spec *ast.ImportSpec, imported string) {
	switch {
	case !r.layer.mayUse(imported):
		r.report(spec.Pos(), "%s (%s) must not import %s, another module's package", r.dir, r.layer.name, imported)
	case !r.layer.goroutines && imported == "golang.org/x/sync/errgroup":
		r.report(spec.Pos(), "%s (%s) must not start goroutines with errgroup: internal/loop does", r.dir, r.layer.name)
	}
}

func (r *reader) readStandard(spec *ast.ImportSpec, imported, name string) {
	switch {
	case r.layer.pure && covers(outside, imported):
		r.report(spec.Pos(), "%s (%s) is pure and must not import %s", r.dir, r.layer.name, imported)
	case r.layer.pure && imported == "context":
		r.report(spec.Pos(), "%s (%s) decides on values and takes no context", r.dir, r.layer.name)
	case r.layer.timeless && covers(chance, imported):
		r.report(spec.Pos(), "%s (%s) takes chance from outside and must not import %s", r.dir, r.layer.name, imported)
	case r.layer.timeless && imported == "time" && name == ".":
		r.report(spec.Pos(), "%s (%s) must import time by its name", r.dir, r.layer.name)
	}
}

// readBody looks for what the layer may not do: read the clock, or start a goroutine.
func (r *reader) readBody(file *ast.File) {
	waits := r.mentions(file, "sync", "WaitGroup")
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			if !r.layer.goroutines {
				r.report(n.Pos(), "%s (%s) must not start a goroutine: internal/loop does", r.dir, r.layer.name)
			}
		case *ast.SelectorExpr:
			switch imported, name := r.packageOf(n), n.Sel.Name; {
			case r.layer.timeless && imported == "time" && slices.Contains(clockCalls, name):
				r.report(n.Pos(), "%s (%s) takes the time from outside and must not use time.%s",
					r.dir, r.layer.name, name)
			case !r.layer.goroutines && waits && imported == "" && name == "Go":
				r.report(n.Pos(), "%s (%s) must not start goroutines with sync.WaitGroup: internal/loop does",
					r.dir, r.layer.name)
			}
		}
		return true
	})
}

// packageOf returns the path of the package that the selector takes its name from, "" for a value's field or method.
func (r *reader) packageOf(n *ast.SelectorExpr) string {
	if x, isName := n.X.(*ast.Ident); isName {
		return r.names[x.Name]
	}
	return ""
}

// mentions says whether the file uses the imported package's name anywhere. Without types that is how a method Go is
// told from another type's: in a file that knows sync.WaitGroup it is taken for its.
func (r *reader) mentions(file *ast.File, imported, name string) bool {
	found := false
	ast.Inspect(file, func(n ast.Node) bool {
		if sel, isSelector := n.(*ast.SelectorExpr); isSelector {
			found = found || sel.Sel.Name == name && r.packageOf(sel) == imported
		}
		return !found
	})
	return found
}
