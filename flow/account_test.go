package flow_test

import (
	"slices"
	"testing"
	"time"

	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/payment"
	"florin/problem"
	"florin/store"
)

// TestLedgerAccount moves money on several shards and asks for balances now and
// at every moment between.
func TestLedgerAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	began := w.clock.Now()
	type moment struct {
		at                         time.Time
		wallet, sales, adjustments int64
	}
	moments := []moment{{at: began.Add(-time.Hour)}}
	for i := range 12 {
		w.clock.Advance(time.Second)
		m := moments[len(moments)-1]
		user := int64(i%4 + 1)
		w.give(t, user, usd(100_00))
		m.adjustments -= 100_00
		if user == 1 {
			m.wallet += 100_00
		}
		if i%3 == 0 {
			w.pay(t, fromWallet(user), payment.Succeeded)
			m.sales += 100_00
			if user == 1 {
				m.wallet -= 100_00
			}
		}
		m.at = w.clock.Now()
		moments = append(moments, m)
	}
	w.clock.Advance(time.Second)
	for _, m := range moments {
		for name, want := range map[ledger.Name]int64{
			ledger.Wallet(1): m.wallet, ledger.Sales: m.sales, ledger.Adjustments: m.adjustments,
		} {
			for _, later := range []time.Duration{0, 500 * time.Millisecond} {
				got, err := w.flow.LedgerAccount(t.Context(), name, "USD", m.at.Add(later))
				if err != nil || got.Balance != money.NewSum(want) {
					t.Errorf("%s at %s: %s, %v, want %d", name, m.at.Sub(began), got.Balance, err, want)
				}
			}
		}
	}
	last := moments[len(moments)-1]
	got, err := w.flow.LedgerAccount(t.Context(), ledger.Adjustments, "USD", time.Time{})
	if err != nil || got.Balance != money.NewSum(last.adjustments) || got.Seq != 12 {
		t.Errorf("now: %+v, %v", got, err)
	}
	for _, key := range []ledger.Key{{Name: ledger.Sales, Currency: "EUR"}, {Name: ledger.Bank, Currency: "USD"}} {
		_, err := w.flow.LedgerAccount(t.Context(), key.Name, key.Currency, time.Time{})
		wantCode(t, err, problem.NotFound)
	}
	w.balanced(t)
}

func TestLedgerAccounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for user := range int64(6) {
		w.give(t, user+1, usd(5))
		w.give(t, user+1, money.Amount{Minor: 7, Currency: "JPY"})
	}
	var names []string
	q := store.AccountQuery{Limit: 3}
	for {
		page, err := w.flow.LedgerAccounts(t.Context(), 0, q)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range page {
			names = append(names, string(a.Name)+"/"+string(a.Currency)+" "+a.Balance.String())
		}
		if len(page) < q.Limit {
			break
		}
		q.AfterName, q.AfterCurrency = page[2].Name, page[2].Currency
	}
	want := []string{"adjustments/JPY -42", "adjustments/USD -30"}
	for _, user := range []string{"1", "2", "3", "4", "5", "6"} {
		want = append(want, "user:"+user+":wallet/JPY 7", "user:"+user+":wallet/USD 5")
	}
	if !slices.Equal(names, want) {
		t.Errorf("the accounts are %v", names)
	}
	mine, err := w.flow.LedgerAccounts(t.Context(), 3, store.AccountQuery{Currency: "USD", Limit: 10})
	if err != nil || len(mine) != 1 || mine[0].Name != ledger.Wallet(3) {
		t.Errorf("user 3 has %+v, %v", mine, err)
	}
}

// TestLedgerEntries reads accounts page by page, both ways.
func TestLedgerEntries(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range int64(21) {
		w.give(t, i%3+1, usd(i+1))
	}
	for name, want := range map[ledger.Name]int{ledger.Wallet(2): 7, ledger.Adjustments: 21} {
		all := w.entries(t, store.EntryQuery{Name: name, Currency: "USD", Page: store.Page{Limit: 100}})
		if len(all) != want {
			t.Fatalf("%s has %d entries", name, len(all))
		}
		var older, newer []ident.ID
		page := store.Page{Limit: 2}
		for len(older) < want {
			some := w.entries(t, store.EntryQuery{Name: name, Currency: "USD", Page: page})
			if len(some) == 0 {
				break
			}
			older = append(older, idsOf(some)...)
			page.After = some[len(some)-1].ID
		}
		page = store.Page{Limit: 2, Before: all[want-1].ID}
		for {
			some := w.entries(t, store.EntryQuery{Name: name, Currency: "USD", Page: page})
			if len(some) == 0 {
				break
			}
			newer = append(idsOf(some), newer...)
			page.Before = some[0].ID
		}
		if !slices.Equal(older, idsOf(all)) || !slices.Equal(newer, idsOf(all)[:want-1]) {
			t.Errorf("%s: all are %d, page by page %d, backwards %d", name, len(all), len(older), len(newer))
		}
		if _, ofUser := name.UserID(); ofUser && (all[0].Seq != 7 || all[6].Seq != 1) {
			t.Errorf("%s begins with entry %d", name, all[0].Seq)
		}
		if all[0].Transaction.Kind != ledger.KindAdjustment || all[0].Transaction.Object.IsZero() {
			t.Errorf("%s: the transaction is %+v", name, all[0].Transaction)
		}
	}
}

func (w *world) entries(t testing.TB, q store.EntryQuery) []store.Posted {
	t.Helper()
	entries, err := w.flow.LedgerEntries(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

func idsOf(entries []store.Posted) (ids []ident.ID) {
	for _, e := range entries {
		ids = append(ids, e.ID)
	}
	return ids
}
