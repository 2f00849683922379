package sim

import (
	"florin/event"
	"florin/flow"
	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/store"
	"florin/wallet"
)

// takePayout takes a payout's row, and returns what must be booked: there is one
// for each request that asked for it, and it never changes.
func (a *auditor) takePayout(shard int, change store.Change[wallet.Payout]) *booking {
	p := change.Value
	name := p.ID.Text(ident.Payout)
	r := a.wanted[p.Description]
	switch {
	case !change.New || a.objects[p.ID] != "" || p.ID.Shard(a.w.cfg.Shards) != shard:
		a.fail("%s is written as new: %t, on shard %d", name, change.New, shard)
		return nil
	case r == nil || r.kind != payOut || p.UserID != r.user || p.Amount != r.amount:
		a.fail("%s is none that anybody asked for", name)
		return nil
	case a.descriptions[p.Description]:
		a.fail("%s has two payouts", r)
	case p.Status != wallet.PayoutPending || p.Version != 1:
		a.fail("%s begins %s, in version %d", name, p.Status, p.Version)
	}
	a.descriptions[p.Description] = true
	a.objects[p.ID] = ident.Payout
	a.payouts[p.ID] = p
	return move(ledger.KindPayout, p.UserID, p.Amount, ledger.Wallet(p.UserID), ledger.Payouts)
}

// checkPayouts checks, after a commit, the events of its payouts.
func (a *auditor) checkPayouts(c *store.Changes) {
	for _, change := range c.Payouts {
		a.checkVersion(ident.Payout, change.Value.ID, 1)
	}
	for _, e := range c.Events {
		if e.Kind == ident.Payout && (e.Type != event.PayoutCreated || a.objects[e.Object] != ident.Payout) {
			a.fail("%s of %s", e.Type, e.Object.Text(e.Kind))
		}
	}
}

func (a *auditor) toldPayout(r *request, p wallet.Payout, replayed bool) {
	row, ok := a.payouts[p.ID]
	if !ok || p.UserID != row.UserID || p.Amount != row.Amount || p.Status != row.Status || p.Version != row.Version ||
		p.Description != r.description() {
		a.fail("%s is told of another payout, or of one that is not durable", r)
	}
	if c := a.claimOf(r); c != nil && c.claim.Object != p.ID {
		a.fail("%s is told of another payout than its key's", r)
	}
	a.w.count("told payout")
	if replayed {
		a.w.count("told payout again")
	}
}

// addPayouts adds what payouts have taken from the wallets.
func (a *auditor) addPayouts(want map[purse]int64) {
	for _, p := range a.payouts {
		want[purse{ledger.Wallet(p.UserID), p.Amount.Currency}] -= p.Amount.Minor
	}
}

// checkPayoutRows checks, at the end, that the payouts can be read as they were
// committed.
func (a *auditor) checkPayoutRows() {
	readBack(a, "payouts", len(a.payouts), store.Snapshot.Payouts, func(p wallet.Payout) {
		if row := a.payouts[p.ID]; p.Amount != row.Amount || p.UserID != row.UserID || p.Status != row.Status {
			a.fail("%s is read with %s", p.ID.Text(ident.Payout), p.Amount)
		}
	})
}

// payOut sends money from a wallet to its user's bank.
func (l *workload) payOut(r *request) {
	r.kind, r.scope = payOut, root+"payouts"
	r.amount = money.Amount{Minor: 1 + l.dice.Int64N(5000), Currency: l.currency()}
	l.keyed(r)
	l.want(r)
}

func (r *request) payingOut() flow.PayOut {
	return flow.PayOut{
		UserID: r.user, Amount: r.amount, Description: r.description(), Idempotency: r.idempotency(),
	}
}
