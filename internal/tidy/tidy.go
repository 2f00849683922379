// Package tidy holds the house style that a machine can hold: how long a function, a file and a line may be, that
// every package says what it is for and has a name that says something, and that the repository speaks of Florin
// alone, not of the machine that a change was made on.
//
// Sources are every text file below the module's root, except what is not written by hand here: generated files,
// testdata, node_modules, the built dashboard in web/dist, build output, data folders and other modules.
package tidy

import (
	"bytes"
	"cmp"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// The limits, all inclusive.
const (
	MaxFunctionLines = 70
	MaxFileLines     = 600
	MaxLineLength    = 120 // in characters; a tab is one
)

// A Violation is one place where the sources break the style.
type Violation struct {
	File string // path below the module's root
	Line int
	Text string
}

func (v Violation) String() string { return fmt.Sprintf("%s:%d: %s", v.File, v.Line, v.Text) }

// Check reads the sources below fsys, the module's root, and returns what breaks the style, in order of file and
// line. The error is about files that cannot be read or parsed.
func Check(fsys fs.FS) ([]Violation, error) {
	var found []Violation
	packages := map[string]*goPackage{}
	err := fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && skipped(fsys, p):
			return fs.SkipDir
		case !d.Type().IsRegular(), p == ".git": // which is a file in a worktree
			return nil
		}
		source, err := fs.ReadFile(fsys, p)
		if err != nil || isBinary(source) {
			return err
		}
		found = append(found, strangers(p, source)...)
		if !handwritten(p, source) {
			return nil
		}
		found = append(found, sizes(p, source)...)
		if path.Ext(p) != ".go" {
			return nil
		}
		file, err := goFile(p, source, packages)
		found = append(found, file...)
		return err
	})
	for _, pkg := range packages {
		found = append(found, pkg.check()...)
	}
	slices.SortStableFunc(found, func(a, b Violation) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Text, b.Text))
	})
	return found, err
}

// skipped says whether the folder holds nothing that was written here.
func skipped(fsys fs.FS, dir string) bool {
	switch path.Base(dir) {
	case ".git", "node_modules", "testdata", "florin-data", ".services":
		return true
	}
	if dir == "bin" || dir == "web/dist" {
		return true
	}
	_, err := fs.Stat(fsys, path.Join(dir, "go.mod"))
	return err == nil && dir != "."
}

// isBinary looks at a file's beginning, as git does.
func isBinary(source []byte) bool {
	return bytes.IndexByte(source[:min(len(source), 8000)], 0) >= 0
}

var generated = regexp.MustCompile(`(?m)^(//|/\*|--|#) ?Code generated .* DO NOT EDIT\.`)

// handwritten says whether the limits hold for the file: it is source code, and no generator wrote it.
func handwritten(name string, source []byte) bool {
	switch path.Ext(name) {
	case ".go", ".sql", ".sh", ".ts", ".tsx", ".js", ".mjs", ".css":
		return !generated.Match(source)
	}
	return false
}

// sizes holds the file and its lines against the limits.
func sizes(name string, source []byte) []Violation {
	var found []Violation
	lines := strings.Split(strings.TrimSuffix(string(source), "\n"), "\n")
	if n := len(lines); n > MaxFileLines {
		found = append(found, Violation{name, n, fmt.Sprintf("a file of %d lines, at most %d", n, MaxFileLines)})
	}
	for i, line := range lines {
		if n := utf8.RuneCountInString(line); n > MaxLineLength {
			found = append(found, Violation{name, i + 1, fmt.Sprintf("a line of %d characters, at most %d", n, MaxLineLength)})
		}
	}
	return found
}

// stranger matches what a machine leaves behind: absolute paths of a checkout or a home, and package registries'
// addresses. The patterns are written so that they do not match themselves.
var stranger = regexp.MustCompile(strings.Join([]string{
	`(^|[^\w.~-])/(work|root|Users)/`,
	`GOPROXY[=]`,
	`"resolved": *"http[s]?:`,
	`(registry\.npmjs|proxy\.golang|repo1\.maven|index\.crates)\.`,
}, "|"))

// strangers finds what does not belong in the repository.
func strangers(name string, source []byte) []Violation {
	var found []Violation
	for i, line := range bytes.Split(source, []byte("\n")) {
		if hit := stranger.Find(line); hit != nil {
			text := fmt.Sprintf("%q does not belong in the repository", strings.TrimSpace(string(hit)))
			found = append(found, Violation{name, i + 1, text})
		}
	}
	return found
}
