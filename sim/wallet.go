package sim

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"florin/flow"
	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/store"
)

func walletScope(user int64) string { return root + "wallets/" + strconv.FormatInt(user, 10) }

func (l *workload) currency() money.Currency {
	return pick[money.Currency](l.dice, "USD", "USD", "JPY")
}

// was is an account's balance after an entry, and what that booked.
type was struct {
	balance int64
	object  ident.ID
}

// account returns what is known of an account.
func (a *auditor) account(key accountKey) *accountRecord {
	if a.accounts[key] == nil {
		a.accounts[key] = &accountRecord{}
	}
	return a.accounts[key]
}

// walletOf returns a user's account by its name.
func (a *auditor) accountOf(user int64, name ledger.Name, currency money.Currency) *accountRecord {
	return a.account(accountKey{ident.Shard(user, a.w.cfg.Shards), ledger.Key{Name: name, Currency: currency}})
}

// balances returns the balances that an account has had after a commit, also
// between two commands of one group.
func (r *accountRecord) balances(since int64) []int64 {
	last, balances := int64(0), []int64(nil)
	for _, m := range r.history {
		if m.seq <= since {
			last = m.value.balance
		} else {
			balances = append(balances, m.value.balance)
		}
	}
	return append(balances, last)
}

// short tells whether a wallet had less than an amount after a commit.
func (a *auditor) short(user int64, amount money.Amount, since int64) bool {
	return slices.Min(a.accountOf(user, ledger.Wallet(user), amount.Currency).balances(since)) < amount.Minor
}

// lacks tells whether a request's wallet had too little for it.
func (r *request) lacks(a *auditor, since int64) bool {
	switch r.kind {
	case adjust:
		return a.short(r.user, money.Amount{Minor: -r.amount.Minor, Currency: r.amount.Currency}, since)
	case giveBack:
		return r.lacksForRefund(a, since)
	case transfer, placeHold, payOut:
		return a.short(r.user, r.amount, since)
	default:
		return false
	}
}

// toldWallet checks that a wallet is told as it was after the request.
func (a *auditor) toldWallet(r *request, balances []flow.Balance, sent sending) {
	told := map[money.Currency]flow.Balance{}
	for _, b := range balances {
		told[b.Currency] = b
	}
	for _, currency := range []money.Currency{"USD", "JPY"} {
		b := told[currency]
		available, _ := b.Available.Int64()
		held, _ := b.Held.Int64()
		if !slices.Contains(a.accountOf(r.user, ledger.Wallet(r.user), currency).balances(sent.seq), available) ||
			!slices.Contains(a.accountOf(r.user, ledger.Held(r.user), currency).balances(sent.seq), held) {
			a.fail("%s is told %d and %d held, in %s", r, available, held, currency)
		}
	}
	a.w.count("told wallet")
}

// purse is an account of a user in a currency.
type purse struct {
	name     ledger.Name
	currency money.Currency
}

// checkWallets adds up what was done with every wallet, apart from what was
// booked, and compares.
func (a *auditor) checkWallets() {
	want := map[purse]int64{}
	for name, record := range a.adjustments {
		want[purse{ledger.Wallet(name.user), record.amount.Currency}] += record.amount.Minor
	}
	a.addTransfers(want)
	a.addHolds(want)
	a.addPayments(want)
	a.addPayouts(want)
	got := map[purse]int64{}
	for key, account := range a.accounts {
		if _, user := key.Name.UserID(); user {
			got[purse{key.Name, key.Currency}] += account.balance
			want[purse{key.Name, key.Currency}] += 0
		}
	}
	for _, p := range slices.SortedFunc(maps.Keys(want), func(x, y purse) int {
		return cmp.Or(cmp.Compare(x.name, y.name), cmp.Compare(x.currency, y.currency))
	}) {
		if got[p] != want[p] {
			a.fail("%s has %d %s; it should be %d", p.name, got[p], p.currency, want[p])
		}
	}
}

// takeWallets takes what a commit does with wallets, and notes what it must book.
// It returns the names of adjustments that it claims.
func (a *auditor) takeWallets(
	shard int, won []store.Claim, c *store.Changes, booked bookings,
) (adjusted []store.Claim) {
	for _, claim := range won {
		if claim.Scope == adjustmentScope {
			adjusted = append(adjusted, claim)
			booked.expect(claim.Object, a.takeAdjustment(claim))
		}
		if strings.HasPrefix(claim.Scope, settlementScope) {
			booked.expect(claim.Object, a.takeSettlement(claim))
		}
	}
	for _, change := range c.Payouts {
		booked.expect(change.Value.ID, a.takePayout(shard, change))
	}
	for _, change := range c.Transfers {
		booked.expect(change.Value.ID, a.takeTransfer(shard, change))
	}
	for _, t := range c.Received {
		booked.expect(t.ID, a.takeReceived(shard, t))
	}
	for _, change := range c.Holds {
		booked.expect(change.Value.ID, a.takeHold(shard, change))
	}
	return adjusted
}

// checkWalletChanges checks the same once all of the commit is known.
func (a *auditor) checkWalletChanges(shard int, adjusted []store.Claim, c *store.Changes) {
	for _, claim := range adjusted {
		a.bookedAdjustment(shard, claim)
	}
	a.checkTransfers(c)
	a.checkHolds(c)
	a.checkPayouts(c)
	a.checkShort(c)
}
