package memory

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"florin/access"
	"florin/event"
	"florin/ident"
	"florin/ledger"
	"florin/payment"
	"florin/store"
	"florin/vault"
	"florin/wallet"
)

// tx is a writing transaction: what it will change when it commits.
type tx struct {
	store *Store
	shard *shard
	turn  chan struct{}
	ended bool

	won      []store.Claim // with their answers
	answered []store.Claim // claims of earlier Txs
	accounts map[ledger.Key]ledger.Account
	changes  *store.Changes // its lists are copies
}

var errEnded = errors.New("store/memory: the Tx has ended")

// do runs a step of the Tx; an error ends it.
func (t *tx) do(ctx context.Context, step func(*shard) error) error {
	if t.ended {
		return errEnded
	}
	err := t.store.read(ctx, t.shard.number, step)
	if err != nil {
		t.Rollback()
		if ctx.Err() != nil {
			err = fmt.Errorf("%w: %w", store.ErrUnavailable, err)
		}
	}
	return err
}

// Rollback ends the Tx without a trace.
func (t *tx) Rollback() {
	if !t.ended {
		t.ended = true
		t.turn <- struct{}{}
	}
}

// Slot returns the slot of system accounts.
func (t *tx) Slot() int { return t.store.slot }

// Claim claims unique keys.
func (t *tx) Claim(ctx context.Context, claims []store.Claim) (holders []*store.Claim, err error) {
	err = t.do(ctx, func(sh *shard) error {
		holders = make([]*store.Claim, len(claims))
		for i, c := range claims {
			if held := sh.find(c); held != nil {
				copied := keepClaim(*held)
				holders[i] = &copied
			} else if err := sh.owns(c.UserID); err != nil {
				return err
			} else {
				t.won = append(t.won, keepClaim(c))
			}
		}
		return nil
	})
	return holders, err
}

// Load reads what keys name; accounts are made.
func (t *tx) Load(ctx context.Context, keys store.Keys) (state store.State, err error) {
	state = store.State{
		Payments: map[ident.ID]payment.Payment{}, Methods: map[ident.ID]vault.PaymentMethod{},
		Accounts: map[ledger.Key]ledger.Account{}, APIKeys: map[ident.ID]access.APIKey{},
		Transfers: map[ident.ID]wallet.Transfer{}, Received: map[ident.ID]wallet.Transfer{},
		Batches: map[ident.ID]payment.Batch{},
		Holds:   map[ident.ID]wallet.Hold{},
	}
	t.accounts = map[ledger.Key]ledger.Account{}
	err = t.do(ctx, func(sh *shard) error {
		for _, id := range keys.Payments {
			if p, ok := sh.payment(id); ok {
				state.Payments[id] = p
			}
		}
		for _, id := range keys.Methods {
			if m, ok := sh.methods.get(id); ok {
				state.Methods[id] = m
			}
		}
		for _, id := range keys.APIKeys {
			if k, ok := sh.apiKeys.get(id); ok {
				state.APIKeys[id] = k
			}
		}
		loadRows(&sh.transfers, keys.Transfers, state.Transfers)
		loadRows(&sh.received, keys.Received, state.Received)
		for _, id := range keys.Batches {
			if b, ok := sh.batches.get(id); ok {
				state.Batches[id] = b
			}
		}
		for _, id := range keys.Holds {
			if h, ok := sh.holds.get(id); ok {
				state.Holds[id] = h
			}
		}
		for _, key := range keys.Accounts {
			account, ok := sh.accounts[key]
			if userID, ofUser := key.Name.UserID(); !ok && ofUser {
				if err := sh.owns(userID); err != nil {
					return err
				}
			}
			account.Key = key
			t.accounts[key], state.Accounts[key] = account, account
		}
		return nil
	})
	return state, err
}

// Write takes the changes, or refuses them.
func (t *tx) Write(ctx context.Context, changes *store.Changes) error {
	return t.do(ctx, func(sh *shard) error {
		for _, released := range changes.Released {
			t.won = slices.DeleteFunc(t.won, released.Same)
		}
		for _, c := range changes.Answered {
			if i := slices.IndexFunc(t.won, c.Same); i >= 0 {
				t.won[i].Answer = slices.Clone(c.Answer)
			} else {
				t.answered = append(t.answered, keepClaim(c))
			}
		}
		t.changes = copyOf(changes)
		return t.check(sh)
	})
}

// copyOf copies the lists, which their owner may use again.
func copyOf(c *store.Changes) *store.Changes {
	copied := *c
	copied.Payments = slices.Clone(c.Payments)
	copied.Attempts = slices.Clone(c.Attempts)
	copied.Captures = slices.Clone(c.Captures)
	copied.Refunds = slices.Clone(c.Refunds)
	copied.Disputes = slices.Clone(c.Disputes)
	copied.Methods = slices.Clone(c.Methods)
	copied.APIKeys = slices.Clone(c.APIKeys)
	copied.Transfers = slices.Clone(c.Transfers)
	copied.Received = slices.Clone(c.Received)
	copied.Batches = slices.Clone(c.Batches)
	copied.BatchItems = slices.Clone(c.BatchItems)
	copied.Holds = slices.Clone(c.Holds)
	copied.Payouts = slices.Clone(c.Payouts)
	copied.Accounts = slices.Clone(c.Accounts)
	copied.Transactions = slices.Clone(c.Transactions)
	for i := range copied.Transactions {
		copied.Transactions[i] = keepTransaction(copied.Transactions[i])
	}
	copied.Events = slices.Clone(c.Events)
	return &copied
}

// check returns ErrRefused when the shard cannot take the changes.
func (t *tx) check(sh *shard) error {
	c := t.changes
	err := errors.Join(
		sh.payments.check(sh, c.Payments), sh.attempts.check(sh, c.Attempts),
		sh.captures.check(sh, c.Captures), sh.refunds.check(sh, c.Refunds),
		sh.disputes.check(sh, c.Disputes), sh.methods.check(sh, c.Methods), sh.apiKeys.check(sh, c.APIKeys),
		sh.transfers.check(sh, c.Transfers), sh.received.check(sh, made(c.Received)),
		sh.batches.check(sh, c.Batches), sh.checkItems(c.BatchItems),
		sh.holds.check(sh, c.Holds), sh.payouts.check(sh, c.Payouts),
	)
	for _, account := range c.Accounts {
		err = errors.Join(err, t.loaded(account.Key))
	}
	for _, transaction := range c.Transactions {
		err = errors.Join(err, sh.owns(transaction.UserID))
		for _, entry := range transaction.Entries {
			err = errors.Join(err, t.loaded(entry.Account))
		}
	}
	seen := map[version]bool{}
	for _, e := range c.Events {
		v := version{e.Object, e.Version}
		if _, twice := sh.versions[v]; twice || seen[v] {
			err = errors.Join(err, fmt.Errorf("%w: version %d has two events", store.ErrRefused, e.Version))
		}
		seen[v] = true
		err = errors.Join(err, sh.owns(e.UserID))
	}
	return err
}

func (t *tx) loaded(key ledger.Key) error {
	if _, ok := t.accounts[key]; !ok {
		return fmt.Errorf("%w: account %s was not loaded", store.ErrRefused, key.Name)
	}
	return nil
}

// Commit makes it durable.
func (t *tx) Commit(context.Context) error {
	if t.ended {
		return errEnded
	}
	defer t.Rollback()
	sh := t.shard
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if sh.life != t.store.life {
		return fmt.Errorf("%w: shard %d was closed", store.ErrUnavailable, sh.number)
	}
	for key, account := range t.accounts {
		sh.accounts[key] = account
	}
	for _, c := range t.won {
		sh.claims[c.Hash] = append(sh.claims[c.Hash], c)
		sh.note(c.Object)
	}
	for _, c := range t.answered {
		if held := sh.find(c); held != nil {
			held.Answer = c.Answer
		}
	}
	if t.changes != nil {
		sh.apply(t.changes)
	}
	return nil
}

// apply writes changes that were checked.
func (sh *shard) apply(c *store.Changes) {
	sh.payments.apply(sh, c.Payments)
	sh.attempts.apply(sh, c.Attempts)
	sh.captures.apply(sh, c.Captures)
	sh.refunds.apply(sh, c.Refunds)
	sh.disputes.apply(sh, c.Disputes)
	sh.methods.apply(sh, c.Methods)
	sh.apiKeys.apply(sh, c.APIKeys)
	sh.transfers.apply(sh, c.Transfers)
	sh.received.apply(sh, made(c.Received))
	sh.batches.apply(sh, c.Batches)
	for _, item := range c.BatchItems {
		sh.batchItems[itemKey{item.Value.Batch, item.Value.Index}] = keepItem(item.Value)
	}
	sh.holds.apply(sh, c.Holds)
	sh.payouts.apply(sh, c.Payouts)
	for _, attempt := range c.Attempts {
		if attempt.Value.Reversal != nil {
			sh.note(attempt.Value.Reversal.ID)
		}
	}
	for _, dispute := range c.Disputes {
		sh.note(dispute.Value.Submission)
	}
	for _, account := range c.Accounts {
		sh.accounts[account.Key] = account
	}
	for _, t := range c.Transactions {
		sh.transactions = append(sh.transactions, t)
		sh.note(t.ID)
		for _, e := range t.Entries {
			sh.note(e.ID)
		}
	}
	for _, e := range c.Events {
		stored := event.Stored{Event: e, Position: event.Position(len(sh.events) + 1)}
		sh.events = append(sh.events, keepStored(stored))
		sh.versions[version{e.Object, e.Version}] = struct{}{}
		sh.note(e.ID)
	}
	sh.groups[c.Group] = struct{}{}
	sh.note(c.Group)
}
