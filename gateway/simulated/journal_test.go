package simulated_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"florin/gateway"
	"florin/gateway/simulated"
	"florin/internal/clock"
	"florin/problem"
)

// fill lets one operation of each sort happen.
func fill(t *testing.T, g *simulated.Gateway) {
	t.Helper()
	ctx := t.Context()
	c := newCharge(1000)
	want(t, gateway.Approved, "")(g.Charge(ctx, c))
	want(t, gateway.Approved, "")(g.Refund(ctx, newRefund(c, 300)))
	want(t, gateway.Declined, problem.GatewayRejected)(g.Refund(ctx, newRefund(c, 701)))
	want(t, gateway.Approved, "")(g.Void(ctx, newVoid(c)))
	want(t, gateway.Declined, problem.GatewayRejected)(g.Void(ctx, newVoid(newCharge(1))))
	bad := newCharge(50)
	bad.Card = card("4000000000000002")
	want(t, gateway.Declined, problem.GenericDecline)(g.Charge(ctx, bad))
	odd := newCharge(1)
	odd.Card = card(`12"\`)
	want(t, gateway.Approved, "")(g.Charge(ctx, odd))
}

// TestJournal holds what a journal looks like, and that memory, the journal and
// the memory of the next process are one.
func TestJournal(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new", "folder")
	g := open(t, simulated.Config{Dir: dir, Clock: clock.NewManual(start)})
	fill(t, g)
	memory := entries(t, g.Entries)
	if len(memory) != 7 || memory[3].Amount != euros(700) || memory[0].Last4 != "4242" || memory[6].Last4 != "" {
		t.Errorf("memory holds %+v", memory)
	}
	if diff := cmp.Diff(memory, journal(t, dir)); diff != "" {
		t.Errorf("the journal is not what is in memory (-memory +journal):\n%s", diff)
	}
	next := open(t, simulated.Config{Dir: dir})
	if diff := cmp.Diff(memory, entries(t, next.Entries)); diff != "" {
		t.Errorf("the next process remembers otherwise (-before +after):\n%s", diff)
	}

	files, err := filepath.Glob(filepath.Join(dir, "test.*.jsonl"))
	if err != nil || len(files) != 2 {
		t.Fatalf("files %v, %v", files, err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(text, []byte("\n"))
	if len(lines) != 8 || len(lines[7]) != 0 {
		t.Fatalf("%d lines", len(lines))
	}
	for _, line := range lines[:7] {
		var fields map[string]any
		if err := json.Unmarshal(line, &fields); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
	if bytes.Contains(text, []byte("424242")) {
		t.Error("a card number is in the journal")
	}
	if !strings.HasPrefix(string(lines[0]), `{"kind":"charge","operation":"att_`) {
		t.Errorf("%s", lines[0])
	}
}

func TestJournals(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if list, err := simulated.Journals(filepath.Join(dir, "missing")); err != nil || len(list) != 0 {
		t.Errorf("%v, %v", list, err)
	}
	for _, name := range []string{"two", "one", "two", "on"} {
		g := open(t, simulated.Config{Dir: dir, Name: name})
		want(t, gateway.Approved, "")(g.Charge(t.Context(), newCharge(1)))
	}
	unused := open(t, simulated.Config{Dir: dir, Name: "unused"})
	if err := unused.Close(); err != nil {
		t.Error(err)
	}
	list, err := simulated.Journals(dir)
	if diff := cmp.Diff([]string{"on", "one", "two"}, list); diff != "" || err != nil {
		t.Errorf("%v, %s", err, diff)
	}
	stop := errors.New("enough")
	visits := 0
	err = simulated.ReadJournal(dir, "two", func(simulated.Entry) error {
		visits++
		return stop
	})
	if !errors.Is(err, stop) || visits != 1 {
		t.Errorf("%d visits, %v", visits, err)
	}
}

// TestPeers holds that processes of one folder see what the others did: one that
// was there before, one that comes later, one that is gone.
func TestPeers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := open(t, simulated.Config{Dir: dir})
	a := newCharge(100)
	want(t, gateway.Approved, "")(first.Charge(t.Context(), a))
	second := open(t, simulated.Config{Dir: dir})
	third := open(t, simulated.Config{Dir: dir})
	want(t, gateway.Approved, "")(third.Refund(t.Context(), newRefund(a, 40)))
	if err := third.Close(); err != nil {
		t.Fatal(err)
	}
	want(t, gateway.Declined, problem.GatewayRejected)(second.Refund(t.Context(), newRefund(a, 61)))
	r := newRefund(a, 60)
	want(t, gateway.Approved, "")(second.Refund(t.Context(), r))
	want(t, gateway.Approved, "")(first.Resolve(t.Context(), r.Operation))
	want(t, gateway.Declined, problem.GatewayRejected)(first.Refund(t.Context(), newRefund(a, 1)))

	// The first process's file, which is read first, holds the refund of a charge
	// in a later one.
	for range 3 {
		fourth := open(t, simulated.Config{Dir: dir})
		want(t, gateway.Declined, problem.GatewayRejected)(fourth.Refund(t.Context(), newRefund(a, 1)))
		b := newCharge(100)
		want(t, gateway.Approved, "")(fourth.Charge(t.Context(), b))
		want(t, gateway.Approved, "")(first.Refund(t.Context(), newRefund(b, 70)))
		late := open(t, simulated.Config{Dir: dir})
		want(t, gateway.Declined, problem.GatewayRejected)(late.Refund(t.Context(), newRefund(b, 31)))
	}
}

// TestTorn holds that a line without its end never happened, and that nothing
// is written behind it.
func TestTorn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	g := open(t, simulated.Config{Dir: dir})
	kept, torn := newCharge(1), newCharge(2)
	want(t, gateway.Approved, "")(g.Charge(t.Context(), kept))
	want(t, gateway.Approved, "")(g.Charge(t.Context(), torn))
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	file := journalFile(t, dir)
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(file, info.Size()-1); err != nil {
		t.Fatal(err)
	}
	g = open(t, simulated.Config{Dir: dir})
	if got, err := g.Resolve(t.Context(), torn.Operation); err != nil || got.Status != gateway.NotFound {
		t.Errorf("%+v, %v", got, err)
	}
	want(t, gateway.Approved, "")(g.Resolve(t.Context(), kept.Operation))
	want(t, gateway.Approved, "")(g.Charge(t.Context(), torn))
	if n := len(journal(t, dir)); n != 2 {
		t.Errorf("%d entries, want 2", n)
	}
}

func journalFile(t *testing.T, dir string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "test.*.jsonl"))
	if err != nil || len(files) != 1 {
		t.Fatalf("files %v, %v", files, err)
	}
	return files[0]
}

// TestDamaged holds that a whole line that is none of ours is an error that
// tells where it stands.
func TestDamaged(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	g := open(t, simulated.Config{Dir: dir})
	want(t, gateway.Approved, "")(g.Charge(t.Context(), newCharge(1)))
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	file := journalFile(t, dir)
	line, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{
		"", "{}", "null", `{"kind":"charge"}`, string(line[:len(line)-2]), string(line[:len(line)-1]) + "x",
		strings.Replace(string(line), `"charge"`, `"gift"`, 1),
		strings.Replace(string(line), `"approved"`, `"declined"`, 1),
		strings.Replace(string(line), `"approved"`, `"maybe"`, 1),
		strings.Replace(string(line), `"EUR"`, `"euro"`, 1),
		strings.Replace(string(line), `"at_ms":`, `"when":`, 1),
		strings.Replace(string(line), `"amount":1`, `"amount":1.5`, 1),
		strings.Replace(string(line), `"att_0`, `"att_x`, 1),
	} {
		text := append(bytes.Clone(line), strings.TrimSuffix(bad, "\n")+"\n"...)
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := simulated.Open(simulated.Config{Name: "test", Dir: dir, Chance: seeded(1)})
		if err == nil || !strings.Contains(err.Error(), filepath.Base(file)) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	// What a later version adds is no damage.
	more := append(bytes.Clone(line), strings.Replace(string(line), `{`, `{"new":"yes","count":3,`, 1)...)
	if err := os.WriteFile(file, more, 0o600); err != nil {
		t.Fatal(err)
	}
	if n := len(journal(t, dir)); n != 2 {
		t.Errorf("%d entries, want 2", n)
	}
}

// FuzzReadJournal holds that no text of a journal is too much for the reader, and
// that it lets nothing through that is no operation.
func FuzzReadJournal(f *testing.F) {
	dir := f.TempDir()
	g := open(f, simulated.Config{Dir: dir})
	want(f, gateway.Approved, "")(g.Charge(f.Context(), newCharge(1)))
	files, err := filepath.Glob(filepath.Join(dir, "test.*.jsonl"))
	if err != nil || len(files) != 1 {
		f.Fatalf("files %v, %v", files, err)
	}
	line, err := os.ReadFile(files[0])
	if err != nil {
		f.Fatal(err)
	}
	f.Add(line)
	f.Add(line[:len(line)-1])
	f.Add([]byte("{\"kind\":\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "test.1.jsonl"), text, 0o600); err != nil {
			t.Fatal(err)
		}
		lines := 0
		_ = simulated.ReadJournal(dir, "test", func(e simulated.Entry) error {
			lines++
			if e.Operation.IsZero() || (e.Outcome.Status == gateway.Declined) != (e.Outcome.Reason != "") {
				t.Errorf("%+v", e)
			}
			return nil
		})
		if lines > bytes.Count(text, []byte("\n")) {
			t.Errorf("%d entries of %d lines", lines, bytes.Count(text, []byte("\n")))
		}
	})
}
