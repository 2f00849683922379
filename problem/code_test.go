package problem_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"florin/problem"
)

// declared reads the constants of type Code from the source itself.
func declared(t *testing.T) []problem.Code {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "code.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var codes []problem.Code
	ast.Inspect(file, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if of, ok := spec.Type.(*ast.Ident); !ok || of.Name != "Code" {
			return true
		}
		for _, value := range spec.Values {
			text, err := strconv.Unquote(value.(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			codes = append(codes, problem.Code(text))
		}
		return true
	})
	if len(codes) < 30 {
		t.Fatalf("code.go has %d constants, as this test reads it", len(codes))
	}
	return codes
}

func TestEveryCodeHasItsEntry(t *testing.T) {
	t.Parallel()
	codes := declared(t)
	slices.Sort(codes)
	if unique := slices.Compact(slices.Clone(codes)); !slices.Equal(unique, codes) {
		t.Errorf("two constants are alike: %v", codes)
	}
	if got := problem.Codes(); !slices.Equal(got, codes) {
		t.Errorf("the catalogue has\n%v\nthe constants are\n%v", got, codes)
	}
}

func TestCatalogue(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^([a-z]+(_[a-z]+)*|FRAUD_DETECTED)$`)
	titles := map[string]problem.Code{}
	for _, code := range problem.Codes() {
		if !form.MatchString(string(code)) {
			t.Errorf("%s is not in snake case", code)
		}
		if status := code.Status(); status < 400 || status > 599 || http.StatusText(status) == "" {
			t.Errorf("%s: status %d", code, status)
		}
		title := code.Title()
		if !regexp.MustCompile(`^[A-Z].*[^. ]$`).MatchString(title) {
			t.Errorf("%s: title %q", code, title)
		}
		if other, taken := titles[title]; taken {
			t.Errorf("%s and %s have the same title", code, other)
		}
		titles[title] = code
		if code.IsDecline() != (code.Status() == http.StatusPaymentRequired) {
			t.Errorf("%s: IsDecline is %v", code, code.IsDecline())
		}
	}
}

// The statuses that design.md, section 9, names.
func TestStatuses(t *testing.T) {
	t.Parallel()
	for code, want := range map[problem.Code]int{
		problem.InvalidJSON:           400,
		problem.DuplicateHeader:       400,
		problem.Unauthorized:          401,
		problem.InsufficientFunds:     402,
		problem.FraudDetected:         402,
		problem.Forbidden:             403,
		problem.NotFound:              404,
		problem.WrongState:            409,
		problem.OverCapture:           409,
		problem.OverRefund:            409,
		problem.IdempotencyInProgress: 409,
		problem.BodyTooLarge:          413,
		problem.InvalidParameter:      422,
		problem.IdempotencyKeyReuse:   422,
		problem.RateLimited:           429,
		problem.Internal:              500,
		problem.Unavailable:           503,
	} {
		if got := code.Status(); got != want {
			t.Errorf("%s: got %d, want %d", code, got, want)
		}
	}
}

func TestUnknownCode(t *testing.T) {
	t.Parallel()
	code := problem.Code("nobody_knows")
	if code.Status() != 500 || code.Title() != problem.Internal.Title() || code.IsDecline() {
		t.Errorf("got %d, %q, %v", code.Status(), code.Title(), code.IsDecline())
	}
}
