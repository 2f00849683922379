package problem_test

import (
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"florin/problem"
)

func TestNew(t *testing.T) {
	t.Parallel()
	if got := problem.New(problem.NotFound, "no payment %q after %d%%", "x", 5).Detail; got != `no payment "x" after 5%` {
		t.Errorf("with arguments: got %s", got)
	}
	if got := problem.New(problem.NotFound, "100% of it").Detail; got != "100% of it" {
		t.Errorf("without arguments the detail is taken as it stands: got %s", got)
	}
	p := problem.Invalid("amount", "must be above %d", 0)
	if p.Code != problem.InvalidParameter || p.Param != "amount" || p.Detail != "must be above 0" {
		t.Errorf("Invalid: got %+v", p)
	}
}

func TestError(t *testing.T) {
	t.Parallel()
	for want, p := range map[string]*problem.Problem{
		"not_found":                              problem.New(problem.NotFound, ""),
		"not_found: no such payment":             problem.New(problem.NotFound, "no such payment"),
		"invalid_parameter (amount): is missing": problem.Invalid("amount", "is missing"),
		"unavailable: shard 3: EOF":              problem.New(problem.Unavailable, "shard 3").With(io.EOF),
		"invalid_parameter (payments[3].amount)": problem.Invalid("amount", "").In("payments[3]"),
	} {
		if got := p.Error(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestIn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ param, prefix, want string }{
		{"amount", "payments[3]", "payments[3].amount"},
		{"", "payments[3]", "payments[3]"},
		{"card.number", "payment_method", "payment_method.card.number"},
	} {
		if got := problem.Invalid(c.param, "x").In(c.prefix).Param; got != c.want {
			t.Errorf("%q in %q: got %q, want %q", c.param, c.prefix, got, c.want)
		}
	}
	if got := problem.Invalid("a", "x").In("b").In("c").Param; got != "c.b.a" {
		t.Errorf("twice: got %q", got)
	}
}

// With, After and In return copies: a problem may be a package's variable.
func TestCopies(t *testing.T) {
	t.Parallel()
	p := problem.Invalid("amount", "is missing")
	before := *p
	q := p.With(io.EOF).After(time.Second).In("payment")
	if *p != before {
		t.Errorf("the problem was changed to %+v", *p)
	}
	if !errors.Is(q, io.EOF) || q.RetryAfter != time.Second || q.Param != "payment.amount" || q.Detail != p.Detail {
		t.Errorf("the copy is %+v", *q)
	}
}

func TestCodeThroughWrapping(t *testing.T) {
	t.Parallel()
	p := problem.New(problem.OverRefund, "5 are left")
	inner := problem.New(problem.Unavailable, "shard 1")
	for name, c := range map[string]struct {
		err  error
		want problem.Code
	}{
		"bare":                     {p, problem.OverRefund},
		"wrapped":                  {fmt.Errorf("refund: %w", p), problem.OverRefund},
		"wrapped twice":            {fmt.Errorf("flow: %w", fmt.Errorf("refund: %w", p)), problem.OverRefund},
		"joined":                   {errors.Join(io.EOF, p), problem.OverRefund},
		"with a cause":             {p.With(io.EOF), problem.OverRefund},
		"a problem around another": {p.With(inner), problem.OverRefund},
		"no problem":               {io.EOF, problem.Internal},
		"nil":                      {nil, problem.Internal},
	} {
		if got := problem.CodeOf(c.err); got != c.want {
			t.Errorf("%s: CodeOf gives %s, want %s", name, got, c.want)
		}
		if want := c.want == problem.OverRefund; problem.Is(c.err, problem.OverRefund) != want {
			t.Errorf("%s: Is gives %v, want %v", name, !want, want)
		}
		if problem.Is(c.err, problem.Unavailable) || problem.Is(c.err, problem.Internal) {
			t.Errorf("%s: Is tells of a code that the error does not carry", name)
		}
	}
}
