package sqlite

import (
	"context"

	"florin/ledger"
	"florin/store"
)

// EntrySeqs returns the seqs of an account's entries on shard 0, the latest
// first, a small page at a time.
func (s *Store) EntrySeqs(key ledger.Key) (seqs []int64, err error) {
	err = s.shards[0].read(context.Background(), func(c *conn) error {
		q, err := c.query(selectAccount)
		if err != nil {
			return err
		}
		q.bindText(string(key.Name))
		q.bindInt(int64(key.Slot))
		q.bindText(string(key.Currency))
		var account int64
		if err := q.each(func(s *stmt) error { account = s.int(); return nil }); err != nil {
			return err
		}
		page := newSelection("id, seq", "ledger_entries INDEXED BY ledger_entries_account", store.Page{Limit: 100})
		page.and("account = ?", account)
		for {
			some, err := byGeneration(c, page, entryGenerations, func(s *stmt) ([2]int64, error) {
				return [2]int64{s.int(), s.int()}, nil
			})
			if err != nil || len(some) == 0 {
				return err
			}
			for _, row := range some {
				seqs = append(seqs, row[1])
				page.last = row[0] - 1
			}
		}
	})
	return seqs, err
}
