package storetest

import (
	"slices"
	"time"

	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/store"
	wallets "florin/wallet" // wallet is a user's account here
)

var walletCases = map[string]func(*fixture){
	"holds":                  holds,
	"hold lists":             holdLists,
	"due holds":              dueHolds,
	"payouts":                payouts,
	"holds of other shards":  holdOfAnotherShard,
	"in a snapshot":          walletSnapshot,
	"accounts":               accountLists,
	"entries of a user":      entriesOfUser,
	"entries of slots":       entriesOfSlots,
	"balances at a time":     balancesAtATime,
	"crowded and rare":       crowdedAndRare,
	"transaction's given id": givenID,
}

func (f *fixture) hold(userID int64) wallets.Hold {
	return wallets.Hold{
		ID: f.ids.New(userID), UserID: userID, Amount: money.Amount{Minor: 700, Currency: "EUR"},
		Status: wallets.HoldActive, Reason: "a \"reason\"", Metadata: map[string]string{"k\"ey": "v"},
		ExpiresAt: f.now.Add(time.Hour), Version: 1,
	}
}

func (f *fixture) payout(userID int64) wallets.Payout {
	return wallets.Payout{
		ID: f.ids.New(userID), UserID: userID, Amount: money.Amount{Minor: 700, Currency: "EUR"},
		Status: wallets.PayoutPending, Description: "d", Metadata: map[string]string{"a": "b"}, Version: 1,
	}
}

func holds(f *fixture) {
	h, bare := f.hold(f.user(0, 1)), f.hold(f.user(0, 1))
	bare.Reason, bare.Metadata = "", nil
	f.commit(0, store.Changes{Holds: fresh(h, bare)})
	expect := func(want wallets.Hold) {
		f.Helper()
		got, err := f.store.Hold(f.ctx, want.ID)
		f.check(err)
		same(f, got, want)
		same(f, f.load(0, store.Keys{Holds: []ident.ID{want.ID}}).Holds, map[ident.ID]wallets.Hold{want.ID: want})
	}
	expect(h)
	expect(bare)
	h.Status, h.CapturedMinor, h.Version = wallets.HoldCaptured, 400, 2
	f.commit(0, store.Changes{Holds: update(h)})
	expect(h)
	high, err := f.store.LastHigh(f.ctx)
	f.check(err)
	if high < bare.ID.High() {
		f.Error("the greatest id is not noted")
	}

	missing := f.hold(f.user(0, 1))
	_, err = f.store.Hold(f.ctx, missing.ID)
	f.want(err, store.ErrNotFound)
	same(f, len(f.load(0, store.Keys{Holds: []ident.ID{missing.ID}}).Holds), 0)
	f.want(f.try(0, store.Changes{Holds: update(missing)}), store.ErrRefused)
	f.want(f.try(0, store.Changes{Holds: fresh(h)}), store.ErrRefused)
	f.works(0)
}

func holdLists(f *fixture) {
	var list []wallets.Hold
	for i := range 6 {
		h := f.hold(f.user(0, 1+i%2))
		if i > 2 {
			h.Status, h.Version = wallets.HoldReleased, 2
		}
		list = append(list, h)
	}
	f.commit(0, store.Changes{Holds: fresh(list...)})
	slices.Reverse(list)
	for _, c := range []struct {
		q    store.HoldQuery
		want []wallets.Hold
	}{
		{store.HoldQuery{}, list},
		{store.HoldQuery{UserID: f.user(0, 2)}, []wallets.Hold{list[0], list[2], list[4]}},
		{store.HoldQuery{Status: wallets.HoldActive}, list[3:]},
		{store.HoldQuery{Page: store.Page{After: list[3].ID}}, list[4:]},
		{store.HoldQuery{Page: store.Page{Before: list[2].ID}}, list[:2]},
		{store.HoldQuery{UserID: f.user(0, 9)}, nil},
	} {
		c.q.Limit = 100
		got, err := f.store.Holds(f.ctx, 0, c.q)
		f.check(err)
		f.Logf("%+v", c.q)
		same(f, got, c.want)
	}
}

func dueHolds(f *fixture) {
	var list []wallets.Hold
	for _, seconds := range []int{30, 10, 50, 20} {
		h := f.hold(f.user(0, 1))
		h.ExpiresAt = f.now.Add(time.Duration(seconds) * time.Second)
		list = append(list, h)
	}
	list[3].Status, list[3].Version = wallets.HoldReleased, 2
	f.commit(0, store.Changes{Holds: fresh(list...)})
	expect := func(seconds, limit int, want ...wallets.Hold) {
		f.Helper()
		got, err := f.store.DueHolds(f.ctx, 0, f.now.Add(time.Duration(seconds)*time.Second), limit)
		f.check(err)
		same(f, got, want)
	}
	expect(9, 10)
	expect(10, 10, list[1])
	expect(50, 10, list[1], list[0], list[2])
	expect(50, 2, list[1], list[0])
	list[1].Status, list[1].Version = wallets.HoldExpired, 2
	f.commit(0, store.Changes{Holds: update(list[1])})
	expect(50, 10, list[0], list[2])
}

func payouts(f *fixture) {
	a, b := f.payout(f.user(0, 1)), f.payout(f.user(0, 2))
	b.Description, b.Metadata = "", nil
	f.commit(0, store.Changes{Payouts: fresh(a, b)})
	for _, want := range []wallets.Payout{a, b} {
		got, err := f.store.Payout(f.ctx, want.ID)
		f.check(err)
		same(f, got, want)
	}
	_, err := f.store.Payout(f.ctx, f.ids.New(0))
	f.want(err, store.ErrNotFound)
	for _, c := range []struct {
		q    store.PayoutQuery
		want []wallets.Payout
	}{
		{store.PayoutQuery{Status: wallets.PayoutPending}, []wallets.Payout{b, a}},
		{store.PayoutQuery{UserID: f.user(0, 1)}, []wallets.Payout{a}},
		{store.PayoutQuery{Page: store.Page{After: b.ID}}, []wallets.Payout{a}},
		{store.PayoutQuery{Status: "paid"}, nil},
	} {
		c.q.Limit = 100
		got, err := f.store.Payouts(f.ctx, 0, c.q)
		f.check(err)
		same(f, got, c.want)
	}
	b.Version = 2
	f.commit(0, store.Changes{Payouts: update(b)})
	got, err := f.store.Payout(f.ctx, b.ID)
	f.check(err)
	same(f, got, b)
	f.want(f.try(0, store.Changes{Payouts: update(f.payout(f.user(0, 1)))}), store.ErrRefused)
	f.works(0)
}

func holdOfAnotherShard(f *fixture) {
	f.twoShards()
	f.want(f.try(0, store.Changes{Holds: fresh(f.hold(f.user(1, 1)))}), store.ErrRefused)
	f.want(f.try(0, store.Changes{Payouts: fresh(f.payout(f.user(1, 1)))}), store.ErrRefused)
	f.works(0)
}

func walletSnapshot(f *fixture) {
	h, p := f.hold(f.user(0, 1)), f.payout(f.user(0, 1))
	f.commit(0, store.Changes{Holds: fresh(h), Payouts: fresh(p)})
	snapshot := f.snapshot(0)
	f.commit(0, store.Changes{Holds: fresh(f.hold(f.user(0, 2))), Payouts: fresh(f.payout(f.user(0, 2)))})
	var hs []wallets.Hold
	var ps []wallets.Payout
	f.check(snapshot.Holds(f.ctx, appendTo(&hs)))
	f.check(snapshot.Payouts(f.ctx, appendTo(&ps)))
	same(f, hs, []wallets.Hold{h})
	same(f, ps, []wallets.Payout{p})
}

// books posts on a shard: entries come in pairs, each a second after the one
// before it.
type books struct {
	*fixture
	accounts map[ledger.Key]ledger.Account
	posted   []ledger.Transaction
}

func (f *fixture) books() *books { return &books{f, map[ledger.Key]ledger.Account{}, nil} }

func (b *books) post(userID, minor int64, from, to ledger.Key) {
	b.Helper()
	b.now = b.now.Add(time.Second)
	b.ids.Advance(b.now.UnixMilli() << 12)
	x, y := b.accounts[from], b.accounts[to]
	x.Key, y.Key = from, to
	t, accounts := b.transaction(userID, minor, x, y)
	b.commit(b.shardOf(userID), store.Changes{Transactions: []ledger.Transaction{t}, Accounts: accounts})
	for _, a := range accounts {
		b.accounts[a.Key] = a
	}
	b.posted = append(b.posted, t)
}

func eur(name ledger.Name, slot int) ledger.Key {
	return ledger.Key{Name: name, Slot: slot, Currency: "EUR"}
}

func accountLists(f *fixture) {
	b := f.books()
	one, two := f.user(0, 1), f.user(0, 2)
	b.post(one, 5, sales(0), wallet(one))
	b.post(two, 7, sales(1), wallet(two))
	b.post(two, 2, wallet(two), eur(ledger.Held(two), 0))
	b.post(two, 3, ledger.Key{Name: ledger.Sales, Currency: "USD"}, ledger.Key{Name: ledger.Wallet(two), Currency: "USD"})
	f.load(0, store.Keys{Accounts: []ledger.Key{eur(ledger.Bank, 0)}}) // has no entries
	account := func(key ledger.Key, balance, seq int64) ledger.Account {
		return ledger.Account{Key: key, Balance: money.NewSum(balance), Seq: seq}
	}
	held := account(eur(ledger.Held(two), 0), 2, 1)
	inUSD := func(name ledger.Name, balance int64) ledger.Account {
		return account(ledger.Key{Name: name, Currency: "USD"}, balance, 1)
	}
	all := []ledger.Account{account(sales(0), -12, 2), inUSD(ledger.Sales, -3)}
	users := []ledger.Account{
		account(wallet(one), 5, 1), held, account(wallet(two), 5, 2), inUSD(ledger.Wallet(two), 3),
	}
	slices.SortFunc(users, func(a, b ledger.Account) int { return a.Compare(b.Key) })
	all = append(all, users...)
	for _, c := range []struct {
		q    store.AccountQuery
		want []ledger.Account
	}{
		{store.AccountQuery{}, all},
		{store.AccountQuery{Limit: 3}, all[:3]},
		{store.AccountQuery{Limit: 2, AfterName: all[0].Name, AfterCurrency: all[0].Currency}, all[1:3]},
		{store.AccountQuery{Name: ledger.Sales, Currency: "EUR"}, all[:1]},
		{store.AccountQuery{Name: ledger.Sales}, all[:2]},
		{store.AccountQuery{Prefix: ledger.OfUser(one)}, []ledger.Account{account(wallet(one), 5, 1)}},
		{store.AccountQuery{Prefix: "user:"}, users},
		{store.AccountQuery{Prefix: "user:", Currency: "USD"}, []ledger.Account{inUSD(ledger.Wallet(two), 3)}},
		{store.AccountQuery{Name: ledger.Bank}, nil},
		{store.AccountQuery{Prefix: "v"}, nil},
	} {
		if c.q.Limit == 0 {
			c.q.Limit = 100
		}
		got, err := f.store.Accounts(f.ctx, 0, c.q)
		f.check(err)
		f.Logf("%+v", c.q)
		same(f, got, c.want)
	}
}

// entriesIn lists what the books say that an account's entries are, newest first.
func (b *books) entriesIn(name ledger.Name) (entries []store.Posted) {
	for _, t := range b.posted {
		for _, e := range t.Entries {
			if e.Account.Name == name {
				bare := t
				bare.Entries = nil
				entries = append(entries, store.Posted{Entry: e, Transaction: bare})
			}
		}
	}
	slices.Reverse(entries)
	return entries
}

// expectEntries holds all pages of an account's entries against the books.
func (b *books) expectEntries(name ledger.Name) {
	b.Helper()
	all := b.entriesIn(name)
	n := len(all)
	for _, c := range []struct {
		page store.Page
		want []store.Posted
	}{
		{store.Page{Limit: 100}, all},
		{store.Page{Limit: 2}, all[:2]},
		{store.Page{Limit: 2, After: all[1].ID}, all[2:4]},
		{store.Page{Limit: 2, After: all[n-2].ID}, all[n-1:]},
		{store.Page{Limit: 2, After: all[n-1].ID}, nil},
		{store.Page{Limit: 2, Before: all[n-1].ID}, all[n-3 : n-1]},
		{store.Page{Limit: 2, Before: all[1].ID}, all[:1]},
		{store.Page{Limit: 2, Before: all[0].ID}, nil},
	} {
		got, err := b.store.Entries(b.ctx, 0, store.EntryQuery{Name: name, Currency: "EUR", Page: c.page})
		b.check(err)
		b.Logf("%s: %+v", name, c.page)
		same(b.fixture, got, c.want)
	}
}

func entriesOfUser(f *fixture) {
	b := f.books()
	one, two := f.user(0, 1), f.user(0, 2)
	for i := range int64(9) {
		b.post(one, i+1, sales(0), wallet([]int64{one, two}[i%2]))
	}
	b.expectEntries(ledger.Wallet(one))
	b.expectEntries(ledger.Sales)
	got, err := f.store.Entries(f.ctx, 0, store.EntryQuery{
		Name: ledger.Wallet(f.user(0, 3)), Currency: "EUR", Page: store.Page{Limit: 5},
	})
	f.check(err)
	same(f, got, nil)
}

func entriesOfSlots(f *fixture) {
	b := f.books()
	one := f.user(0, 1)
	for i := range 12 {
		from := []ledger.Name{ledger.Sales, ledger.Adjustments}[i%2]
		b.post(one, int64(i+1), eur(from, i%3), wallet(one))
	}
	b.expectEntries(ledger.Sales)
	b.expectEntries(ledger.Adjustments)
}

// expectBalances holds an account's balance at every moment against the books.
func (b *books) expectBalances(name ledger.Name) {
	b.Helper()
	want := money.Sum{}
	var err error
	expect := func(at time.Time) {
		b.Helper()
		got, err := b.store.BalanceAt(b.ctx, 0, name, "EUR", at)
		b.check(err)
		if got != want {
			b.Errorf("%s at %s: %s, want %s", name, at, got, want)
		}
	}
	expect(b.posted[0].ID.Time().Add(-time.Hour))
	for _, t := range b.posted {
		expect(t.ID.Time().Add(-time.Millisecond))
		for _, e := range t.Entries {
			if e.Account.Name == name {
				want, err = want.Add(e.Minor)
				b.check(err)
			}
		}
		expect(t.ID.Time())
		expect(t.ID.Time().Add(999 * time.Microsecond))
		expect(t.ID.Time().Add(300 * time.Millisecond))
	}
	expect(b.now.Add(time.Hour))
}

func balancesAtATime(f *fixture) {
	b := f.books()
	one, two := f.user(0, 1), f.user(0, 2)
	for i := range 14 {
		from := []ledger.Name{ledger.Sales, ledger.Adjustments}[i/2%2]
		b.post(one, int64(i+1), eur(from, i%2), wallet([]int64{one, two}[i/3%2]))
	}
	for _, name := range []ledger.Name{
		ledger.Sales, ledger.Adjustments, ledger.Wallet(one), ledger.Wallet(two), ledger.Bank,
	} {
		b.expectBalances(name)
	}
}

// crowdedAndRare has an account of the crowded kind that has few entries among
// many, at the beginning, in the middle and at the end.
func crowdedAndRare(f *fixture) {
	b := f.books()
	one := f.user(0, 1)
	rare := ledger.Receivable("rare")
	for i := range 40 {
		from := sales(0)
		if i == 3 || i == 20 || i == 37 {
			from = eur(rare, i%2)
		}
		b.post(one, int64(i+1), from, wallet(one))
	}
	b.expectBalances(rare)
	got, err := f.store.Entries(f.ctx, 0, store.EntryQuery{Name: rare, Currency: "EUR", Page: store.Page{Limit: 5}})
	f.check(err)
	same(f, got, b.entriesIn(rare))
}

// givenID has a transaction whose id is older than others that were written
// before it.
func givenID(f *fixture) {
	one := f.user(0, 1)
	old := f.ids.New(one)
	b := f.books()
	b.post(one, 5, sales(0), wallet(one))
	t, accounts := f.transaction(one, 7, b.accounts[sales(0)], b.accounts[wallet(one)])
	t.ID = old
	f.commit(0, store.Changes{Transactions: []ledger.Transaction{t}, Accounts: accounts})
	b.posted = append(b.posted, t)
	got, err := f.store.Entries(f.ctx, 0, store.EntryQuery{
		Name: ledger.Wallet(one), Currency: "EUR", Page: store.Page{Limit: 5},
	})
	f.check(err)
	same(f, got, b.entriesIn(ledger.Wallet(one)))
	var all []ledger.Transaction
	f.check(f.snapshot(0).Transactions(f.ctx, appendTo(&all)))
	same(f, all, []ledger.Transaction{t, b.posted[0]})
}
