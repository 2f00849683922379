package audit_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"florin/audit"
	"florin/event"
	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/payment"
	"florin/store"
)

func TestCleanStorePasses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	looks := 0
	w.slept = func() { looks++ }
	r := w.audit()
	if !r.OK || looks != 0 {
		t.Fatalf("a clean store has broken invariants, or was looked at twice: %+v", r)
	}
	for _, i := range r.Invariants {
		if i.Checked == 0 && !slices.Contains([]string{"not_negative", "held"}, i.Name) { // no user has an account
			t.Errorf("nothing was held against %s", i.Name)
		}
	}
	want := audit.Totals{
		Payments: 64, Attempts: 56, Captures: 32, Refunds: 24, Methods: 8, Transactions: 40, Entries: 80,
		Accounts: 8, Events: 8*2 + 32*3 + 8*2 + 8*1 + 8*4 + 24 + 12 + 12 + 8, Claims: 64,
		JournalOperations: 56, Acknowledgements: 120,
	}
	if r.Totals != want {
		t.Errorf("the totals are %+v, want %+v", r.Totals, want)
	}
	if want := (audit.Open{Attempts: 8, Refunds: 8}); r.Open != want {
		t.Errorf("open are %+v, want %+v", r.Open, want)
	}
}

// first returns the first payment of a status on shard 1, and its rows.
func (w *world) first(status payment.Status) (*rows, *payment.Payment) {
	r := &w.shards[1]
	i := slices.IndexFunc(r.payments, func(p payment.Payment) bool { return p.Status == status })
	p := &r.payments[i]
	p.Attempts, p.Captures, p.Refunds = slices.Clone(p.Attempts), slices.Clone(p.Captures), slices.Clone(p.Refunds)
	return r, p
}

// refunded returns the payment with a refund of that status.
func (w *world) refunded(status payment.OperationStatus) (*rows, *payment.Payment) {
	r := &w.shards[1]
	i := slices.IndexFunc(r.payments, func(p payment.Payment) bool {
		return len(p.Refunds) > 0 && p.Refunds[0].Status == status
	})
	return r, &r.payments[i]
}

// lastEntry returns the last entry of the sales account, and the account.
func (r *rows) lastEntry() (*ledger.Entry, *ledger.Account) {
	entries := r.transactions[len(r.transactions)-1].Entries
	i := slices.IndexFunc(entries, func(e ledger.Entry) bool { return e.Account.Name == ledger.Sales })
	return &entries[i], r.account(entries[i].Account)
}

func plus(s *money.Sum, minor int64) { *s, _ = s.Add(minor) }

// unpost takes the last transaction out of the books, as if it had never been.
func (r *rows) unpost() ledger.Transaction {
	last := r.transactions[len(r.transactions)-1]
	r.transactions = r.transactions[:len(r.transactions)-1]
	for _, e := range last.Entries {
		a := r.account(e.Account)
		plus(&a.Balance, -e.Minor)
		a.Seq--
	}
	return last
}

// repost books the last transaction anew, changed.
func (w *world) repost(change func(*ledger.Transaction)) {
	r := &w.shards[1]
	last := r.unpost()
	change(&last)
	w.post(r, last)
}

type spoiling struct {
	name  string
	spoil func(w *world)
	want  string
}

var ledgerSpoilings = []spoiling{
	{"an entry too much by one", func(w *world) {
		e, a := w.shards[1].lastEntry()
		e.Minor++
		plus(&e.Balance, 1)
		plus(&a.Balance, 1)
	}, "balanced"},
	{"a transaction of one entry", func(w *world) {
		w.repost(func(t *ledger.Transaction) { t.Entries = t.Entries[:1] })
	}, "balanced"},
	{"a seq that comes twice", func(w *world) { e, _ := w.shards[1].lastEntry(); e.Seq-- }, "balanced"},
	{"a seq left out", func(w *world) { e, _ := w.shards[1].lastEntry(); e.Seq++ }, "balanced"},
	{"an entry's balance", func(w *world) {
		w.shards[1].transactions[2].Entries[0].Balance = money.NewSum(7)
	}, "balanced"},
	{"an account's balance", func(w *world) { plus(&w.shards[1].accounts[0].Balance, 1) }, "summed"},
	{"an account's seq", func(w *world) { w.shards[1].accounts[0].Seq++ }, "summed"},
	{"an account lost", func(w *world) { w.shards[1].accounts = w.shards[1].accounts[1:] }, "summed"},
	{"a balance of no entry", func(w *world) {
		w.shards[1].account(ledger.Key{Name: ledger.Bank, Currency: "USD"}).Balance = money.NewSum(1)
	}, "summed"},
	{"a wallet below zero", func(w *world) {
		w.shards[1].account(ledger.Key{Name: ledger.Wallet(5), Currency: "USD"}).Balance = money.NewSum(-1)
	}, "not_negative"},
	{"a transaction lost", func(w *world) { w.shards[1].unpost() }, "booked"},
	{"a transaction booked twice", func(w *world) {
		r := &w.shards[1]
		w.post(r, clone(r.transactions[0]))
	}, "booked"},
	{"a transaction of nothing", func(w *world) {
		w.repost(func(t *ledger.Transaction) { t.Object = w.ids.New(1) })
	}, "booked"},
	{"a transaction of another kind", func(w *world) {
		w.repost(func(t *ledger.Transaction) { t.Kind = "gift" })
	}, "booked"},
	{"a transaction of another payment", func(w *world) {
		w.repost(func(t *ledger.Transaction) { t.Payment = w.shards[1].payments[0].ID })
	}, "booked"},
	{"a transaction of another amount", func(w *world) {
		w.repost(func(t *ledger.Transaction) { t.Entries[0].Minor *= 2; t.Entries[1].Minor *= 2 })
	}, "booked"},
	{"a transaction the wrong way round", func(w *world) {
		w.repost(func(t *ledger.Transaction) { t.Entries[0].Minor *= -1; t.Entries[1].Minor *= -1 })
	}, "booked"},
	{"a transaction in another currency", func(w *world) {
		w.repost(func(t *ledger.Transaction) {
			t.Entries[0].Account.Currency, t.Entries[1].Account.Currency = "EUR", "EUR"
		})
	}, "booked"},
	{"a transaction of another user", func(w *world) {
		w.repost(func(t *ledger.Transaction) { t.UserID += ident.Buckets })
	}, "booked"},
	{"a transaction on another account", func(w *world) {
		w.repost(func(t *ledger.Transaction) {
			for i := range t.Entries {
				if t.Entries[i].Account.Name != ledger.Sales {
					t.Entries[i].Account.Name = ledger.Receivable("beta")
				}
			}
		})
	}, "booked"},
	{"a transaction of four entries", func(w *world) {
		w.repost(func(t *ledger.Transaction) { t.Entries = append(clone(*t).Entries, t.Entries...) })
	}, "booked"},
}

func clone(t ledger.Transaction) ledger.Transaction {
	t.Entries = slices.Clone(t.Entries)
	return t
}

var paymentSpoilings = []spoiling{
	{"refunded beyond captured", func(w *world) {
		_, p := w.first(payment.Succeeded)
		p.RefundPendingMinor = p.CapturedMinor + 1
	}, "bounded"},
	{"captured beyond authorized", func(w *world) { _, p := w.first(payment.Succeeded); p.AuthorizedMinor-- }, "bounded"},
	{"a sum below zero", func(w *world) { _, p := w.first(payment.Succeeded); p.RefundedMinor = -1 }, "bounded"},
	{"captured less than its captures", func(w *world) {
		_, p := w.first(payment.Succeeded)
		p.CapturedMinor--
	}, "booked"},
	{"capturing more than its captures", func(w *world) {
		_, p := w.first(payment.Succeeded)
		p.CapturedMinor, p.CapturePendingMinor = 0, p.CapturedMinor
	}, "booked"},
	{"a payment that was never booked", func(w *world) {
		r, p := w.first(payment.Succeeded)
		capture := p.Captures[0].ID
		p.Captures, p.AuthorizedMinor, p.CapturedMinor = nil, 0, 0
		r.events = slices.DeleteFunc(r.events, func(e event.Stored) bool { return e.Object == capture })
		for i, t := range r.transactions {
			if t.Object == capture {
				r.transactions[i].Kind = "none" // and so it is booked by nobody
			}
		}
	}, "booked consistent"},
	{"a key that made nothing", func(w *world) {
		r, p := w.first(payment.Succeeded)
		claim := store.Claim{UserID: p.UserID, Key: "another", Kind: ident.Payment, Object: w.ids.New(p.UserID)}
		r.claims = append(r.claims, claim)
	}, "consistent"},
	{"a key forgotten", func(w *world) { w.shards[1].claims = w.shards[1].claims[1:] }, "acknowledged"},
	{"an operation approved twice", func(w *world) { w.journal = append(w.journal, w.journal[0]) }, "charged_once"},
	{"a stray entry", func(w *world) {
		r := &w.shards[1]
		t := r.transactions[0]
		r.transactions = append(r.transactions, ledger.Transaction{ID: w.ids.New(1), Entries: t.Entries[:1]})
	}, "balanced summed booked placed"},
	{"refunded more than its refunds", func(w *world) {
		_, p := w.refunded(payment.OperationSucceeded)
		p.RefundedMinor++
	}, "booked"},
	{"refunding more than its refunds", func(w *world) {
		_, p := w.refunded(payment.OperationPending)
		p.RefundPendingMinor++
	}, "booked"},
	{"a refund in another currency", func(w *world) {
		_, p := w.refunded(payment.OperationPending)
		p.Refunds[0].Amount.Currency = "EUR"
	}, "booked"},
	{"a refund booked that is pending", func(w *world) {
		r, p := w.refunded(payment.OperationPending)
		w.post(r, ledger.NewTransaction(ledger.KindRefund, p.UserID, p.Refunds[0].ID, p.ID, ledger.Posting{
			Debit: ledger.Sales, Credit: ledger.Receivable("alpha"), Amount: p.Refunds[0].Amount,
		}))
	}, "booked"},
	{"a status that is none", func(w *world) {
		_, p := w.first(payment.Declined)
		p.Status, w.told = "gone", nil
	}, "consistent"},
	{"a status that its attempts do not bear", func(w *world) {
		_, p := w.first(payment.Processing)
		p.Status = payment.Declined
	}, "consistent"},
	{"an attempt that it does not have", func(w *world) {
		_, p := w.first(payment.Declined)
		p.Attempt = w.ids.New(1)
	}, "consistent"},
	{"a batch that counts wrong", func(w *world) { w.shards[1].batches[0].Succeeded-- }, "consistent"},
	{"a batch without its last event", func(w *world) { w.shards[1].batches[0].Version = 3 }, "told"},
	{"a deleted card that is still there", func(w *world) { w.shards[2].methods[0].Sealed = []byte("x") }, "consistent"},
}

var eventSpoilings = []spoiling{
	{"a decline of a payment that succeeded", func(w *world) {
		w.lastEvent(payment.Succeeded).Type = event.PaymentDeclined
	}, "told"},
	{"a late approval where none was", func(w *world) {
		w.lastEvent(payment.Succeeded).Type = event.PaymentLateApproval
	}, "told"},
	{"a payment created twice", func(w *world) {
		w.lastEvent(payment.Declined).Type = event.PaymentCreated
	}, "told"},
	{"a payment that begins authorized", func(w *world) {
		w.lastEvent(payment.RequiresConfirmation).Type = event.PaymentAuthorized
	}, "told"},
	{"a refund's event of a payment", func(w *world) {
		w.lastEvent(payment.Succeeded).Type = event.RefundSucceeded
	}, "told"},
	{"an event of no type", func(w *world) { w.lastEvent(payment.Succeeded).Type = "" }, "told"},
	{"a method that was deleted and is there", func(w *world) {
		w.shards[2].methods[0].DeletedAt = time.Time{}
	}, "told"},
	{"a batch that is not completed any more", func(w *world) {
		w.shards[1].batches[0].Status, w.shards[1].batches[0].DueAt = payment.BatchProcessing, began
	}, "told"},
	{"an event lost", func(w *world) { w.shards[1].events = w.shards[1].events[1:] }, "told"},
	{"an event twice", func(w *world) { r := &w.shards[1]; w.emit(r, r.events[3].Event) }, "told"},
	{"an event of no object", func(w *world) {
		w.emit(&w.shards[1], event.Event{Kind: ident.Payment, Object: w.ids.New(1), Version: 1, UserID: 1})
	}, "told"},
	{"an event of another kind", func(w *world) { w.shards[1].events[3].Kind = ident.Refund }, "told"},
	{"an event of a version to come", func(w *world) { w.shards[1].events[3].Version = 60 }, "told"},
	{"an event of version 0", func(w *world) { w.shards[1].events[3].Version = 0 }, "told"},
	{"an event of another user", func(w *world) { w.shards[1].events[3].UserID += ident.Buckets }, "told"},
	{"a version without event", func(w *world) { w.shards[1].methods[0].Version = 70 }, "told"},
}

var placeSpoilings = []spoiling{
	{"a payment's id of another user", func(w *world) {
		r, p := w.first(payment.RequiresConfirmation)
		p.UserID += shards
		w.told = nil
		for i := range r.events {
			if r.events[i].Object == p.ID {
				r.events[i].UserID, r.events[i].ID = p.UserID, w.ids.New(p.UserID)
			}
		}
	}, "placed consistent"},
	{"an attempt of another payment", func(w *world) {
		_, p := w.first(payment.Declined)
		p.Attempts[0].Payment[15]++
	}, "placed"},
	{"a capture of another user", func(w *world) { _, p := w.first(payment.Succeeded); p.Captures[0].UserID++ }, "placed"},
	{"a refund of another user", func(w *world) {
		_, p := w.refunded(payment.OperationFailed)
		p.Refunds[0].UserID++
	}, "placed"},
	{"methods on another shard", func(w *world) {
		from, to := &w.shards[1], &w.shards[2]
		to.methods, from.methods = append(to.methods, from.methods...), nil
		from.events = slices.DeleteFunc(from.events, func(e event.Stored) bool {
			if e.Kind == ident.PaymentMethod {
				to.events = append(to.events, e)
			}
			return e.Kind == ident.PaymentMethod
		})
	}, "placed"},
	{"an event's id of another user", func(w *world) { w.shards[1].events[3].ID[15]++ }, "placed"},
	{"a transaction's id of another user", func(w *world) { w.shards[1].transactions[3].ID[15]++ }, "placed"},
	{"an entry's id of another user", func(w *world) { w.shards[1].transactions[3].Entries[0].ID[15]++ }, "placed"},
	{"a wallet on another shard", func(w *world) {
		w.shards[1].account(ledger.Key{Name: ledger.Wallet(2), Currency: "USD"})
	}, "placed"},
}

// lastEvent returns the last event of the first payment of a status on shard 1.
func (w *world) lastEvent(status payment.Status) *event.Stored {
	r, p := w.first(status)
	i := slices.IndexFunc(r.events, func(e event.Stored) bool { return e.Object == p.ID && e.Version == p.Version })
	return &r.events[i]
}

func TestEachSpoilingIsNamed(t *testing.T) {
	t.Parallel()
	all := slices.Concat(ledgerSpoilings, paymentSpoilings, eventSpoilings, placeSpoilings)
	all = slices.Concat(all, journalSpoilings, toldSpoilings, itemSpoilings, claimSpoilings)
	for _, s := range all {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			s.spoil(w)
			r := w.audit()
			got := broken(r)
			if r.OK || !slices.Equal(got, strings.Fields(s.want)) {
				t.Errorf("the audit names %v, want %s: %+v", got, s.want, r)
			}
		})
	}
}
