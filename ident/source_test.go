package ident_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"florin/ident"
)

func TestSourceAscendsWhateverTheClockDoes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now := time.UnixMilli(1735689600000)
		chance := rapid.Uint64()
		source := ident.NewSource(0, func() time.Time { return now }, func() uint64 { return chance.Draw(t, "chance") })
		last := source.New(1)
		for range rapid.IntRange(1, 200).Draw(t, "ids") {
			now = now.Add(time.Duration(rapid.IntRange(-3, 3).Draw(t, "ms")) * time.Millisecond)
			id := source.New(aUser().Draw(t, "user"))
			if id.High() <= last.High() || id.Compare(last) != 1 {
				t.Fatalf("%s follows %s", id.Text(ident.Event), last.Text(ident.Event))
			}
			if id.Millis() < now.UnixMilli() {
				t.Fatalf("%s is older than the clock", id.Text(ident.Event))
			}
			last = id
		}
	})
}

// More than 4096 ids in a millisecond borrow from the next one.
func TestSourceInOneMillisecond(t *testing.T) {
	t.Parallel()
	at := time.UnixMilli(1735689600000)
	source := ident.NewSource(0, func() time.Time { return at }, func() uint64 { return 0 })
	for i := range int64(3 * 4096) {
		id := source.New(1)
		if want := at.UnixMilli()<<12 + i; id.High() != want {
			t.Fatalf("id %d: High is %x, want %x", i, id.High(), want)
		}
		if _, err := ident.Parse(ident.Event, id.Text(ident.Event)); err != nil {
			t.Fatalf("id %d: %v", i, err)
		}
	}
}

func TestSourceWithAClockBefore1970(t *testing.T) {
	t.Parallel()
	source := ident.NewSource(0, func() time.Time { return time.Time{} }, func() uint64 { return 0 })
	a, b := source.New(1), source.New(1)
	if a.High() != 1 || b.High() != 2 {
		t.Errorf("got %x and %x, want 1 and 2", a.High(), b.High())
	}
}

func TestAdvance(t *testing.T) {
	t.Parallel()
	at := time.UnixMilli(1735689600000)
	source := ident.NewSource(0, func() time.Time { return at }, func() uint64 { return 0 })
	ahead := (at.UnixMilli()+5000)<<12 | 7
	source.Advance(ahead)
	if got := source.New(1).High(); got != ahead+1 {
		t.Errorf("after Advance: got %x, want %x", got, ahead+1)
	}
	source.Advance(5)
	if got := source.New(1).High(); got != ahead+2 {
		t.Errorf("after an Advance to what is past: got %x, want %x", got, ahead+2)
	}
	at = at.Add(time.Minute)
	if got := source.New(1).High(); got != at.UnixMilli()<<12 {
		t.Errorf("once the clock has caught up: got %x, want %x", got, at.UnixMilli()<<12)
	}
}

func TestSourceFromManyGoroutines(t *testing.T) {
	t.Parallel()
	const goroutines, each = 8, 500
	source := ident.NewSource(2, func() time.Time { return time.UnixMilli(1) }, func() uint64 { return 0 })
	highs := make([]int64, goroutines*each)
	var all sync.WaitGroup
	for g := range goroutines {
		all.Go(func() {
			for i := range each {
				highs[g*each+i] = source.New(1).High()
			}
		})
	}
	all.Wait()
	slices.Sort(highs)
	if len(slices.Compact(highs)) != goroutines*each {
		t.Error("two ids have the same High")
	}
}

func TestFirst(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at, later := aMoment().Draw(t, "at"), aMoment().Draw(t, "later")
		if later.Before(at) {
			at, later = later, at
		}
		first := ident.First(at)
		id := issue(rapid.Uint8Range(0, 3).Draw(t, "region"), later, rapid.Uint64().Draw(t, "chance"),
			aUser().Draw(t, "user"))
		if id.Compare(first) < 0 {
			t.Fatalf("%s, issued at %v, is below First(%v)", id.Text(ident.Event), later, at)
		}
		if _, err := ident.Parse(ident.Event, first.Text(ident.Event)); err != nil {
			t.Fatal(err)
		}
		if at.Before(later) && ident.First(later).Compare(first) != 1 {
			t.Fatalf("First(%v) is not below First(%v)", at, later)
		}
	})
}

// Beyond what an id can hold the bound is still a bound.
func TestFirstOutOfRange(t *testing.T) {
	t.Parallel()
	id := issue(0, time.UnixMilli(1), 0, 1)
	for _, at := range []time.Time{{}, time.UnixMilli(-1), time.UnixMilli(0)} {
		if ident.First(at).Compare(id) != -1 || ident.First(at).Millis() != 0 {
			t.Errorf("First(%v) is %s", at, ident.First(at).Text(ident.Event))
		}
	}
	far := time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC)
	if ident.First(far).Compare(id) != 1 || ident.First(far).Millis() != 1<<48-1 {
		t.Errorf("First(%v) is %s", far, ident.First(far).Text(ident.Event))
	}
}
