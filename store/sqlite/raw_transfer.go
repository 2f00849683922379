package sqlite

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"florin/event"
	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/store"
	"florin/wallet"
)

// RawTransfers measures what this engine can do at most with transfers: for the
// duration it writes the rows of transfers within a shard, between users drawn
// from some thousands, into a new store in dir, group transfers a commit, and
// returns transfers per second. Nothing is decided or remembered but the wallets'
// places, and the rows are made once.
func RawTransfers(
	ctx context.Context, dir string, group, users int, duration time.Duration,
) (perSecond float64, err error) {
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
	raws := make([]*rawTransfers, len(s.shards))
	for i, sh := range s.shards {
		raws[i] = newRawTransfers(int64(i), group, users/len(s.shards))
		if err := sh.writeRaw(ctx, nil, raws[i].wallets, &store.Changes{Group: ids.New(0)}); err != nil {
			return 0, fmt.Errorf("store/sqlite: raw transfers: %w", err)
		}
	}
	perSecond, err = s.writeGroups(ctx, duration, func(i int, tx rawTx) error {
		raw := raws[i]
		raw.renew(ids)
		return tx(ctx, nil, raw.touched, &raw.changes)
	})
	if err != nil {
		return 0, fmt.Errorf("store/sqlite: raw transfers: %w", err)
	}
	return perSecond * float64(group), nil
}

// rawTransfers is the rows of a group of transfers within a shard.
type rawTransfers struct {
	changes store.Changes
	wallets []ledger.Key // of all users
	users   []int64
	seqs    []int64
	touched []ledger.Key // by the group
	chance  *rand.Rand
	seen    map[int]struct{}
}

func newRawTransfers(shard int64, n, users int) *rawTransfers {
	chance := rand.New(rand.NewPCG(1, uint64(shard))) //nolint:gosec // who pays is no secret
	raw := &rawTransfers{chance: chance, seen: map[int]struct{}{}}
	for i := range users {
		user := int64(i+1)*defaultShards + shard
		raw.users = append(raw.users, user)
		raw.wallets = append(raw.wallets, ledger.Key{Name: ledger.Wallet(user), Currency: "USD"})
	}
	raw.seqs = make([]int64, users)
	amount := money.Amount{Minor: 12345, Currency: "USD"}
	for range n {
		v := wallet.Transfer{Amount: amount, Status: wallet.TransferSucceeded, Version: 1}
		raw.changes.Transfers = append(raw.changes.Transfers, store.Change[wallet.Transfer]{Value: v, New: true})
		raw.changes.Transactions = append(raw.changes.Transactions, ledger.Transaction{
			Kind: ledger.KindTransfer, Entries: []ledger.Entry{{Minor: -amount.Minor}, {Minor: amount.Minor}},
		})
		raw.changes.Events = append(raw.changes.Events, event.Event{
			Type: event.TransferSucceeded, Kind: ident.Transfer, Version: 1,
			Data: []byte(`{"id":"trf_0192f3a4b5c67d008123456789abcdef","object":"transfer","status":"succeeded",` +
				`"from_user_id":12345,"to_user_id":54321,"amount":12345,"currency":"USD"}`),
		})
	}
	return raw
}

// renew gives the rows new ids and users.
func (raw *rawTransfers) renew(ids *ident.Source) {
	c := &raw.changes
	c.Group = ids.New(0)
	c.Accounts, raw.touched = c.Accounts[:0], raw.touched[:0]
	clear(raw.seen)
	for i := range c.Transfers {
		v, t, e := &c.Transfers[i].Value, &c.Transactions[i], &c.Events[i]
		from := raw.chance.IntN(len(raw.users))
		to := (from + 1 + raw.chance.IntN(len(raw.users)-1)) % len(raw.users)
		user := raw.users[from]
		v.ID, v.FromUserID, v.ToUserID = ids.New(user), user, raw.users[to]
		t.ID, t.UserID, t.Object = ids.New(user), user, v.ID
		for j, at := range [...]int{from, to} {
			raw.seqs[at]++
			t.Entries[j].ID, t.Entries[j].Account, t.Entries[j].Seq = ids.New(user), raw.wallets[at], raw.seqs[at]
			t.Entries[j].Balance = money.NewSum(1_000_000 + raw.seqs[at])
			if _, twice := raw.seen[at]; !twice {
				raw.seen[at] = struct{}{}
				raw.touched = append(raw.touched, raw.wallets[at])
				c.Accounts = append(c.Accounts, ledger.Account{
					Key: raw.wallets[at], Seq: raw.seqs[at], Balance: t.Entries[j].Balance,
				})
			}
		}
		e.ID, e.Object, e.UserID = ids.New(user), v.ID, user
	}
}
