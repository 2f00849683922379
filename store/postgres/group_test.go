//go:build services

package postgres_test

import (
	"errors"
	"testing"

	"florin/event"
	"florin/ident"
	"florin/ledger"
	"florin/payment"
	"florin/store"
	"florin/store/postgres"
)

// TestOvertaken: a Tx that was numbered early, and then waited for one numbered
// later, begins again, so that an object's versions stand in the feed in order.
func TestOvertaken(t *testing.T) {
	t.Parallel()
	cfg := fresh(t, 1)
	early, late := open(t, cfg), open(t, cfg)
	p := newPayment(ids.New(4))
	changes := func(version int64) *store.Changes {
		return &store.Changes{Group: ids.New(0), Events: []event.Event{{
			ID: ids.New(4), Type: event.PaymentCreated, Kind: ident.Payment, Object: p.ID, Version: version, UserID: 4,
			Data: []byte("{}"),
		}}}
	}
	write := func(s store.Store, version int64, between func()) error {
		tx, err := s.Begin(t.Context(), 0)
		if err != nil {
			return err
		}
		defer tx.Rollback()
		if _, err := tx.Claim(t.Context(), []store.Claim{claimOf(ids.New(4).Text(ident.Payment))}); err != nil {
			return err
		}
		between()
		if err := tx.Write(t.Context(), changes(version)); err != nil {
			return err
		}
		return tx.Commit(t.Context())
	}
	if err := write(early, 1, func() {}); err != nil {
		t.Fatal(err)
	}
	err := write(early, 3, func() {
		if err := write(late, 2, func() {}); err != nil {
			t.Error(err)
		}
	})
	if !errors.Is(err, store.ErrConflict) {
		t.Errorf("error is %v", err)
	}
	if err := write(early, 3, func() {}); err != nil {
		t.Error(err)
	}
	events, err := early.Events(t.Context(), 0, 0, 10)
	if err != nil || len(events) != 3 {
		t.Fatal(events, err)
	}
	for i, e := range events {
		if e.Version != int64(i+1) {
			t.Errorf("place %d has version %d", i, e.Version)
		}
	}
}

// TestUpdateOfNothing: an update of a row that is not there refuses the whole Tx.
func TestUpdateOfNothing(t *testing.T) {
	t.Parallel()
	s := open(t, fresh(t, 1))
	there, none := newPayment(ids.New(4)), newPayment(ids.New(4))
	tx, err := s.Begin(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	err = tx.Write(t.Context(), &store.Changes{Group: ids.New(0), Payments: []store.Change[payment.Payment]{
		{Value: there, New: true}, {Value: none},
	}})
	if err == nil {
		err = tx.Commit(t.Context())
	}
	if !errors.Is(err, store.ErrRefused) {
		t.Errorf("error is %v", err)
	}
	if _, err := s.Payment(t.Context(), there.ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the other row: %v", err)
	}
	expectWorks(t, s)
}

// TestClaimAndLoad: one round trip tells who holds each key, and what is there.
func TestClaimAndLoad(t *testing.T) {
	t.Parallel()
	s := open(t, fresh(t, 1))
	there, none := newPayment(ids.New(4)), newPayment(ids.New(4))
	first := claimOf("first")
	keys := store.Keys{Payments: []ident.ID{there.ID, none.ID}, Accounts: []ledger.Key{walletKey}}
	claimAndLoad := func(payments []ident.ID, claims ...store.Claim) ([]*store.Claim, store.State, store.Tx) {
		t.Helper()
		tx, err := s.Begin(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(tx.Rollback)
		holders, state, err := tx.(store.OneTrip).ClaimAndLoad(t.Context(), claims, keys)
		if err != nil || len(holders) != len(claims) || len(state.Payments) != len(payments) {
			t.Fatal(holders, state, err)
		}
		if len(state.Accounts) != 1 {
			t.Errorf("the accounts are %+v", state.Accounts)
		}
		return holders, state, tx
	}
	holders, _, tx := claimAndLoad(nil, first)
	if holders[0] != nil {
		t.Errorf("a new key is held: %+v", holders[0])
	}
	if err := tx.Write(t.Context(), &store.Changes{
		Group: ids.New(0), Payments: []store.Change[payment.Payment]{{Value: there, New: true}},
	}); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	holders, state, tx := claimAndLoad([]ident.ID{there.ID}, claimOf("second"), claimOf("first"))
	if holders[0] != nil || holders[1] == nil || holders[1].Object != first.Object {
		t.Errorf("the keys are held by %+v", holders)
	}
	if got := state.Payments[there.ID]; got.Amount != there.Amount || got.Version != 1 {
		t.Errorf("the payment is %+v", got)
	}
	tx.Rollback()
	if holders, _, _ := claimAndLoad([]ident.ID{there.ID}, claimOf("second")); holders[0] != nil {
		t.Errorf("a key that was given up is held by %+v", holders[0])
	}
}

// TestRestored: positions and epochs of a database that comes from elsewhere: those
// go on above what it holds, and an old server is refused.
func TestRestored(t *testing.T) {
	t.Parallel()
	cfg := migrated(t, 1)
	c := connect(t, cfg, 0)
	const high = int64(1) << 50
	exec(t, c, `INSERT INTO events VALUES ($1, gen_random_uuid(), 'x', 'pay', gen_random_uuid(), 1, 4, '{}')`, high)
	s := open(t, cfg)
	if err := walkEvent(t, s); err != nil {
		t.Fatal(err)
	}
	var last int64
	if err := c.QueryRow(t.Context(), "SELECT max(position) FROM events").Scan(&last); err != nil || last <= high {
		t.Errorf("the next position is %d, %v", last, err)
	}
	events, err := s.Events(t.Context(), 0, 0, 10)
	if err != nil || len(events) != 2 {
		t.Errorf("%d events, %v", len(events), err)
	}
	exec(t, c, "UPDATE meta SET epoch = 7")
	terminate(t, c)
	expectWorks(t, s)
	exec(t, c, "UPDATE meta SET epoch = 6")
	terminate(t, c)
	for range 3 {
		if err = walkEvent(t, s); err == nil {
			break
		}
	}
	if !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("an old epoch: %v", err)
	}
	exec(t, c, "UPDATE meta SET epoch = 1, timeline = 0")
	other, err := postgres.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	var epoch, timeline int64
	if err := c.QueryRow(t.Context(), "SELECT epoch, timeline FROM meta").Scan(&epoch, &timeline); err != nil ||
		epoch != 2 || timeline != 1 {
		t.Errorf("a new primary: epoch %d, timeline %d, %v", epoch, timeline, err)
	}
}

// walkEvent writes an event of a new object.
func walkEvent(t *testing.T, s store.Store) error {
	t.Helper()
	tx, err := s.Begin(t.Context(), 0)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	err = tx.Write(t.Context(), &store.Changes{Group: ids.New(0), Events: []event.Event{{
		ID: ids.New(4), Type: event.PaymentCreated, Kind: ident.Payment, Object: ids.New(4), Version: 1, UserID: 4,
		Data: []byte("{}"),
	}}})
	if err != nil {
		return err
	}
	return tx.Commit(t.Context())
}

// TestForgetGroups: old groups are deleted, and the greatest id stays known.
func TestForgetGroups(t *testing.T) {
	t.Parallel()
	cfg := fresh(t, 1)
	c, s := connect(t, cfg, 0), open(t, cfg)
	expectWorks(t, s)
	before, err := s.LastHigh(t.Context())
	if err != nil || before == 0 {
		t.Fatal(before, err)
	}
	exec(t, c, "UPDATE commits SET at = now() - interval '25 hours'")
	young := ids.New(0)
	exec(t, c, "INSERT INTO commits (group_id, last_high) VALUES ($1, 5)", [16]byte(young))
	if err := s.Forget(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	var left int
	if err := c.QueryRow(t.Context(), "SELECT count(*) FROM commits").Scan(&left); err != nil || left != 1 {
		t.Errorf("%d groups are left, %v", left, err)
	}
	if committed, err := s.Committed(t.Context(), 0, young); err != nil || !committed {
		t.Errorf("the young one: %v, %v", committed, err)
	}
	if after, err := s.LastHigh(t.Context()); err != nil || after != before {
		t.Errorf("the last id is %d, was %d; %v", after, before, err)
	}
}
