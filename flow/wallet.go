package flow

import (
	"context"
	"encoding/json"

	"florin/commit"
	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/problem"
	"florin/store"
	"florin/wallet"
)

// Adjust changes a wallet by hand.
type Adjust struct {
	UserID        int64
	Amount        money.Amount // a negative one is taken from it
	TransactionID string       // unique per user for ever
	Reason        string
	Idempotency   *Idempotency
}

// adjustments is the scope in which an adjustment's own name is claimed.
const adjustments = "wallet adjustments"

// Adjust books an adjustment in one Tx. The same TransactionID answers what the
// first one was answered, if amount and currency are the same.
func (s *Service) Adjust(ctx context.Context, r Adjust) (a wallet.Adjustment, replayed bool, err error) {
	c := wallet.Adjust{
		ID: s.cfg.IDs.New(r.UserID), UserID: r.UserID, Amount: r.Amount, TransactionID: r.TransactionID,
		Reason: r.Reason,
	}
	command := &namedCommand[wallet.Adjustment]{
		name: "transaction_id", values: "amount or currency",
		key: s.claim(r.Idempotency, r.UserID, ident.Transaction, c.ID),
	}
	command.claim = s.claim(&Idempotency{
		Scope: adjustments, Key: r.TransactionID, Digest: s.cfg.Vault.Digest([]byte(r.Amount.String())),
	}, r.UserID, ident.Transaction, c.ID)
	command.keys = walletKeys(r.UserID, r.Amount.Currency)
	command.decide = func(v *commit.View) (d commit.Decision, a wallet.Adjustment, err error) {
		balance, err := balanceOf(v, r.UserID, r.Amount.Currency)
		if err != nil {
			return d, a, err
		}
		changes, err := wallet.DecideAdjustment(balance, c)
		d.Transactions, d.Events = changes.Transactions, changes.Events
		return d, changes.Value, err
	}
	return completeNamed(ctx, s, command)
}

// walletCommand is a command on a wallet that one Tx completes: what it is
// answered is kept with its claim in the same Tx.
type walletCommand[T any] struct {
	claim   *store.Claim
	keys    store.Keys
	decide  func(*commit.View) (commit.Decision, T, error)
	decided T
}

// Keys implements commit.Command.
func (c *walletCommand[T]) Keys(k *store.Keys) {
	k.Accounts = append(k.Accounts, c.keys.Accounts...)
	k.Holds = append(k.Holds, c.keys.Holds...)
}

// Claim implements commit.Command.
func (c *walletCommand[T]) Claim() *store.Claim { return c.claim }

// Decide implements commit.Command.
func (c *walletCommand[T]) Decide(v *commit.View) (commit.Decision, error) {
	d, decided, err := c.decide(v)
	if err != nil {
		return commit.Decision{}, err
	}
	c.decided = decided
	if c.claim != nil {
		answered := *c.claim
		if answered.Answer, err = json.Marshal(decided); err != nil {
			return commit.Decision{}, err
		}
		d.Answered = append(d.Answered, answered)
	}
	return d, nil
}

// complete runs a wallet's command under its claim, or answers what the first
// request with that key was answered.
func complete[T any](
	ctx context.Context, s *Service, shard int, c *walletCommand[T],
) (told T, replayed bool, err error) {
	held, err := lost(c.claim, s.cfg.Commit.Do(shard, false, c))
	if refused(err) {
		if key := s.lookUp(ctx, []*store.Claim{c.claim})[0]; key.held != nil {
			held, err = key.held, key.err
		}
	}
	if err != nil || held == nil {
		return c.decided, false, err
	}
	told, err = kept[T](*held)
	return told, true, err
}

// kept reads the answer that a claim has.
func kept[T any](held store.Claim) (told T, err error) {
	if err = json.Unmarshal(held.Answer, &told); err != nil {
		err = problem.New(problem.Internal, "a kept answer cannot be read").With(err)
	}
	return told, err
}

// walletKeys names a wallet's account.
func walletKeys(userID int64, currency money.Currency) store.Keys {
	return store.Keys{Accounts: []ledger.Key{{Name: ledger.Wallet(userID), Currency: currency}}}
}

// balanceOf returns what a wallet has available.
func balanceOf(v *commit.View, userID int64, currency money.Currency) (money.Sum, error) {
	account, err := v.Account(ledger.Key{Name: ledger.Wallet(userID), Currency: currency})
	return account.Balance, err
}

// Balance is what a user has in one currency.
type Balance struct {
	Currency        money.Currency
	Available, Held money.Sum
}

// Wallet returns a user's balances, by currency. It is empty for a user who never
// had anything.
func (s *Service) Wallet(ctx context.Context, userID int64) ([]Balance, error) {
	const most = 1000 // more than there are currencies, twice
	accounts, err := s.cfg.Store.Accounts(ctx, s.shardOf(userID), store.AccountQuery{
		Prefix: ledger.OfUser(userID), Limit: most,
	})
	if err != nil {
		return nil, readError(err)
	}
	found := map[money.Currency]Balance{}
	for _, a := range accounts {
		b := found[a.Currency]
		if a.Name == ledger.Wallet(userID) {
			b.Available = a.Balance
		} else if a.Name == ledger.Held(userID) {
			b.Held = a.Balance
		}
		found[a.Currency] = b
	}
	var balances []Balance
	for _, currency := range money.Currencies() {
		if b, ok := found[currency]; ok {
			b.Currency = currency
			balances = append(balances, b)
		}
	}
	return balances, nil
}
