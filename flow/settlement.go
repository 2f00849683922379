package flow

import (
	"context"
	"fmt"

	"florin/commit"
	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/problem"
	"florin/store"
)

// RecordSettlement books what a gateway has paid out to us.
type RecordSettlement struct {
	Gateway     string // as it is configured
	Reference   string // the gateway's, unique per gateway for ever
	Amount      money.Amount
	FeeMinor    int64 // part of the amount
	Idempotency *Idempotency
}

// RecordSettlement books a settlement in one Tx, once for its reference: the same one again
// answers what the first was answered, if gateway, amount and fee are the same.
func (s *Service) RecordSettlement(
	ctx context.Context, r RecordSettlement,
) (settled ledger.Settlement, replayed bool, err error) {
	if _, ok := s.gateways[r.Gateway]; !ok {
		return settled, false, problem.Invalid("gateway", "is not configured")
	}
	const nobody = 0
	c := ledger.RecordSettlement{
		ID: s.cfg.IDs.New(nobody), Gateway: r.Gateway, Reference: r.Reference, Amount: r.Amount, FeeMinor: r.FeeMinor,
	}
	command := &namedCommand[ledger.Settlement]{
		name: "reference", values: "amount, fee or currency",
		key: s.claim(r.Idempotency, nobody, ident.Transaction, c.ID),
	}
	command.claim = s.claim(&Idempotency{
		Scope: "settlements of " + r.Gateway, Key: r.Reference,
		Digest: s.cfg.Vault.Digest(fmt.Appendf(nil, "%s less %d", r.Amount, r.FeeMinor)),
	}, nobody, ident.Transaction, c.ID)
	command.keys = store.Keys{Accounts: []ledger.Key{
		{Name: ledger.Bank, Currency: r.Amount.Currency},
		{Name: ledger.Fees(r.Gateway), Currency: r.Amount.Currency},
		{Name: ledger.Receivable(r.Gateway), Currency: r.Amount.Currency},
	}}
	command.decide = func(*commit.View) (d commit.Decision, settled ledger.Settlement, err error) {
		settled, booked, err := ledger.DecideSettlement(c)
		d.Transactions = []ledger.Transaction{booked}
		return d, settled, err
	}
	return completeNamed(ctx, s, command)
}
