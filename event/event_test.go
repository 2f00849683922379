package event_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strconv"
	"testing"
	"time"

	"florin/event"
	"florin/ident"
)

func TestAt(t *testing.T) {
	t.Parallel()
	at := time.UnixMilli(1735689600123).UTC()
	e := event.Event{ID: ident.First(at)}
	if got := e.At(); !got.Equal(at) || got.Location() != time.UTC {
		t.Errorf("got %v, want %v", got, at)
	}
}

// Every type is an object and a verb, and none stands twice.
func TestTypes(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "event.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	form, seen := regexp.MustCompile(`^[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*$`), map[string]bool{}
	ast.Inspect(file, func(node ast.Node) bool {
		literal, ok := node.(*ast.BasicLit)
		if _, isImport := node.(*ast.ImportSpec); isImport || !ok {
			return !isImport
		}
		text, err := strconv.Unquote(literal.Value)
		if err != nil {
			t.Fatal(err)
		}
		if !form.MatchString(text) || seen[text] {
			t.Errorf("the type %q is out of form or stands twice", text)
		}
		seen[text] = true
		return true
	})
	if !seen[string(event.PaymentSucceeded)] {
		t.Error("this test reads event.go wrongly")
	}
}
