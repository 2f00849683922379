package flow_test

import (
	"context"
	"slices"
	"testing"

	"florin/ident"
	"florin/payment"
	"florin/store"
)

// TestSearchOverShards: a list over all shards reads page by page, in either
// direction, what one shard with everything would.
func TestSearchOverShards(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	methods := []string{"pm_card_visa", "pm_card_chargeDeclined"}
	var want []ident.ID
	for i := range 60 {
		r := authorize(int64(1+i%7), methods[i%2])
		r.Amount.Minor = int64(1 + i%4)
		r.Details.Metadata = map[string]string{"order": []string{"a", "b"}[i%3/2]}
		result, err := w.flow.Authorize(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		if i%2 == 0 && i%4 >= 1 && i%3 < 2 {
			want = append(want, result.Payment.ID)
		}
	}
	slices.Reverse(want)
	if len(want) < 5 {
		t.Fatalf("only %d are to be found", len(want))
	}
	query := store.PaymentQuery{
		Status: payment.Succeeded, AmountGTE: 2, AmountLTE: 4, Currency: "USD", MetadataKey: "order", MetaValue: "a",
	}
	for _, limit := range []int{1, 2, 3, 100} {
		query.Page = store.Page{Limit: limit}
		var down []ident.ID
		for {
			page := find(t.Context(), t, w, query)
			if len(page) == 0 {
				break
			}
			down = append(down, page...)
			query.After = page[len(page)-1]
		}
		query.Page = store.Page{Limit: limit, Before: want[len(want)-1]}
		up := want[len(want)-1:]
		for {
			page := find(t.Context(), t, w, query)
			if len(page) == 0 {
				break
			}
			up = append(page, up...)
			query.Before = page[0]
		}
		if !slices.Equal(down, want) || !slices.Equal(up, want) {
			t.Errorf("%d at a time: %d downwards, %d upwards, want %d", limit, len(down), len(up), len(want))
		}
	}
}

func find(ctx context.Context, t *testing.T, w *world, q store.PaymentQuery) (ids []ident.ID) {
	t.Helper()
	page, err := w.flow.Payments(ctx, q)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range page {
		ids = append(ids, p.ID)
	}
	return ids
}
