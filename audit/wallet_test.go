package audit_test

import (
	"slices"
	"strings"
	"testing"

	"florin/audit"
	"florin/event"
	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/payment"
	"florin/wallet"
)

func usd(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: "USD"} }

// newWalletWorld is a world whose users 1 and 2 have wallets, with something of
// every kind done to them.
func newWalletWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	for user := int64(1); user <= 2; user++ {
		w.adjust(user, 100_00)
		w.adjust(user, -1_00)
		w.place(user, nil)
		w.place(user, func(h wallet.Hold) (wallet.Changes[wallet.Hold], error) {
			return h.DecideCapture(wallet.CaptureHold{Minor: 3_00, At: began})
		})
		w.place(user, func(h wallet.Hold) (wallet.Changes[wallet.Hold], error) {
			return h.DecideCapture(wallet.CaptureHold{At: began})
		})
		w.place(user, wallet.Hold.DecideRelease)
		w.place(user, func(h wallet.Hold) (wallet.Changes[wallet.Hold], error) { return h.DecideExpiry(h.ExpiresAt) })
		w.payOut(user)
		w.refundTo(w.fromWallet(user, false), payment.ToWallet)
		w.fromWallet(user, true)
		w.refundTo(w.charge(user, payment.OutcomeApproved), payment.ToWallet)
		for _, status := range []payment.OperationStatus{
			payment.OperationSucceeded, payment.OperationPending, payment.OperationFailed,
		} {
			w.refund(w.topUp(user), status)
		}
	}
	for _, fee := range []int64{0, 30} {
		_, booked, err := ledger.DecideSettlement(ledger.RecordSettlement{
			ID: w.ids.New(0), Gateway: "alpha", Reference: "r", Amount: usd(1000), FeeMinor: fee,
		})
		w.must(err)
		w.post(&w.shards[0], booked)
	}
	return w
}

// settled returns a settlement with a fee.
func (w *world) settled() *ledger.Transaction {
	all := w.shards[0].transactions
	return &all[len(all)-1]
}

// book does what a committer does with a wallet's decision.
func book[T any](w *world, userID int64, c wallet.Changes[T], err error) T {
	w.t.Helper()
	w.must(err)
	for _, t := range c.Transactions {
		w.post(w.of(userID), t)
	}
	for _, e := range c.Events {
		w.emit(w.of(userID), e)
	}
	return c.Value
}

func (w *world) balance(userID int64) money.Sum {
	return w.of(userID).account(ledger.Key{Name: ledger.Wallet(userID), Currency: "USD"}).Balance
}

func (w *world) adjust(userID, minor int64) {
	w.t.Helper()
	c, err := wallet.DecideAdjustment(w.balance(userID), wallet.Adjust{
		ID: w.ids.New(userID), UserID: userID, Amount: usd(minor),
	})
	book(w, userID, c, err)
}

// place places a hold and ends it; nil leaves it active.
func (w *world) place(userID int64, end func(wallet.Hold) (wallet.Changes[wallet.Hold], error)) {
	w.t.Helper()
	c, err := wallet.DecideHold(w.balance(userID), wallet.PlaceHold{
		ID: w.ids.New(userID), UserID: userID, Amount: usd(5_00), At: began,
	})
	h := book(w, userID, c, err)
	if end != nil {
		c, err := end(h)
		h = book(w, userID, c, err)
	}
	w.of(userID).holds = append(w.of(userID).holds, h)
}

func (w *world) payOut(userID int64) {
	w.t.Helper()
	c, err := wallet.DecidePayout(w.balance(userID), wallet.PayOut{
		ID: w.ids.New(userID), UserID: userID, Amount: usd(2_00),
	})
	w.of(userID).payouts = append(w.of(userID).payouts, book(w, userID, c, err))
}

func (w *world) fromWallet(userID int64, short bool) payment.Payment {
	w.t.Helper()
	p := w.write(payment.DecideCreate(payment.Create{
		ID: w.ids.New(userID), UserID: userID, Amount: usd(4_00), CaptureMethod: payment.CaptureAutomatic,
		Purpose: payment.Sale, Method: payment.Wallet, Confirm: true, Wallet: &payment.FromWallet{
			Attempt: w.ids.New(userID), Capture: w.ids.New(userID), At: began, Short: short,
		},
	}))
	w.tell(p)
	return p
}

func (w *world) topUp(userID int64) payment.Payment {
	w.t.Helper()
	p := w.write(payment.DecideCreate(payment.Create{
		ID: w.ids.New(userID), UserID: userID, Amount: usd(1000), CaptureMethod: payment.CaptureAutomatic,
		Purpose: payment.WalletTopUp, Method: "pm_card_visa", Confirm: true,
		Start: payment.Start{Attempt: w.ids.New(userID), Gateway: "alpha", InquireAt: began},
	}))
	w.approve(audit.Charge, p.Attempt, ident.ID{}, p.ID, p.Amount)
	return w.settle(p, p.Attempt, payment.OutcomeApproved)
}

func (w *world) refundTo(p payment.Payment, to payment.Destination) {
	w.t.Helper()
	w.write(payment.DecideRefund(p, payment.GiveBack{ID: w.ids.New(p.UserID), Minor: 100, To: to, InquireAt: began}))
}

func TestCleanWalletsPass(t *testing.T) {
	t.Parallel()
	r := newWalletWorld(t).audit()
	if !r.OK {
		t.Fatalf("clean wallets break something: %+v", r)
	}
	for _, i := range r.Invariants {
		if i.Checked == 0 {
			t.Errorf("nothing was held against %s", i.Name)
		}
	}
}

// last returns the last transaction of a kind on shard 1.
func (w *world) last(kind ledger.Kind) *ledger.Transaction {
	all := w.shards[1].transactions
	for i := range slices.Backward(all) {
		if all[i].Kind == kind {
			return &all[i]
		}
	}
	w.t.Fatalf("there is no %s", kind)
	return nil
}

// again books a transaction once more.
func (w *world) again(kind ledger.Kind) {
	w.t.Helper()
	t := *w.last(kind)
	t.ID, t.Entries = ident.ID{}, slices.Clone(t.Entries)
	w.post(&w.shards[1], t)
}

var walletSpoilings = []spoiling{
	{"a hold that was lost", func(w *world) { w.shards[1].holds = w.shards[1].holds[1:] }, "booked held told"},
	{"a hold that was ended without booking", func(w *world) {
		w.shards[1].holds[0].Status, w.shards[1].holds[0].Version = wallet.HoldReleased, 2
	}, "booked held told"},
	{"a hold that was captured by more", func(w *world) { w.shards[1].holds[1].CapturedMinor++ }, "booked"},
	{"a hold of more than was set aside", func(w *world) { w.shards[1].holds[0].Amount.Minor++ }, "booked held"},
	{"a hold in no status", func(w *world) { w.shards[1].holds[3].Status = "gone" }, "booked consistent"},
	{"a hold in another's name", func(w *world) { w.shards[1].holds[3].UserID = 5 }, "placed booked told"},
	{"a release booked twice", func(w *world) { w.again(ledger.KindHoldReleased) }, "booked held"},
	{"a hold that was released and had expired", func(w *world) {
		w.shards[1].holds[4].Status = wallet.HoldReleased
	}, "told"},
	{"a payout of another user's", func(w *world) { w.last(ledger.KindPayout).UserID += ident.Buckets }, "booked"},
	{"a hold's end of another user's", func(w *world) {
		w.last(ledger.KindHoldReleased).UserID += ident.Buckets
	}, "booked"},
	{"a top-up's refund of another user's", func(w *world) {
		w.last(ledger.KindRefundReserved).UserID += ident.Buckets
	}, "booked"},
	{"a payout that was lost", func(w *world) { w.shards[1].payouts = nil }, "booked told"},
	{"a payout of more", func(w *world) { w.shards[1].payouts[0].Amount.Minor++ }, "booked"},
	{"a payout that was booked twice", func(w *world) { w.again(ledger.KindPayout) }, "booked"},
	{"an adjustment of a stranger's wallet", func(w *world) {
		w.last(ledger.KindAdjustment).UserID = 5
	}, "placed booked told"},
	{"an adjustment without event", func(w *world) {
		r := &w.shards[1]
		i := slices.IndexFunc(r.events, func(e event.Stored) bool { return e.Type == event.WalletAdjusted })
		r.events = slices.Delete(r.events, i, i+1)
	}, "told"},
	{"an adjustment of something else", func(w *world) {
		w.last(ledger.KindAdjustment).Object = w.shards[1].holds[0].ID
	}, "booked"},
	{"a settlement in a user's name", func(w *world) { w.settled().UserID = 4 }, "booked placed"},
	{"a settlement of something else", func(w *world) { w.settled().Object = w.ids.New(0) }, "booked"},
	{"a settlement with another gateway's fee", func(w *world) {
		t := w.settled()
		t.Entries[2].Account.Name = ledger.Fees("beta")
	}, "booked summed"},
	{"a top-up's refund that set nothing aside", func(w *world) {
		w.last(ledger.KindRefundReserved).Kind = ledger.KindRefundReleased
	}, "booked"},
	{"a payment from the wallet booked to a gateway", func(w *world) {
		r := &w.shards[1]
		i := slices.IndexFunc(r.payments, func(p payment.Payment) bool { return p.Gateway == payment.Wallet })
		p := &r.payments[i]
		p.Attempts = slices.Clone(p.Attempts)
		p.Attempts[0].Gateway = "beta"
	}, "booked"},
}

func TestSpoiledWalletsAreFound(t *testing.T) {
	t.Parallel()
	for _, c := range walletSpoilings {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWalletWorld(t)
			c.spoil(w)
			r := w.audit()
			want := strings.Fields(c.want)
			slices.Sort(want)
			if got := slices.Sorted(slices.Values(broken(r))); r.OK || !slices.Equal(got, want) {
				t.Errorf("the audit names %v, want %v: %+v", got, want, r)
			}
		})
	}
}
