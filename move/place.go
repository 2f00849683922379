package move

import (
	"encoding/binary"

	"florin/ident"
	"florin/ledger"
	"florin/wallet"
)

// shards are the two numbers of shards, each a power of two.
type shards struct{ from, to int }

// parted tells whether two users shared a shard and do not any more.
func (n shards) parted(a, b int64) bool {
	return ident.Shard(a, n.from) == ident.Shard(b, n.from) && ident.Shard(a, n.to) != ident.Shard(b, n.to)
}

// received returns what the receiver's shard is to have of a transfer that was
// within one shard and is between two now; false for every other.
func (n shards) received(t wallet.Transfer) (wallet.Transfer, bool) {
	if !n.parted(t.FromUserID, t.ToUserID) {
		return wallet.Transfer{}, false
	}
	t.Version = 1
	return t, true
}

// divide returns what is to stand in the target's ledger for a transaction: itself,
// or the two sides of a transfer whose users are on different shards now. The
// sender's side has all ids of before; the receiver's has them with the receiver's
// bucket, so that they lead to its shard, at the same time. Clearing gets and gives
// the amount.
func (n shards) divide(t ledger.Transaction) (own ledger.Transaction, other *ledger.Transaction) {
	if t.Kind != ledger.KindTransfer || len(t.Entries) != 2 {
		return t, nil
	}
	out, in := t.Entries[0], t.Entries[1]
	if out.Minor > 0 {
		out, in = in, out
	}
	to, ok := in.Account.Name.UserID()
	if !ok || !n.parted(t.UserID, to) {
		return t, nil
	}
	clearing := ledger.Key{Name: ledger.Transfers, Currency: in.Account.Currency}
	sent, arrived := t, t
	sent.Kind, arrived.Kind = ledger.KindTransferOut, ledger.KindTransferIn
	arrived.UserID, arrived.ID = to, of(t.ID, to)
	sent.Entries = []ledger.Entry{out, {ID: in.ID, Account: clearing, Minor: in.Minor}}
	arrived.Entries = []ledger.Entry{{ID: of(out.ID, to), Account: clearing, Minor: out.Minor}, in}
	arrived.Entries[1].ID = of(in.ID, to)
	for _, side := range []ledger.Transaction{sent, arrived} {
		if e := side.Entries; e[0].ID.Compare(e[1].ID) > 0 {
			e[0], e[1] = e[1], e[0]
		}
	}
	return sent, &arrived
}

// of returns an id with a user's bucket.
func of(id ident.ID, userID int64) ident.ID {
	binary.BigEndian.PutUint16(id[14:], ident.Bucket(userID))
	return id
}
