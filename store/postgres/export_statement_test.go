//go:build services

package postgres

import "context"

// Forget deletes a shard's old groups, as its keeper does now and then.
func (s *Store) Forget(ctx context.Context, shard int) error {
	return s.shards[shard].keeper.forget(ctx)
}

// Statement is one that the writing side sends.
type Statement struct {
	SQL  string
	OIDs []uint32
}

// Statements returns all of them.
func Statements() (list []Statement) {
	for _, s := range defined {
		list = append(list, Statement{s.sql, s.oids})
	}
	return list
}
