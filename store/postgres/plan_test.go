//go:build services

package postgres_test

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"florin/ident"
	"florin/ledger"
	"florin/payment"
	"florin/store"
	"florin/store/postgres"
	"florin/wallet"
)

var (
	scanned   = regexp.MustCompile(` on (\w+)`)
	unbounded = regexp.MustCompile(`Seq Scan on (\w+)`)
)

// smallTables may be read from their beginning to their end.
var smallTables = []string{
	"meta", "filling", "accounts", "ledger_entries_default", "ledger_transactions_default", "closings",
	"account_checkpoints", "pg_database",
}

// planned is a list, or a look-up, and what it may cost.
type planned struct {
	name string
	run  func() (int, error)
	// partitions are those of the months that may be read; nil for any.
	partitions []string
	rows       int
}

// TestPlans holds every query that lists or finds rows to the indexes and the
// partitions that it needs, in a store of some thousand rows.
func TestPlans(t *testing.T) {
	t.Parallel()
	s := emptyStore(t)
	s.Fill(t, 0, filling...)
	for _, c := range slices.Concat(plannedPayments(t.Context(), s), plannedOthers(t.Context(), s)) {
		t.Run(c.name, func(t *testing.T) {
			var rows int
			var err error
			plans := s.Plans(t, 0, func() { rows, err = c.run() })
			if err != nil || rows != c.rows {
				t.Fatalf("%d rows, want %d; %v", rows, c.rows, err)
			}
			if len(plans) == 0 {
				t.Fatal("no query was seen")
			}
			for _, plan := range plans {
				checkPlan(t, plan, c.partitions)
			}
		})
	}
}

func plannedPayments(ctx context.Context, s *postgres.Store) []planned {
	now, start, page := time.Now(), fillStart(), store.Page{Limit: 10}
	p, refund := fillID(77, 1), fillID(77, 4)
	after := store.Page{Limit: 10, After: p}
	return []planned{
		{"payments", func() (int, error) {
			return count(s.Payments(ctx, 0, store.PaymentQuery{Page: page}))
		}, nil, 10},
		{"payments after", func() (int, error) {
			return count(s.Payments(ctx, 0, store.PaymentQuery{Page: after}))
		}, nil, 10},
		{"payments of a user", func() (int, error) {
			return count(s.Payments(ctx, 0, store.PaymentQuery{Page: page, UserID: 7}))
		}, nil, 10},
		{"payments by time", func() (int, error) {
			return count(s.Payments(ctx, 0, store.PaymentQuery{
				Page: page, CreatedGTE: start.Add(time.Hour), CreatedLT: start.Add(5 * time.Hour), Status: payment.Succeeded,
			}))
		}, nil, 10},
		{"refunds of a user", func() (int, error) {
			return count(s.Refunds(ctx, 0, store.RefundQuery{Page: page, UserID: 7}))
		}, nil, 10},
		{"refunds of a payment", func() (int, error) {
			return count(s.Refunds(ctx, 0, store.RefundQuery{Page: page, Payment: p}))
		}, nil, 1},
		{"disputes of a payment", func() (int, error) {
			return count(s.Disputes(ctx, 0, store.DisputeQuery{Page: page, Payment: p}))
		}, nil, 1},
		{"payment of", func() (int, error) { return found(s.PaymentOf(ctx, refund)) }, nil, 1},
		{"methods", func() (int, error) { return count(s.Methods(ctx, 7, page)) }, nil, 10},
		{"due", func() (int, error) { return count(s.Due(ctx, 0, now.Add(time.Hour), 10)) }, nil, 10},
		{"expiring", func() (int, error) { return count(s.Expiring(ctx, 0, now.Add(time.Hour), 10)) }, nil, 10},
		{"open", func() (int, error) { return found(s.OpenCount(ctx, 0)) }, nil, 1},
	}
}

func plannedOthers(ctx context.Context, s *postgres.Store) []planned {
	now, start, page := time.Now(), fillStart(), store.Page{Limit: 10}
	return []planned{
		{"events", func() (int, error) { return count(s.Events(ctx, 0, 5, 10)) }, nil, 10},
		{"latest events", func() (int, error) { return count(s.LatestEvents(ctx, 0, 10)) }, nil, 10},
		{"events of", func() (int, error) { return count(s.EventsOf(ctx, fillID(77, 1))) }, nil, 1},
		{"transfers of a user", func() (int, error) {
			return count(s.Transfers(ctx, 0, store.TransferQuery{Page: page, UserID: 7}))
		}, nil, 10},
		{"pending transfers", func() (int, error) {
			return count(s.PendingTransfers(ctx, 0, ident.ID{}, now.AddDate(1, 0, 0), 10))
		}, nil, 10},
		{"holds of a user", func() (int, error) {
			return count(s.Holds(ctx, 0, store.HoldQuery{Page: page, UserID: 7, Status: wallet.HoldReleased}))
		}, nil, 10},
		{"due holds", func() (int, error) { return count(s.DueHolds(ctx, 0, now.Add(time.Hour), 10)) }, nil, 10},
		{"entries of a wallet", func() (int, error) {
			return count(s.Entries(ctx, 0, store.EntryQuery{Page: page, Name: ledger.Wallet(7), Currency: "EUR"}))
		}, nil, 10},
		{"entries of sales", func() (int, error) {
			return count(s.Entries(ctx, 0, store.EntryQuery{Page: page, Name: ledger.Sales, Currency: "EUR"}))
		}, nil, 10},
		{"a wallet's balance", func() (int, error) {
			return found(s.BalanceAt(ctx, 0, ledger.Wallet(7), "EUR", start.AddDate(0, 0, 5)))
		}, []string{start.Format("_2006_01"), "_default"}, 1},
		{"balance of sales", func() (int, error) {
			return found(s.BalanceAt(ctx, 0, ledger.Sales, "EUR", start.AddDate(0, 0, 5)))
		}, nil, 1},
		{"a report", func() (int, error) {
			return count(s.Reports(ctx, 0, store.ReportQuery{From: start.Add(time.Hour), To: start.Add(5 * time.Hour)}))
		}, nil, 2},
	}
}

func count[T any](list []T, err error) (int, error) { return len(list), err }

func found[T comparable](value T, err error) (int, error) {
	var zero T
	if value == zero {
		return 0, err
	}
	return 1, err
}

// checkPlan wants no table read from end to end, and no partition but those of
// the months.
func checkPlan(t *testing.T, plan string, months []string) {
	t.Helper()
	for _, scan := range unbounded.FindAllStringSubmatch(plan, -1) {
		if !slices.Contains(smallTables, scan[1]) && !emptyPartition(scan[1]) {
			t.Errorf("%s is read as a whole:\n%s", scan[1], plan)
		}
	}
	for _, scan := range scanned.FindAllStringSubmatch(plan, -1) {
		if months != nil && strings.HasPrefix(scan[1], "ledger_") && !slices.ContainsFunc(months, func(m string) bool {
			return strings.Contains(scan[1], m)
		}) {
			t.Errorf("%s is read:\n%s", scan[1], plan)
		}
	}
}

// TestPlansOfAPayment holds what reads a payment with its children.
func TestPlansOfAPayment(t *testing.T) {
	t.Parallel()
	s := emptyStore(t)
	s.Fill(t, 0, filling...)
	id := fillID(77, 1)
	for _, sql := range postgres.PaymentQueries() {
		plan := s.Explain(t, 0, sql, [16]byte(id))
		checkPlan(t, plan, nil)
		if !strings.Contains(plan, "Index Cond") {
			t.Errorf("no index:\n%s", plan)
		}
	}
}

// TestPlansOfTheLedger holds what analysts ask, by id and by time, to the months
// that it is about.
func TestPlansOfTheLedger(t *testing.T) {
	t.Parallel()
	s := emptyStore(t)
	s.Fill(t, 0, filling...)
	start, id := fillStart(), fillID(77, 6)
	monthBefore, month := []string{start.Format("_2006_01")}, []string{start.AddDate(0, 0, 10).Format("_2006_01")}
	from, to := ident.First(start.AddDate(0, 0, 11)), ident.First(start.AddDate(0, 0, 12))
	for _, c := range []struct {
		name, sql string
		args      []any
		months    []string
	}{
		{"by id", `SELECT * FROM ledger_transactions WHERE id = $1`, []any{[16]byte(id)}, monthBefore},
		{"by id in the view", `SELECT * FROM transactions WHERE transaction_id = $1`, []any{[16]byte(id)}, monthBefore},
		{
			"by time", `SELECT count(*) FROM ledger_transactions WHERE id >= $1 AND id < $2`,
			[]any{[16]byte(from), [16]byte(to)},
			month,
		},
		{
			"by time in the view", `SELECT sum(amount) FROM transactions WHERE transaction_id >= $1 AND transaction_id < $2`,
			[]any{[16]byte(from), [16]byte(to)},
			month,
		},
		{
			"entries by time", `SELECT sum(amount) FROM ledger_entries WHERE id >= $1 AND id < $2`,
			[]any{[16]byte(from), [16]byte(to)},
			month,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			checkPlan(t, s.Explain(t, 0, c.sql, c.args...), c.months)
		})
	}
}

// emptyPartition tells whether a partition is of a month that is still to come.
func emptyPartition(name string) bool {
	if len(name) < len("_2006_01") {
		return false
	}
	at, err := time.Parse("_2006_01", name[len(name)-len("_2006_01"):])
	return err == nil && at.After(time.Now())
}
