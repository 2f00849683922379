package move

import (
	"errors"
	"slices"
	"testing"

	"florin/ident"
	"florin/ledger"
)

func numbers(list ...int) stream[int] {
	return streamOf(func(visit func(int) error) error {
		for _, n := range list {
			if err := visit(n); err != nil {
				return err
			}
		}
		return nil
	})
}

func TestMerged(t *testing.T) {
	t.Parallel()
	less := func(a, b *int) bool { return *a/10 < *b/10 }
	var got []int
	take := func(n int) error { got = append(got, n); return nil }
	streams := []stream[int]{numbers(11, 31, 51), numbers(), numbers(12, 22, 32)}
	if err := merged(streams, less, take); err != nil || !slices.Equal(got, []int{11, 12, 22, 31, 32, 51}) {
		t.Errorf("%v: %v", got, err)
	}
	enough := errors.New("enough")
	if err := merged(streams, less, func(int) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("a visitor that ends: %v", err)
	}
	broken := streamOf(func(visit func(int) error) error { _ = visit(10); return enough })
	got = nil
	if err := merged([]stream[int]{numbers(20, 30), broken}, less, take); !errors.Is(err, enough) || len(got) > 1 {
		t.Errorf("a stream that breaks: %v after %v", err, got)
	}
	if err := merged(nil, less, take); err != nil {
		t.Errorf("no stream: %v", err)
	}
}

// TestEntriesOf: entries ascend, though a transaction whose id was made early has
// its entries late.
func TestEntriesOf(t *testing.T) {
	t.Parallel()
	var list []ledger.Transaction
	for _, ids := range [][]int64{{1, 8, 9}, {2, 3, 4}, {5, 6, 7}, {10, 11, 13}, {12, 14, 15}} {
		v := ledger.Transaction{ID: at(ids[0], 1), UserID: 1}
		for _, id := range ids[1:] {
			v.Entries = append(v.Entries, ledger.Entry{ID: at(id, 1), Minor: id})
		}
		list = append(list, v)
	}
	var got []int64
	for e, err := range entriesOf(func(yield func(ledger.Transaction, error) bool) {
		for _, v := range list {
			if !yield(v, nil) {
				return
			}
		}
	}) {
		if err != nil || e.Transaction.ID == (ident.ID{}) || e.Transaction.Entries != nil {
			t.Fatalf("%+v: %v", e, err)
		}
		got = append(got, e.Minor)
	}
	if want := []int64{3, 4, 6, 7, 8, 9, 11, 13, 14, 15}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
