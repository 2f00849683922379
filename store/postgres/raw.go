package postgres

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"florin/event"
	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/payment"
	"florin/store"
)

// rawSchema is where RawInserts makes its tables, beside the store's.
const rawSchema = "florin_bench_raw"

// RawInserts measures what these databases can do at most: for the duration it
// writes the rows of complete payments into tables such as the store's, in a
// schema of their own that it drops afterwards, group payments with two commits,
// and returns payments per second. Nothing is decided or remembered, and the rows
// are made once.
func RawInserts(ctx context.Context, cfg Config, group int, duration time.Duration) (perSecond float64, err error) {
	cfg = cfg.withDefaults()
	if cfg, err = cfg.within(rawSchema); err != nil {
		return 0, err
	}
	if err := cfg.eachSchema(ctx, "DROP SCHEMA IF EXISTS "+rawSchema+" CASCADE", "CREATE SCHEMA "+rawSchema); err != nil {
		return 0, err
	}
	defer func() {
		late := context.WithoutCancel(ctx)
		err = errors.Join(err, cfg.eachSchema(late, "DROP SCHEMA IF EXISTS "+rawSchema+" CASCADE"))
	}()
	if _, err := Migrate(ctx, cfg); err != nil {
		return 0, err
	}
	s, err := Open(ctx, cfg)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return s.rawInserts(ctx, group, duration)
}

// within returns the configuration with the tables in a schema of their own.
func (c Config) within(schema string) (Config, error) {
	shards := make([]Shard, len(c.Shards))
	for i, shard := range c.Shards {
		parsed, err := pgx.ParseConfig(shard.DSN)
		if err != nil {
			return c, fmt.Errorf("store/postgres: shard %d: dsn: %w", i, err)
		}
		if parsed.RuntimeParams["search_path"] != "" {
			return c, fmt.Errorf("store/postgres: shard %d: the dsn has a search_path of its own", i)
		}
		shard.DSN = withSetting(shard.DSN, "search_path", schema)
		shards[i] = shard
	}
	c.Shards = shards
	return c, nil
}

// withSetting adds a setting to a DSN of either form.
func withSetting(dsn, name, value string) string {
	if !strings.HasPrefix(dsn, "postgres://") && !strings.HasPrefix(dsn, "postgresql://") {
		return dsn + " " + name + "=" + value
	}
	before, query, _ := strings.Cut(dsn, "?")
	if query != "" {
		query += "&"
	}
	return before + "?" + query + name + "=" + url.QueryEscape(value) // no space is in it
}

// eachSchema runs statements in every database.
func (c Config) eachSchema(ctx context.Context, statements ...string) error {
	for number := range c.Shards {
		err := withConn(ctx, c, number, func(conn *pgx.Conn) error {
			for _, sql := range statements {
				if _, err := conn.Exec(ctx, sql); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("store/postgres: shard %d: %w", number, err)
		}
	}
	return nil
}

func (s *Store) rawInserts(ctx context.Context, group int, duration time.Duration) (perSecond float64, err error) {
	ids := ident.NewSource(0, time.Now, func() uint64 { return 0 })
	var running sync.WaitGroup
	groups, errs := make([]int, len(s.shards)), make([]error, len(s.shards))
	start := time.Now()
	for i := range s.shards {
		running.Go(func() {
			raw := newRawGroup(ids, int64(i), int64(len(s.shards)), group)
			for errs[i] == nil && ctx.Err() == nil && time.Since(start) < duration {
				raw.renew(ids)
				errs[i] = s.writeRaw(ctx, i, raw)
				groups[i]++
			}
		})
	}
	running.Wait()
	elapsed := time.Since(start)
	total := 0
	for i := range groups {
		if errs[i] != nil {
			return 0, fmt.Errorf("store/postgres: raw inserts: %w", errs[i])
		}
		total += groups[i] * group
	}
	return float64(total) / elapsed.Seconds(), nil
}

func (s *Store) writeRaw(ctx context.Context, shard int, raw *rawGroup) error {
	if err := s.writeRawTx(ctx, shard, raw.claims, nil, &raw.first); err != nil {
		return err
	}
	return s.writeRawTx(ctx, shard, nil, rawAccounts[:], &raw.second)
}

// writeRawTx writes a group's rows. The accounts are loaded, which makes and locks
// them, in the slot that the Tx has.
func (s *Store) writeRawTx(
	ctx context.Context, shard int, claims []store.Claim, accounts []ledger.Key, changes *store.Changes,
) error {
	tx, err := s.Begin(ctx, shard)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if len(claims) > 0 {
		if _, err := tx.Claim(ctx, claims); err != nil {
			return err
		}
	}
	keys := slices.Clone(accounts)
	for i := range keys {
		keys[i].Slot = tx.Slot()
	}
	state, err := tx.Load(ctx, store.Keys{Accounts: keys})
	if err != nil {
		return err
	}
	changes.Accounts = changes.Accounts[:0]
	for _, key := range keys {
		account := state.Accounts[key]
		account.Seq += int64(len(changes.Transactions))
		changes.Accounts = append(changes.Accounts, account)
	}
	for i := range changes.Transactions {
		for j := range keys {
			changes.Transactions[i].Entries[j].Account.Slot = tx.Slot()
		}
	}
	if err := tx.Write(ctx, changes); err != nil {
		return err
	}
	return tx.Commit(ctx)
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
	shard, shards int64
}

func newRawGroup(ids *ident.Source, shard, shards int64, n int) *rawGroup {
	raw := &rawGroup{claims: make([]store.Claim, n), shard: shard, shards: shards}
	for i := range n {
		user := int64(i+1)*shards + shard
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
		user := (raw.next*1_618_033%rawUsers+1)*raw.shards + raw.shard
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
