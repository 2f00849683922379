package sqlite

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"florin/event"
	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/payment"
	"florin/store"
)

// rawPermits is how many shards RawInserts lets write at once: measured, as
// many as there are cores on a small machine.
const rawPermits = 2

// RawInserts measures what this engine can do at most: for the duration it
// writes the rows of complete payments into a new store in dir, group payments
// with two commits, and returns payments per second. Nothing is decided, loaded
// or remembered, and the rows are made once.
func RawInserts(ctx context.Context, dir string, group int, duration time.Duration) (perSecond float64, err error) {
	s, err := Open(ctx, Config{Dir: dir})
	if err != nil {
		return 0, err
	}
	defer func() {
		if closed := s.Close(); err == nil {
			err = closed
		}
	}()
	ids := ident.NewSource(0, time.Now, func() uint64 { return 0 })
	raws := make([]*rawGroup, len(s.shards))
	for i := range raws {
		raws[i] = newRawGroup(ids, int64(i), group)
	}
	perSecond, err = s.writeGroups(ctx, duration, func(i int, tx rawTx) error {
		raw := raws[i]
		raw.renew(ids)
		if err := tx(ctx, raw.claims, rawAccounts[:], &raw.first); err != nil {
			return err
		}
		return tx(ctx, nil, rawAccounts[:], &raw.second)
	})
	if err != nil {
		return 0, fmt.Errorf("store/sqlite: raw inserts: %w", err)
	}
	return perSecond * float64(group), nil
}

// rawTx writes claims and changes in a Tx of one shard.
type rawTx func(ctx context.Context, claims []store.Claim, accounts []ledger.Key, changes *store.Changes) error

// writeGroups writes groups on all shards at once for the duration, and returns
// how many a second.
func (s *Store) writeGroups(
	ctx context.Context, duration time.Duration, group func(shard int, tx rawTx) error,
) (perSecond float64, err error) {
	var running sync.WaitGroup
	permits := make(chan struct{}, rawPermits)
	groups, errs := make([]int, len(s.shards)), make([]error, len(s.shards))
	start := time.Now()
	for i, sh := range s.shards {
		running.Go(func() {
			tx := func(
				ctx context.Context, claims []store.Claim, accounts []ledger.Key, changes *store.Changes,
			) error {
				permits <- struct{}{}
				defer func() { <-permits }()
				return sh.writeRaw(ctx, claims, accounts, changes)
			}
			for ; errs[i] == nil && ctx.Err() == nil && time.Since(start) < duration; groups[i]++ {
				errs[i] = group(i, tx)
			}
		})
	}
	running.Wait()
	elapsed := time.Since(start)
	total := 0
	for _, n := range groups {
		total += n
	}
	return float64(total) / elapsed.Seconds(), errors.Join(errs...)
}

func (sh *shard) writeRaw(
	ctx context.Context, claims []store.Claim, accounts []ledger.Key, changes *store.Changes,
) error {
	if err := sh.take(ctx); err != nil {
		return err
	}
	defer sh.give()
	if err := sh.begin(); err != nil {
		return err
	}
	t := &sh.tx
	t.won = append(t.won, claims...)
	err := t.loadAccounts(accounts, make(map[ledger.Key]ledger.Account, len(accounts)))
	if err == nil {
		err = t.write(changes)
	}
	if err != nil {
		sh.rollback()
		return err
	}
	t.changes = nil // nothing to remember
	return t.commit()
}

// What the events of a payment have in common.
const (
	rawPayment = `"id":"pay_0192f3a4b5c67d008123456789abcdef","object":"payment",`
	rawCharge  = `"user_id":1234,"amount":12345,"currency":"EUR",` +
		`"attempt":"att_0192f3a4b5c67d008123456789abcdef","gateway":"simulated"`
)

// rawUsers is how many users of a shard pay, in no order.
const rawUsers = 2500

var rawAccounts = [...]ledger.Key{
	{Name: ledger.Receivable("simulated"), Currency: "EUR"},
	{Name: ledger.Sales, Currency: "EUR"},
}

// rawGroup is the rows of a group of payments: those of the first Tx, which
// opens them, and those of the second, which completes them.
type rawGroup struct {
	claims        []store.Claim
	first, second store.Changes
	next          int64 // numbers the keys
}

func newRawGroup(ids *ident.Source, shard int64, n int) *rawGroup {
	raw := &rawGroup{claims: make([]store.Claim, n)}
	for i := range n {
		user := int64(i)*defaultShards + shard
		p := payment.Payment{
			UserID: user, Amount: money.Amount{Minor: 12345, Currency: "EUR"},
			CaptureMethod: payment.CaptureAutomatic, Purpose: payment.Sale,
			State: payment.State{
				Status: payment.Processing, Version: 1, Gateway: "simulated",
				PaymentMethod: ids.New(user).Text(ident.PaymentMethod),
			},
		}
		a := payment.Attempt{
			UserID: user, Gateway: p.Gateway, Method: p.PaymentMethod, Minor: p.Amount.Minor,
			Outcome: payment.OutcomePending, Inquiry: payment.Inquiry{At: time.Now()},
		}
		e := event.Event{
			Type: event.PaymentProcessing, Kind: ident.Payment, Version: 1, UserID: user,
			Data: []byte(`{` + rawPayment + `"status":"processing",` + rawCharge + `}`),
		}
		raw.claims[i] = store.Claim{Scope: "/api/v1/payments", UserID: user, Kind: ident.Payment, At: time.Now()}
		raw.first.Payments = append(raw.first.Payments, store.Change[payment.Payment]{Value: p, New: true})
		raw.first.Attempts = append(raw.first.Attempts, store.Change[payment.Attempt]{Value: a, New: true})
		raw.first.Events = append(raw.first.Events, e)

		p.Status, p.Version, p.AnsweredVersion = payment.Succeeded, 2, 2
		p.AuthorizedMinor, p.CapturedMinor = p.Amount.Minor, p.Amount.Minor
		a.Outcome, a.Reference, a.AnsweredAt = payment.OutcomeApproved, "sim_0192f3a4b5c67d008123456789abcdef", time.Now()
		a.Inquiry = payment.Inquiry{}
		c := payment.Capture{UserID: user, Minor: p.Amount.Minor, Status: payment.OperationSucceeded, Version: 1}
		t := ledger.Transaction{UserID: user, Kind: ledger.KindCapture, Entries: []ledger.Entry{
			{Account: rawAccounts[0], Minor: -p.Amount.Minor}, {Account: rawAccounts[1], Minor: p.Amount.Minor},
		}}
		later, captured := e, e
		later.Version, captured.Kind = 2, ident.Capture
		later.Type, captured.Type = event.PaymentSucceeded, event.CaptureSucceeded
		later.Data = []byte(`{` + rawPayment + `"status":"succeeded","amount_captured":12345,` + rawCharge + `}`)
		captured.Data = []byte(`{"id":"cap_0192f3a4b5c67d008123456789abcdef","object":"capture","status":"succeeded",` +
			`"payment":"pay_0192f3a4b5c67d008123456789abcdef","user_id":1234,"amount":12345,"currency":"EUR"}`)
		raw.second.Payments = append(raw.second.Payments, store.Change[payment.Payment]{Value: p})
		raw.second.Attempts = append(raw.second.Attempts, store.Change[payment.Attempt]{Value: a})
		raw.second.Captures = append(raw.second.Captures, store.Change[payment.Capture]{Value: c, New: true})
		raw.second.Transactions = append(raw.second.Transactions, t)
		raw.second.Events = append(raw.second.Events, later, captured)
	}
	for _, key := range rawAccounts {
		raw.second.Accounts = append(raw.second.Accounts, ledger.Account{Key: key})
	}
	return raw
}

// renew gives the rows new ids and keys.
func (raw *rawGroup) renew(ids *ident.Source) {
	raw.first.Group, raw.second.Group = ids.New(0), ids.New(0)
	for i := range raw.claims {
		first, second := &raw.first, &raw.second
		user := raw.next*1_618_033%rawUsers*defaultShards + raw.claims[i].UserID%defaultShards
		raw.claims[i].UserID = user
		p, a, c, t := &first.Payments[i].Value, &first.Attempts[i].Value, &second.Captures[i].Value, &second.Transactions[i]
		p.UserID, a.UserID, c.UserID, t.UserID = user, user, user, user
		p.ID, a.ID, c.ID, t.ID = ids.New(user), ids.New(user), ids.New(user), ids.New(user)
		p.Attempt, a.Payment, c.Payment, c.Attempt, t.Payment, t.Object = a.ID, p.ID, p.ID, a.ID, p.ID, c.ID
		done, charged := &second.Payments[i].Value, &second.Attempts[i].Value
		done.UserID, charged.UserID = user, user
		done.ID, done.Attempt, charged.ID, charged.Payment = p.ID, a.ID, a.ID, p.ID
		for j := range t.Entries {
			t.Entries[j].ID = ids.New(user)
		}
		for _, e := range []*event.Event{&first.Events[i], &second.Events[2*i]} {
			e.ID, e.Object, e.UserID = ids.New(user), p.ID, user
		}
		second.Events[2*i+1].UserID = user
		second.Events[2*i+1].ID, second.Events[2*i+1].Object = ids.New(user), c.ID
		raw.next++
		claim := &raw.claims[i]
		claim.Hash = raw.next * -0x61c8864680b583eb // as scattered as a hash
		claim.Key, claim.Object = strconv.FormatInt(claim.Hash, 36)+"-0123456789abcdef0123", p.ID
	}
}
