package api_test

import (
	"context"
	"maps"
	"slices"
	"time"

	"florin/flow"
	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/store"
	"florin/wallet"
)

// fakeWallets are the wallets of fakeFlows, decided by the real decisions.
type fakeWallets struct {
	balances    map[money.Currency]money.Sum // of everybody's one wallet
	adjustments map[ident.ID]wallet.Adjustment
	holds       map[ident.ID]wallet.Hold
	payouts     map[ident.ID]wallet.Payout
	settlements map[ident.ID]ledger.Settlement
	entries     map[ident.ID]store.Posted
}

func newWallets() fakeWallets {
	return fakeWallets{
		map[money.Currency]money.Sum{},
		map[ident.ID]wallet.Adjustment{},
		map[ident.ID]wallet.Hold{},
		map[ident.ID]wallet.Payout{},
		map[ident.ID]ledger.Settlement{},
		map[ident.ID]store.Posted{},
	}
}

// decide runs a decision under an idempotency key and books it.
func decide[T any](
	f *fakeFlows, request any, i *flow.Idempotency, userID int64, all map[ident.ID]T,
	decision func(id ident.ID) (wallet.Changes[T], error),
) (value T, replayed bool, err error) {
	if err := f.ask(request); err != nil {
		return value, false, err
	}
	id, replayed, err := f.claim(i, f.ids.New(userID))
	if err != nil || replayed {
		value, _ = find(f, all, id)
		return value, replayed, err
	}
	changes, err := decision(id)
	if err != nil {
		return value, false, err
	}
	keep(f, all, id, changes.Value)
	for _, t := range changes.Transactions {
		for _, e := range t.Entries {
			if e.Account.Name == ledger.Wallet(userID) {
				f.balances[e.Account.Currency], _ = f.balances[e.Account.Currency].Add(e.Minor)
			}
			e.ID, e.Seq = f.ids.New(userID), int64(len(f.entries)+1)
			keep(f, f.entries, e.ID, store.Posted{Entry: e, Transaction: t})
		}
	}
	return changes.Value, false, nil
}

func (f *fakeFlows) Wallet(_ context.Context, userID int64) ([]flow.Balance, error) {
	if err := f.ask(userID); err != nil {
		return nil, err
	}
	var balances []flow.Balance
	for _, c := range slices.Sorted(maps.Keys(f.balances)) {
		balances = append(balances, flow.Balance{Currency: c, Available: f.balances[c]})
	}
	return balances, nil
}

func (f *fakeFlows) Adjust(_ context.Context, r flow.Adjust) (wallet.Adjustment, bool, error) {
	type changes = wallet.Changes[wallet.Adjustment]
	return decide(f, r, r.Idempotency, r.UserID, f.adjustments, func(id ident.ID) (changes, error) {
		return wallet.DecideAdjustment(f.balances[r.Amount.Currency], wallet.Adjust{
			ID: id, UserID: r.UserID, Amount: r.Amount, TransactionID: r.TransactionID, Reason: r.Reason,
		})
	})
}

func (f *fakeFlows) RecordSettlement(_ context.Context, r flow.RecordSettlement) (ledger.Settlement, bool, error) {
	type changes = wallet.Changes[ledger.Settlement]
	return decide(f, r, r.Idempotency, 0, f.settlements, func(id ident.ID) (changes, error) {
		settled, booked, err := ledger.DecideSettlement(ledger.RecordSettlement{
			ID: id, Gateway: r.Gateway, Reference: r.Reference, Amount: r.Amount, FeeMinor: r.FeeMinor,
		})
		return changes{Value: settled, Transactions: []ledger.Transaction{booked}}, err
	})
}

func (f *fakeFlows) PlaceHold(_ context.Context, r flow.PlaceHold) (wallet.Hold, bool, error) {
	return decide(f, r, r.Idempotency, r.UserID, f.holds, func(id ident.ID) (wallet.Changes[wallet.Hold], error) {
		return wallet.DecideHold(f.balances[r.Amount.Currency], wallet.PlaceHold{
			ID: id, UserID: r.UserID, Amount: r.Amount, Reason: r.Reason, Metadata: r.Metadata,
			ExpiresAt: r.ExpiresAt, At: began,
		})
	})
}

func (f *fakeFlows) EndHold(ctx context.Context, r flow.EndHold) (wallet.Hold, bool, error) {
	if err := f.ask(r); err != nil {
		return wallet.Hold{}, false, err
	}
	h, err := f.HoldByID(ctx, r.UserID, r.Hold)
	if err != nil {
		return h, false, err
	}
	changes, err := h.DecideRelease()
	if r.Capture {
		changes, err = h.DecideCapture(wallet.CaptureHold{Minor: r.Minor, At: began})
	}
	if err == nil {
		keep(f, f.holds, h.ID, changes.Value)
	}
	return changes.Value, false, err
}

func (f *fakeFlows) HoldByID(_ context.Context, userID int64, id ident.ID) (wallet.Hold, error) {
	h, err := find(f, f.holds, id)
	if err == nil && h.UserID != userID {
		return h, missing()
	}
	return h, err
}

func (f *fakeFlows) Holds(_ context.Context, q store.HoldQuery) ([]wallet.Hold, error) {
	if err := f.ask(q); err != nil {
		return nil, err
	}
	return page(f, f.holds, q.Page), nil
}

func (f *fakeFlows) PayOut(_ context.Context, r flow.PayOut) (wallet.Payout, bool, error) {
	return decide(f, r, r.Idempotency, r.UserID, f.payouts, func(id ident.ID) (wallet.Changes[wallet.Payout], error) {
		return wallet.DecidePayout(f.balances[r.Amount.Currency], wallet.PayOut{
			ID: id, UserID: r.UserID, Amount: r.Amount, Description: r.Description, Metadata: r.Metadata,
		})
	})
}

func (f *fakeFlows) PayoutByID(_ context.Context, id ident.ID) (wallet.Payout, error) {
	return find(f, f.payouts, id)
}

func (f *fakeFlows) Payouts(_ context.Context, q store.PayoutQuery) ([]wallet.Payout, error) {
	if err := f.ask(q); err != nil {
		return nil, err
	}
	return page(f, f.payouts, q.Page), nil
}

func (f *fakeFlows) LedgerAccount(
	_ context.Context, name ledger.Name, currency money.Currency, at time.Time,
) (ledger.Account, error) {
	err := f.ask(at)
	balance, ok := f.balances[currency]
	if _, ofUser := name.UserID(); err == nil && (!ok || !ofUser) {
		err = missing()
	}
	return ledger.Account{Key: ledger.Key{Name: name, Currency: currency}, Balance: balance}, err
}

func (f *fakeFlows) LedgerAccounts(
	_ context.Context, _ int64, q store.AccountQuery,
) (accounts []ledger.Account, err error) {
	for c, balance := range f.balances {
		accounts = append(accounts, ledger.Account{Key: ledger.Key{Name: ledger.Wallet(42), Currency: c}, Balance: balance})
	}
	return accounts, f.ask(q)
}

func (f *fakeFlows) LedgerEntries(_ context.Context, q store.EntryQuery) ([]store.Posted, error) {
	if err := f.ask(q); err != nil {
		return nil, err
	}
	return page(f, f.entries, q.Page), nil
}

func (f *fakeFlows) TrialBalance(context.Context) ([]ledger.TrialLine, error) {
	var trial ledger.TrialBalance
	for c, balance := range f.balances {
		less, err := money.Sum{}.Minus(1)
		for _, a := range []ledger.Account{
			{Key: ledger.Key{Name: ledger.Wallet(42), Currency: c}, Balance: balance},
			{Key: ledger.Key{Name: ledger.Adjustments, Currency: c}, Balance: less},
		} {
			if err == nil {
				err = trial.Add(a)
			}
		}
		if err != nil {
			return nil, err
		}
	}
	return trial.Lines(), f.ask("trial balance")
}
