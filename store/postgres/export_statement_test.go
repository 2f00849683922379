//go:build services

package postgres

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5/pgtype"
)

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

// RowTypes returns the columns of the rows that statements take, by their types' names.
func RowTypes() map[string]string {
	names := map[uint32]string{
		pgtype.UUIDOID: "uuid", pgtype.Int8OID: "bigint", pgtype.Int4OID: "integer", pgtype.BoolOID: "boolean",
		pgtype.TextOID: "text", pgtype.ByteaOID: "bytea", pgtype.JSONBOID: "jsonb",
		pgtype.TimestamptzOID: "timestamp with time zone",
	}
	types := map[string]string{}
	for _, s := range shapes {
		columns := make([]string, len(s.names))
		for i, name := range s.names {
			columns[i] = name + " " + names[s.oids[i]]
		}
		types[s.row] = strings.Join(columns, ", ")
	}
	return types
}
