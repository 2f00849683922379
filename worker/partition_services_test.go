//go:build services

package worker_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"florin/access"
	"florin/audit"
	"florin/cache/local"
	"florin/commit"
	"florin/flow"
	"florin/fraud"
	"florin/gateway"
	"florin/gateway/simulated"
	"florin/ident"
	"florin/internal/clock"
	"florin/internal/loop"
	"florin/internal/pgtest"
	"florin/ledger"
	"florin/money"
	"florin/payment"
	"florin/store"
	"florin/store/postgres"
	"florin/vault/seal"
	"florin/wallet"
	"florin/worker"
)

// process is one of several Florins on the same databases, whose clock is moved
// by hand.
type process struct {
	clock *clock.Manual
	store *postgres.Store
	flow  *flow.Service
}

// noKeysets is a vault's place that forgets.
type noKeysets struct{}

func (noKeysets) Find(context.Context, string) ([]byte, bool, error) { return nil, false, nil }

func (noKeysets) Claim(_ context.Context, _ string, sealed []byte) ([]byte, error) {
	return sealed, nil
}

func startProcess(t *testing.T, cfg postgres.Config, at time.Time, seed uint64) *process {
	t.Helper()
	p := &process{clock: clock.NewManual(at)}
	var err error
	if p.store, err = postgres.Open(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	ids := ident.NewSource(0, p.clock.Now, rand.New(rand.NewPCG(seed, 2)).Uint64)
	set := commit.NewSet(commit.Config{
		Store: p.store, Clock: clock.System{}, IDs: ids, Alert: func(what string, err error) { t.Error(what, err) },
		Permits: commit.NewPermits(2, 50*time.Millisecond, clock.System{}),
	})
	loops := loop.New(context.WithoutCancel(t.Context()), nil)
	for _, c := range set.Committers() {
		loops.OnReady(c.Ready(), func(ctx context.Context) { _, _ = c.Step(ctx) })
	}
	kek, err := seal.OpenKeyFile(t.TempDir() + "/key")
	if err != nil {
		t.Fatal(err)
	}
	vault, err := seal.Open(t.Context(), kek, noKeysets{})
	if err != nil {
		t.Fatal(err)
	}
	methods, err := local.NewMethods(local.Config{})
	if err != nil {
		t.Fatal(err)
	}
	g, err := simulated.Open(simulated.Config{
		Name: "simulated", Clock: p.clock, Chance: rand.New(rand.NewPCG(seed, 4)).Uint64,
	})
	if err != nil {
		t.Fatal(err)
	}
	p.flow = flow.New(flow.Config{
		Store: p.store, Commit: set, Vault: vault, Methods: methods, Clock: p.clock, IDs: ids, Scorer: fraud.BlockedCards{},
		Within: func(_ time.Duration, f func()) bool { f(); return true },
		Each:   loop.Each, Mode: access.Test, ChargeDeadline: 2 * time.Second,
		Alert:    func(what string, err error) { t.Error(what, err) },
		Gateways: []flow.Gateway{gateway.NewGuard(g, gateway.GuardConfig{FailureThreshold: 1000, MaxConcurrent: 100})},
	})
	t.Cleanup(func() {
		_ = g.Close()
		loops.Stop()
		methods.Close()
		if err := p.store.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// business is a day of users 1 to 4: adjustments, card payments, refunds, holds
// and transfers, within a shard and across.
func (p *process) business(t *testing.T, name string) (paid payment.Payment) {
	t.Helper()
	usd := func(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "USD"} }
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(name, err)
		}
	}
	for user := int64(1); user <= 4; user++ {
		_, _, err := p.flow.Adjust(t.Context(), flow.Adjust{
			UserID: user, Amount: usd(1000), TransactionID: fmt.Sprintf("%s %d", name, user),
		})
		must(err)
		result, err := p.flow.Authorize(t.Context(), flow.Authorize{
			UserID: user, Amount: usd(500), Method: "pm_card_visa", Confirm: true,
			CaptureMethod: payment.CaptureAutomatic, Purpose: payment.Sale,
		})
		must(err)
		paid = result.Payment
		if paid.Status != payment.Succeeded {
			t.Fatal(paid.Status, paid.Reason)
		}
		_, err = p.flow.Refund(t.Context(), flow.Refund{Payment: paid.ID, Minor: 100})
		must(err)
		h, _, err := p.flow.PlaceHold(t.Context(), flow.PlaceHold{UserID: user, Amount: usd(50)})
		must(err)
		end := flow.EndHold{UserID: user, Hold: h.ID}
		if user%2 == 0 {
			end.Capture, end.Minor = true, 20
		}
		_, _, err = p.flow.EndHold(t.Context(), end)
		must(err)
		for _, to := range []int64{user%4 + 1, (user+1)%4 + 1} {
			r, err := p.flow.Transfer(t.Context(), flow.Transfer{FromUserID: user, ToUserID: to, Amount: usd(7)})
			must(err)
			if r.Transfer.Status != wallet.TransferSucceeded {
				t.Fatal(r.Transfer)
			}
		}
	}
	return paid
}

// hold sets money of user 1 aside, for long.
func (p *process) hold(t *testing.T) wallet.Hold {
	t.Helper()
	h, _, err := p.flow.PlaceHold(t.Context(), flow.PlaceHold{
		UserID: 1, Amount: money.Amount{Minor: 5, Currency: "USD"}, ExpiresIn: 30 * 24 * time.Hour,
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// waitsFor wants no month to be closed while there is a hold from it, and ends it.
func (p *process) waitsFor(t *testing.T, h wallet.Hold) {
	t.Helper()
	w := worker.NewPartition(worker.PartitionConfig{Shard: 1, Store: p.store, Keep: 2})
	months, err := w.Step(t.Context())
	if err != nil || months.Made == 0 || months.More || !strings.Contains(months.Closing.Waits, "1 holds") {
		t.Errorf("with a hold: %+v, %v", months, err)
	}
	if _, _, err := p.flow.EndHold(t.Context(), flow.EndHold{UserID: 1, Hold: h.ID}); err != nil {
		t.Fatal(err)
	}
}

// audited wants every invariant to hold.
func (p *process) audited(t *testing.T, when string) audit.Report {
	t.Helper()
	report, err := audit.Run(t.Context(), audit.Config{Store: p.store, Clock: clock.System{}, Each: loop.Each, Again: 1})
	if err != nil {
		t.Fatal(when, err)
	}
	for _, i := range report.Invariants {
		for _, row := range i.Rows {
			t.Errorf("%s: %s: %s %s", when, i.Name, row.ID, row.What)
		}
	}
	if t.Failed() {
		t.FailNow()
	}
	return report
}

// balance is an account's on both shards, at a time.
func (p *process) balance(t *testing.T, name ledger.Name, at time.Time) string {
	t.Helper()
	a, err := p.flow.LedgerAccount(t.Context(), name, "USD", at)
	if err != nil {
		t.Fatal(err)
	}
	return a.Balance.String()
}

// count asks the databases for a number, and adds them up.
func count(t *testing.T, cfg postgres.Config, sql string) (total int64) {
	t.Helper()
	for _, shard := range cfg.Shards {
		c, err := pgx.Connect(t.Context(), shard.DSN)
		if err != nil {
			t.Fatal(err)
		}
		var n int64
		err = c.QueryRow(t.Context(), sql).Scan(&n)
		if err := errors.Join(err, c.Close(t.Context())); err != nil {
			t.Fatal(sql, err)
		}
		total += n
	}
	return total
}

// straddle makes a transaction on each side of a month's end stand across it.
func straddle(t *testing.T, cfg postgres.Config, end time.Time) {
	t.Helper()
	for _, shard := range cfg.Shards {
		err := pgtest.Run(shard.DSN, fmt.Sprintf(`DO $$ <<straddling>> DECLARE
				ends uuid := '%s'; id uuid; entry uuid; moved uuid;
			BEGIN
				SELECT l.id, last_entry INTO id, entry FROM ledger_transactions AS l WHERE l.id < ends ORDER BY 1 DESC LIMIT 1;
				moved := (left(ends::text, 13) || substr(entry::text, 14))::uuid;
				UPDATE ledger_entries AS e SET id = moved WHERE e.id = entry;
				UPDATE ledger_transactions AS l SET last_entry = moved WHERE l.id = straddling.id;
				SELECT l.id, first_entry INTO id, entry FROM ledger_transactions AS l WHERE l.id > ends ORDER BY 1 LIMIT 1;
				moved := (left('%s', 13) || substr(entry::text, 14))::uuid;
				UPDATE ledger_entries AS e SET id = moved WHERE e.id = entry;
				UPDATE ledger_transactions AS l SET first_entry = moved WHERE l.id = straddling.id;
			END $$`, uuidOf(end), uuidOf(end.Add(-time.Millisecond))))
		if err != nil {
			t.Fatal(err)
		}
	}
}

// uuidOf is the least id of a moment as the database writes it.
func uuidOf(at time.Time) string {
	id := ident.First(at)
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}

// allRows counts rows of a table in the ledger and in the months that were closed.
func allRows(t *testing.T, cfg postgres.Config, table string) (kept, gone int64) {
	t.Helper()
	kept = count(t, cfg, `SELECT count(*) FROM `+table)
	gone = count(t, cfg, `SELECT coalesce(sum((xpath('/row/c/text()', query_to_xml(
		format('SELECT count(*) AS c FROM %I', relname), false, true, '')))[1]::text::bigint), 0)::bigint
		FROM pg_class WHERE relkind = 'r' AND NOT relispartition AND relname LIKE '`+table+`\_2%'`)
	return kept, gone
}

// historyEnds are the ends of the months that history is made around.
func historyEnds(now time.Time) (ends []time.Time) {
	for back := 5; back >= 0; back-- {
		ends = append(ends, time.Date(now.Year(), now.Month()-time.Month(back), 1, 0, 0, 0, 0, time.UTC))
	}
	return ends
}

// makeHistory lets two processes do business around the ends of months, with
// clocks that differ. It returns the first payment, and a hold that was left.
func makeHistory(t *testing.T, a, b *process, ends []time.Time) (oldest payment.Payment, hold wallet.Hold) {
	t.Helper()
	for i, end := range ends {
		for step, at := range []time.Duration{-20 * time.Millisecond, 5 * time.Millisecond} {
			a.clock.Advance(end.Add(at).Sub(a.clock.Now()))
			b.clock.Advance(end.Add(at - 8*time.Millisecond).Sub(b.clock.Now()))
			for j, p := range []*process{a, b, a} {
				paid := p.business(t, fmt.Sprint(i, step, j))
				if oldest.ID.IsZero() {
					oldest, hold = paid, a.hold(t)
				}
				p.clock.Advance(4 * time.Millisecond) // into the next month, one before the other
			}
		}
	}
	return oldest, hold
}

// closeMonths closes all but the last two months, and audits after each.
func (p *process) closeMonths(t *testing.T) (closed int) {
	t.Helper()
	for shard := range p.store.Shards() {
		w := worker.NewPartition(worker.PartitionConfig{Shard: shard, Store: p.store, Keep: 2})
		for more := true; more; {
			months, err := w.Step(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			c := months.Closing
			if more = months.More; more {
				closed++
			}
			if c.Waits != "" || more && (c.Entries == 0 || c.Transactions == 0 || c.Accounts == 0 || c.Objects == 0) {
				t.Errorf("%+v", c)
			}
			p.audited(t, fmt.Sprintf("after %s of shard %d", c.Month, shard))
		}
	}
	return closed
}

// nothingIsLost counts the ledger's rows, in it and aside.
func nothingIsLost(t *testing.T, cfg postgres.Config, before audit.Totals) {
	t.Helper()
	for table, want := range map[string]int64{
		"ledger_entries": before.Entries, "ledger_transactions": before.Transactions,
	} {
		if kept, gone := allRows(t, cfg, table); kept+gone != want || gone == 0 || kept == 0 {
			t.Errorf("%s: %d are kept, %d stand aside, of %d", table, kept, gone, want)
		}
	}
	early := count(t, cfg, `SELECT count(*) FROM early_entries`)
	if stay := count(t, cfg, `SELECT count(*) FROM ledger_entries_default`); early == 0 || stay == 0 {
		t.Errorf("%d entries are early, %d stay behind: the clocks and the ends of months were too easy", early, stay)
	}
}

// balances are those of two accounts after the ends of months.
func (p *process) balances(t *testing.T, ends []time.Time) (list []string) {
	t.Helper()
	for _, end := range ends {
		at := end.Add(time.Minute)
		list = append(list, p.balance(t, ledger.Sales, at)+" "+p.balance(t, ledger.Wallet(3), at))
	}
	return list
}

// TestMonths closes months of a store that two processes have written, across the
// ends of months, with clocks that differ.
func TestMonths(t *testing.T) {
	t.Parallel()
	server := pgtest.New(t)
	cfg := postgres.Config{
		Shards: []postgres.Shard{{DSN: server.Database(t)}, {DSN: server.Database(t)}},
		Pool:   postgres.Pool{MaxSize: 8},
	}
	if _, err := postgres.Migrate(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	now := time.Now().UTC()
	ends := historyEnds(now)
	a := startProcess(t, cfg, ends[0].AddDate(0, 0, -1), 1)
	b := startProcess(t, cfg, ends[0].AddDate(0, 0, -1), 7)
	oldest, hold := makeHistory(t, a, b, ends)
	if late := count(t, cfg, `SELECT count(*) FROM ledger_entries_default`); late == 0 {
		t.Error("no row came before its month's partition")
	}
	a.waitsFor(t, hold)
	balances := a.balances(t, ends)
	for _, end := range ends {
		straddle(t, cfg, end)
	}
	before := a.audited(t, "before")
	if closed := a.closeMonths(t); closed != 8 {
		t.Errorf("%d months were closed, want 4 on each shard", closed)
	}
	nothingIsLost(t, cfg, before.Totals)
	if diff := cmp.Diff(balances[3:], a.balances(t, ends[3:])); diff != "" {
		t.Errorf("balances of months that are kept have changed:\n%s", diff)
	}
	for _, end := range ends[:3] {
		_, err := a.flow.LedgerAccount(t.Context(), ledger.Sales, "USD", end)
		if err == nil || !strings.Contains(err.Error(), "earlier months are closed") {
			t.Errorf("a balance of %s: %v", end, err)
		}
	}
	a.entriesEnd(t, ends[3])
	// What is old can still be worked on.
	a.clock.Advance(now.Sub(a.clock.Now()))
	if _, err := a.flow.Refund(t.Context(), flow.Refund{Payment: oldest.ID, Minor: 50}); err != nil {
		t.Error(err)
	}
	a.business(t, "after all")
	b.clock.Advance(now.Sub(b.clock.Now()))
	closeBesideBusiness(t, a, b)
}

// closeBesideBusiness closes one more month on each shard while another process
// goes on: nobody of its callers notices.
func closeBesideBusiness(t *testing.T, a, b *process) {
	t.Helper()
	var going sync.WaitGroup
	done := make(chan struct{})
	days := 0
	going.Go(func() {
		for open := true; open || days < 3; days++ {
			b.business(t, fmt.Sprint("beside ", days))
			select {
			case <-done:
				open = false
			default:
			}
		}
	})
	for shard := range a.store.Shards() {
		c, err := a.store.CloseMonth(t.Context(), shard, 1)
		if err != nil || !c.Closed() {
			t.Errorf("beside business: %+v, %v", c, err)
		}
	}
	close(done)
	going.Wait()
	a.audited(t, "at last")
}

// entriesEnd reads an account's history to its end, which is that of the months
// that are kept.
func (p *process) entriesEnd(t *testing.T, bound time.Time) {
	t.Helper()
	for _, name := range []ledger.Name{ledger.Wallet(2), ledger.Sales} {
		q := store.EntryQuery{Page: store.Page{Limit: 7}, Name: name, Currency: "USD"}
		read := 0
		for {
			list, err := p.flow.LedgerEntries(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range list {
				if e.ID.Time().Before(bound.Add(-time.Second)) {
					t.Errorf("%s: an entry of %s", name, e.ID.Time())
				}
			}
			read += len(list)
			if len(list) < q.Limit {
				break
			}
			q.After = list[len(list)-1].ID
		}
		if read == 0 {
			t.Errorf("%s has no entries", name)
		}
	}
}
