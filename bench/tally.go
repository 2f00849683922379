package bench

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Tally counts what became of a load's payments.
type Tally struct {
	Succeeded int64 // of all kinds
	Declined  int64
	Open      int64 // answered as open; each is asked for at the end
	Replayed  int64 // answered from an idempotency key

	Lost     int64 // exchanges that ended without an answer
	Repeated int64 // requests that were sent again

	Unexpected map[string]int64 // answers that should not be, by status and code
	Example    string           // the first of them

	done [kinds]int64 // of Succeeded
}

// Settled is how many payments have their final answer.
func (t *Tally) Settled() int64 { return t.Succeeded + t.Declined }

// succeed counts what was done.
func (t *Tally) succeed(k kind) {
	t.Succeeded++
	t.done[k]++
}

// add takes another tally in.
func (t *Tally) add(o *Tally) {
	t.Succeeded += o.Succeeded
	t.Declined += o.Declined
	t.Open += o.Open
	t.Replayed += o.Replayed
	t.Lost += o.Lost
	t.Repeated += o.Repeated
	for k, n := range o.done {
		t.done[k] += n
	}
	for label, n := range o.Unexpected {
		t.unexpected(label, n, o.Example)
	}
}

func (t *Tally) unexpected(label string, n int64, example string) {
	if t.Unexpected == nil {
		t.Unexpected = map[string]int64{}
	}
	t.Unexpected[label] += n
	if t.Example == "" {
		t.Example = example
	}
}

// Err returns an error when something was answered that should not be.
func (t *Tally) Err() error {
	if len(t.Unexpected) == 0 {
		return nil
	}
	var counts []string
	for _, label := range slices.Sorted(maps.Keys(t.Unexpected)) {
		counts = append(counts, fmt.Sprintf("%d × %s", t.Unexpected[label], label))
	}
	return fmt.Errorf("unexpected answers: %s; the first was %s", strings.Join(counts, ", "), t.Example)
}

// String says what a person wants to know.
func (t *Tally) String() string {
	text := t.what() + " succeeded"
	for _, part := range []struct {
		n    int64
		what string
	}{
		{t.Declined, "declined"},
		{t.Open, "answered as open first"},
		{t.Replayed, "answers replayed"},
		{t.Lost, "exchanges lost"},
		{t.Repeated, "requests repeated"},
	} {
		if part.n > 0 {
			text += fmt.Sprintf(", %s %s", group(part.n), part.what)
		}
	}
	return text
}

// what names what was done: "7,000 payments, 1,000 refunds".
func (t *Tally) what() string {
	var parts []string
	for k, n := range t.done {
		if kind(k) == authorizes {
			continue // these are payments
		}
		if kind(k) == pays {
			n += t.done[authorizes]
		}
		if n > 0 {
			parts = append(parts, group(n)+" "+kind(k).name())
		}
	}
	if len(parts) == 0 {
		return "0 payments"
	}
	return strings.Join(parts, ", ")
}

// each says what a figure is of.
func (t *Tally) each() string {
	one := ""
	for k, n := range t.done {
		name := strings.TrimSuffix(kind(k).name(), "s")
		switch {
		case n == 0:
		case one != "" && one != name:
			return "for each of them"
		default:
			one = name
		}
	}
	switch one {
	case "":
		return "a payment"
	case "adjustment":
		return "an " + one
	}
	return "a " + one
}

// group writes 1234567 as 1,234,567.
func group(n int64) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
