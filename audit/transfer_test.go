package audit_test

import (
	"context"
	"slices"
	"testing"

	"florin/audit"
	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/problem"
	"florin/store"
	"florin/wallet"
)

// Transfer implements audit.Store.
func (w *world) Transfer(_ context.Context, id ident.ID) (wallet.Transfer, error) {
	return findTransfer(w.shards[id.Shard(shards)].transfers, id)
}

// ReceivedTransfer implements audit.Store.
func (w *world) ReceivedTransfer(_ context.Context, shard int, id ident.ID) (wallet.Transfer, error) {
	return findTransfer(w.shards[shard].received, id)
}

func findTransfer(rows []wallet.Transfer, id ident.ID) (wallet.Transfer, error) {
	i := slices.IndexFunc(rows, func(t wallet.Transfer) bool { return t.ID == id })
	if i < 0 {
		return wallet.Transfer{}, store.ErrNotFound
	}
	return rows[i], nil
}

// Where the transfers of newTransfers stand in shard 1's rows.
const (
	local = iota
	done
	failed
	waiting  // not received yet
	accepted // and not ended yet
)

// newTransfers is a world of nothing but transfers: from user 1, on shard 1, one
// of each kind to users 5 and 2.
func newTransfers(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, ids: newWorld(t).ids}
	amount := money.Amount{Minor: 100, Currency: "EUR"}
	// Nothing books what wallets are funded with: this is invariant 5's, once.
	w.post(&w.shards[1], ledger.NewTransaction("funding", 1, w.ids.New(1), ident.ID{}, ledger.Posting{
		Debit: ledger.Adjustments, Credit: ledger.Wallet(1), Amount: money.Amount{Minor: 1000, Currency: "EUR"},
	}))
	for kind := local; kind <= accepted; kind++ {
		to := int64(2)
		if kind == local {
			to = 5
		}
		c, err := wallet.DecideTransfer(wallet.CreateTransfer{
			ID: w.ids.New(1), FromUserID: 1, ToUserID: to, Amount: amount, Local: kind == local, Balance: money.NewSum(1000),
		})
		w.must(err)
		w.apply(c, false)
		if kind == local || kind == waiting {
			continue
		}
		received := wallet.DecideReceive(c.Transfer, wallet.Receiver{Closed: kind == failed})
		w.apply(received, true)
		if kind != accepted {
			c, err = wallet.DecideTransferOutcome(c.Transfer, received.Transfer)
			w.must(err)
			w.apply(c, false)
		}
	}
	return w
}

// apply does what a committer does.
func (w *world) apply(c wallet.TransferChanges, received bool) {
	w.t.Helper()
	r, rows := w.of(c.Transfer.FromUserID), (*[]wallet.Transfer)(nil)
	rows = &r.transfers
	if received {
		r = w.of(c.Transfer.ToUserID)
		rows = &r.received
	}
	if i := slices.IndexFunc(*rows, func(t wallet.Transfer) bool { return t.ID == c.Transfer.ID }); i >= 0 {
		(*rows)[i] = c.Transfer
	} else {
		*rows = append(*rows, c.Transfer)
	}
	for _, t := range c.Transactions {
		w.post(r, t)
	}
	for _, e := range c.Events {
		w.emit(r, e)
	}
}

// only returns the invariants that an audit names besides the funding's.
func (w *world) only() []string {
	w.t.Helper()
	names := broken(w.audit())
	i := slices.Index(names, "booked")
	if i < 0 {
		w.t.Fatal("the funding is booked by something")
	}
	return slices.Delete(names, i, i+1)
}

func TestCleanTransfers(t *testing.T) {
	t.Parallel()
	w := newTransfers(t)
	looks := 0
	w.slept = func() { looks++ }
	if names := w.only(); len(names) > 0 || looks > 0 {
		t.Fatalf("broken: %v, after %d more looks", names, looks)
	}
	r := w.audit()
	if r.Open.Transfers != 2 || r.Totals.Transfers != 5 {
		t.Errorf("%d of %d transfers are on their way, want 2 of 5", r.Open.Transfers, r.Totals.Transfers)
	}
}

// drop takes a transaction out of the books, as if it had never been.
func (r *rows) drop(kind ledger.Kind) {
	i := slices.IndexFunc(r.transactions, func(t ledger.Transaction) bool { return t.Kind == kind })
	dropped := r.transactions[i]
	r.transactions = slices.Delete(r.transactions, i, i+1)
	for _, e := range dropped.Entries {
		a := r.account(e.Account)
		plus(&a.Balance, -e.Minor)
		a.Seq--
		for j := range r.transactions {
			for k := range r.transactions[j].Entries {
				if later := &r.transactions[j].Entries[k]; later.Account == e.Account && later.Seq > e.Seq {
					later.Seq--
					plus(&later.Balance, -e.Minor)
				}
			}
		}
	}
}

type brokenTransfer struct {
	spoil func(w *world)
	want  []string
}

var brokenTransfers = map[string]brokenTransfer{
	"the money never left":    {func(w *world) { w.shards[1].drop(ledger.KindTransferOut) }, []string{"cleared"}},
	"the money never arrived": {func(w *world) { w.shards[2].drop(ledger.KindTransferIn) }, []string{"cleared"}},
	"it was not given back":   {func(w *world) { w.shards[1].drop(ledger.KindTransferReturn) }, []string{"cleared"}},
	"a local one not booked":  {func(w *world) { w.shards[1].drop(ledger.KindTransfer) }, []string{"cleared"}},
	"the receiver forgot one": {func(w *world) { w.shards[2].received = w.shards[2].received[1:] }, []string{"cleared"}},
	"the sender forgot one": {func(w *world) {
		w.shards[1].transfers = w.shards[1].transfers[:accepted]
	}, []string{"cleared", "told"}},
	"it ended on one side":     {func(w *world) { w.end(waiting, wallet.TransferSucceeded) }, []string{"cleared"}},
	"refused here, taken back": {func(w *world) { w.end(accepted, wallet.TransferFailed) }, []string{"cleared"}},
	"another amount arrived":   {func(w *world) { w.shards[2].received[0].Amount.Minor++ }, []string{"cleared"}},
	"a local one is pending": {func(w *world) {
		w.shards[1].transfers[local].Status = wallet.TransferPending
	}, []string{"consistent", "told"}},
	"a status that begins as one": {func(w *world) {
		w.shards[1].transfers[done].Status = "sent"
	}, []string{"consistent"}},
	"an ended one in its first version": {func(w *world) {
		w.shards[1].transfers[done].Version = 1
	}, []string{"told"}},
	"a pending one in its second version": {func(w *world) {
		w.shards[1].transfers[waiting].Version = 2
	}, []string{"consistent", "told"}},
	"a local one in its second version": {func(w *world) {
		w.shards[1].transfers[local].Version = 2
	}, []string{"told"}},
	"received from another": {func(w *world) {
		w.shards[2].received[0].FromUserID += ident.Buckets
	}, []string{"cleared"}},
	"received in its second version": {func(w *world) { w.shards[2].received[0].Version = 2 }, []string{"consistent"}},
	"accepted with a reason": {func(w *world) {
		w.shards[2].received[0].Reason = problem.WalletFull
	}, []string{"consistent"}},
	"received in no status": {func(w *world) {
		w.shards[2].received[1].Status = "f"
	}, []string{"consistent"}},
	"received with other details": {func(w *world) {
		w.shards[2].received[0].Details.Metadata = map[string]string{"a": "b"}
	}, []string{"cleared"}},
	"booked by another user": {func(w *world) {
		w.find(1, ledger.KindTransferOut).UserID += ident.Buckets
	}, []string{"cleared"}},
	"received by another user": {func(w *world) {
		w.find(2, ledger.KindTransferIn).UserID += ident.Buckets
	}, []string{"cleared"}},
	"given back twice": {func(w *world) {
		r := &w.shards[1]
		i := slices.IndexFunc(r.transactions, func(t ledger.Transaction) bool {
			return t.Kind == ledger.KindTransferReturn
		})
		again := r.transactions[i]
		again.Entries = slices.Clone(again.Entries)
		w.post(r, again)
	}, []string{"cleared"}},
	"a second event": {func(w *world) {
		r := &w.shards[1]
		w.emit(r, r.events[0].Event)
	}, []string{"told"}},
}

func TestBrokenTransfers(t *testing.T) {
	t.Parallel()
	for name, c := range brokenTransfers {
		w := newTransfers(t)
		c.spoil(w)
		got := w.only()
		slices.Sort(got)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: broken are %v, want %v", name, got, c.want)
		}
	}
}

// find returns a shard's first transaction of a kind.
func (w *world) find(shard int, kind ledger.Kind) *ledger.Transaction {
	list := w.shards[shard].transactions
	return &list[slices.IndexFunc(list, func(t ledger.Transaction) bool { return t.Kind == kind })]
}

// end ends a transfer on the sender's side alone, as if its receiver's had said
// so.
func (w *world) end(i int, status wallet.TransferStatus) {
	w.t.Helper()
	t := w.shards[1].transfers[i]
	received := t
	received.Status = status
	if status == wallet.TransferFailed {
		received.Reason = problem.WalletClosed
	}
	c, err := wallet.DecideTransferOutcome(t, received)
	w.must(err)
	w.apply(c, false)
}

// TestTransfersBetweenLooks: what the shards' moments tear apart is whole at the
// second look.
func TestTransfersBetweenLooks(t *testing.T) {
	t.Parallel()
	w := newTransfers(t)
	w.end(waiting, wallet.TransferSucceeded)
	looks := 0
	w.slept = func() {
		looks++
		received := w.shards[1].transfers[waiting]
		received.Version = 1
		w.shards[2].received = append(w.shards[2].received, received)
	}
	if names := w.only(); len(names) > 0 || looks != 1 {
		t.Errorf("broken: %v, after %d more looks", names, looks)
	}
}

var _ audit.Store = (*world)(nil)

// bringTogether makes user 2 one of shard 1, as a copy to fewer shards does: its
// received transfers and their transactions come beside the sender's.
func (w *world) bringTogether() {
	w.t.Helper()
	from, to := &w.shards[2], &w.shards[1]
	const newcomer = 9 // on shard 1
	for i := range to.transfers {
		if to.transfers[i].ToUserID == 2 {
			to.transfers[i].ToUserID = newcomer
		}
	}
	for _, t := range from.received {
		t.ToUserID = newcomer
		to.received = append(to.received, t)
	}
	for _, t := range from.transactions {
		t.UserID, t.ID, t.Entries = newcomer, w.ids.New(newcomer), slices.Clone(t.Entries)
		for i := range t.Entries {
			if t.Entries[i].Account.Name == ledger.Wallet(2) {
				t.Entries[i].Account.Name = ledger.Wallet(newcomer)
			}
		}
		w.post(to, t)
	}
	*from = rows{}
}

// TestTransfersThatCameTogether are right in the form that they had between
// shards, pending ones too.
func TestTransfersThatCameTogether(t *testing.T) {
	t.Parallel()
	w := newTransfers(t)
	w.bringTogether()
	if names := w.only(); len(names) > 0 {
		t.Fatalf("broken: %v", names)
	}
	if r := w.audit(); r.Open.Transfers != 2 || r.Totals.Transfers != 5 {
		t.Errorf("%d of %d transfers are on their way, want 2 of 5", r.Open.Transfers, r.Totals.Transfers)
	}
	for name, c := range map[string]struct {
		spoil func(w *world)
		want  []string
	}{
		"it never left": {
			func(w *world) { w.shards[1].drop(ledger.KindTransferOut) }, []string{"cleared", "placed"},
		},
		"it never arrived":      {func(w *world) { w.shards[1].drop(ledger.KindTransferIn) }, []string{"cleared"}},
		"it was not given back": {func(w *world) { w.shards[1].drop(ledger.KindTransferReturn) }, []string{"cleared"}},
		"one was forgotten":     {func(w *world) { w.shards[1].received = w.shards[1].received[1:] }, []string{"cleared"}},
		"a local one was received too": {func(w *world) {
			received := w.shards[1].transfers[local]
			w.shards[1].received = append(w.shards[1].received, received)
			w.post(&w.shards[1], ledger.NewTransaction(ledger.KindTransferIn, 5, received.ID, ident.ID{}, ledger.Posting{
				Debit: ledger.Transfers, Credit: ledger.Wallet(5), Amount: received.Amount,
			}))
		}, []string{"placed"}},
	} {
		w := newTransfers(t)
		w.bringTogether()
		c.spoil(w)
		got := w.only()
		slices.Sort(got)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: broken are %v, want %v", name, got, c.want)
		}
	}
}
