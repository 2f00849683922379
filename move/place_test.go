package move

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/wallet"
)

// at returns the nth id of a moment, of a user.
func at(n, userID int64) ident.ID {
	return of(ident.FromHalves(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC).UnixMilli()<<12|n, 1<<62|7<<20), userID)
}

// transferred is a transfer within a shard, in the ledger.
func transferred(from, to int64) ledger.Transaction {
	return ledger.Transaction{
		ID: at(1, from), UserID: from, Kind: ledger.KindTransfer, Object: at(0, from),
		Entries: []ledger.Entry{
			{ID: at(2, from), Account: ledger.Key{Name: ledger.Wallet(from), Currency: "EUR"}, Minor: -5, Seq: 7},
			{ID: at(3, from), Account: ledger.Key{Name: ledger.Wallet(to), Currency: "EUR"}, Minor: 5, Seq: 9},
		},
	}
}

var comparison = cmp.Comparer(func(a, b money.Sum) bool { return a == b })

func TestDivide(t *testing.T) {
	t.Parallel()
	clearing := ledger.Key{Name: ledger.Transfers, Currency: "EUR"}
	for name, c := range map[string]struct {
		n        shards
		from, to int64
		divided  bool
	}{
		"apart by more shards":   {shards{4, 8}, 1, 5, true},
		"still together":         {shards{4, 8}, 1, 9, false},
		"as many shards":         {shards{4, 4}, 1, 5, false},
		"fewer shards":           {shards{4, 2}, 1, 5, false},
		"from one shard to many": {shards{1, 16}, 16, 15, true},
	} {
		whole := transferred(c.from, c.to)
		own, other := c.n.divide(transferred(c.from, c.to))
		if !c.divided {
			if diff := cmp.Diff(whole, own, comparison); diff != "" || other != nil {
				t.Errorf("%s: %v\n%s", name, other, diff)
			}
			continue
		}
		sent, arrived := whole, whole
		sent.Kind = ledger.KindTransferOut
		sent.Entries = []ledger.Entry{whole.Entries[0], {ID: at(3, c.from), Account: clearing, Minor: 5}}
		arrived.Kind, arrived.UserID, arrived.ID = ledger.KindTransferIn, c.to, at(1, c.to)
		arrived.Entries = []ledger.Entry{{ID: at(2, c.to), Account: clearing, Minor: -5}, whole.Entries[1]}
		arrived.Entries[1].ID = at(3, c.to)
		if diff := cmp.Diff([]ledger.Transaction{sent, arrived}, []ledger.Transaction{own, *other}, comparison); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
		for _, side := range []ledger.Transaction{own, *other} {
			if err := side.Check(); err != nil || side.ID.Bucket() != ident.Bucket(side.UserID) {
				t.Errorf("%s: %+v: %v", name, side, err)
			}
		}
	}
}

func TestOnlyTransfersAreDivided(t *testing.T) {
	t.Parallel()
	for _, kind := range []ledger.Kind{ledger.KindTransferOut, ledger.KindTransferIn, ledger.KindCapture} {
		v := transferred(1, 5)
		v.Kind = kind
		if own, other := (shards{4, 8}).divide(v); other != nil || own.Kind != kind {
			t.Errorf("a %s becomes %+v and %+v", kind, own, other)
		}
	}
}

func TestReceived(t *testing.T) {
	t.Parallel()
	v := wallet.Transfer{ID: at(0, 1), FromUserID: 1, ToUserID: 5, Version: 3, Status: wallet.TransferSucceeded}
	for n, want := range map[shards]bool{{4, 8}: true, {4, 4}: false, {4, 2}: false, {8, 16}: false} {
		got, ok := n.received(v)
		if ok != want || ok && (got.Version != 1 || got.Status != v.Status || got.ID != v.ID) {
			t.Errorf("%v: %v, %+v", n, ok, got)
		}
	}
}
