package sqlite_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"florin/ident"
	"florin/payment"
	"florin/store"
	"florin/store/sqlite"
)

// TestGenerations lists the payments of users, and finds claims, over several
// generations, the order of ids being not quite that of the inserts.
func TestGenerations(t *testing.T) {
	t.Parallel()
	s := open(t, sqlite.Config{Shards: 1})
	w := newWorkload(s, 100)
	ofUser := map[int64][]payment.Payment{}
	var claims []store.Claim
	const batch = sqlite.GenerationSize / 2
	for n := range 5 {
		var list []payment.Payment
		for i := range batch {
			user := int64(1 + i%4)
			if i == batch/2 {
				user = 100 // who pays seldom
			}
			p := w.payment(user)
			list = append(list, p)
			ofUser[user] = append(ofUser[user], p)
		}
		rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		claim := store.Claim{Hash: int64(n % 3), Scope: "s", UserID: 1, Key: list[0].ID.Text("k"), Object: list[0].ID}
		claims = append(claims, claim)
		tx, err := s.Begin(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		filler := make([]store.Claim, batch)
		for i := range filler {
			filler[i] = store.Claim{Hash: rand.Int64(), Scope: "f", UserID: 1, Key: list[i].ID.Text("f")}
		}
		if _, err := tx.Claim(t.Context(), append(filler, claim)); err != nil {
			t.Fatal(err)
		}
		if err := tx.Write(t.Context(), &store.Changes{Payments: fresh(list...)}); err != nil {
			t.Fatal(err)
		}
		if err := tx.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for user, want := range ofUser {
		slices.Reverse(want)
		checkPages(t, s, user, want)
	}
	for _, claim := range claims {
		if held, err := s.FindClaim(t.Context(), 0, claim); err != nil || held.Object != claim.Object {
			t.Errorf("claim of %s: %v, %v", claim.Key, held, err)
		}
	}
}

// checkPages reads all of a user's payments in both directions.
func checkPages(t *testing.T, s store.Store, user int64, want []payment.Payment) {
	t.Helper()
	const limit = 3000
	var down, up []ident.ID
	page := store.Page{Limit: limit}
	for {
		list, err := s.Payments(t.Context(), 0, store.PaymentQuery{UserID: user, Page: page})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range list {
			down = append(down, p.ID)
		}
		if len(list) < limit {
			break
		}
		page.After = list[limit-1].ID
	}
	page = store.Page{Limit: limit, Before: ident.FromHalves(1, -1)}
	for {
		list, err := s.Payments(t.Context(), 0, store.PaymentQuery{UserID: user, Page: page})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range slices.Backward(list) {
			up = append(up, p.ID)
		}
		if len(list) < limit {
			break
		}
		page.Before = list[0].ID
	}
	slices.Reverse(up)
	var ids []ident.ID
	for _, p := range want {
		ids = append(ids, p.ID)
	}
	if !slices.Equal(down, ids) || !slices.Equal(up, ids) {
		t.Errorf("user %d: %d payments, listed %d downwards and %d upwards", user, len(ids), len(down), len(up))
	}
}

func TestClaimSet(t *testing.T) {
	t.Parallel()
	set := sqlite.NewClaimSet()
	const n = 300_000
	wrong := 0
	for i := range int64(n) {
		if !set.Lacks(i) {
			wrong++
		}
		set.Add(i)
	}
	for i := range int64(n) {
		if set.Lacks(i) {
			t.Fatalf("hash %d was lost", i)
		}
	}
	if wrong > 20 { // 1.1 of a million are expected at the end
		t.Errorf("%d new hashes of %d were taken for known ones", wrong, n)
	}
}
