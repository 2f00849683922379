package postgres

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgtype"
)

// statement is one that the writing side sends: its text, and its parameters'
// types. It is prepared at its first use on each connection.
type statement struct {
	name string
	sql  string
	oids []uint32
}

// defined are all statements: they are defined while the program starts.
var defined []*statement

// define registers a statement with its parameters' types.
func define(sql string, oids ...uint32) *statement {
	s := &statement{name: "florin_" + strconv.Itoa(len(defined)), sql: sql, oids: oids}
	defined = append(defined, s)
	return s
}

// kinds are the types that columns have: their own, and that of an array of them.
// A numeric goes as a text.
var kinds = map[string]struct{ oid, array uint32 }{
	"uuid":        {pgtype.UUIDOID, pgtype.UUIDArrayOID},
	"int8":        {pgtype.Int8OID, pgtype.Int8ArrayOID},
	"int4":        {pgtype.Int4OID, pgtype.Int4ArrayOID},
	"bool":        {pgtype.BoolOID, pgtype.BoolArrayOID},
	"text":        {pgtype.TextOID, pgtype.TextArrayOID},
	"numeric":     {pgtype.TextOID, pgtype.TextArrayOID},
	"bytea":       {pgtype.ByteaOID, pgtype.ByteaArrayOID},
	"jsonb":       {pgtype.JSONBOID, pgtype.JSONBArrayOID},
	"timestamptz": {pgtype.TimestamptzOID, pgtype.TimestamptzArrayOID},
}

// shape is a list of columns, "id uuid, user_id int8, ...".
type shape struct {
	names  []string
	casts  []string // what a column's value of unnest is cast to; empty for nothing
	oids   []uint32
	arrays []uint32
}

func shapeOf(list string) (s shape) {
	for column := range strings.SplitSeq(list, ",") {
		name, kind, _ := strings.Cut(strings.TrimSpace(column), " ")
		types, ok := kinds[kind]
		if !ok {
			panic(fmt.Sprintf("store/postgres: column %s is of no type that is known: %q", name, kind))
		}
		cast := ""
		if kind == "numeric" {
			cast = "::numeric"
		}
		s.names = append(s.names, name)
		s.casts = append(s.casts, cast)
		s.oids = append(s.oids, types.oid)
		s.arrays = append(s.arrays, types.array)
	}
	return s
}

// list returns the columns' names, each behind a prefix.
func (s shape) list(prefix string) string { return prefix + strings.Join(s.names, ", "+prefix) }

// values returns the columns as selected from rows called v.
func (s shape) values() string {
	var b strings.Builder
	for i, name := range s.names {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("v." + name + s.casts[i])
	}
	return b.String()
}

// rows returns the parameters as rows called v.
func (s shape) rows() string {
	var b strings.Builder
	b.WriteString("unnest(")
	for i := range s.names {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("$" + strconv.Itoa(i+1))
	}
	b.WriteString(") AS v (" + s.list("") + ")")
	return b.String()
}

// numbered returns the parameters as rows called v, with their place from 1.
func numbered(s shape) string {
	return strings.Replace(strings.TrimSuffix(s.rows(), ")")+", place)", ") AS v", ") WITH ORDINALITY AS v", 1)
}

// writing is a statement that writes rows.
type writing struct {
	*statement
	shape
}

// defineInsert registers the statement that inserts rows of columns.
func defineInsert(table, columns string) writing {
	s := shapeOf(columns)
	sql := "INSERT INTO " + table + " (" + s.list("") + ") SELECT " + s.values() + " FROM " + s.rows()
	return writing{define(sql, s.arrays...), s}
}

// defineUpdate registers the statement that updates the rows that the first keys
// of columns name, and fails when one of them is not there.
func defineUpdate(table string, keys int, columns string) writing {
	s := shapeOf(columns)
	var set, where []string
	for i, name := range s.names {
		if i < keys {
			where = append(where, "t."+name+" = v."+name)
		} else {
			set = append(set, name+" = v."+name+s.casts[i])
		}
	}
	sql := "WITH written AS (UPDATE " + table + " AS t SET " + strings.Join(set, ", ") + " FROM " + s.rows() +
		" WHERE " + strings.Join(where, " AND ") + " RETURNING 1) SELECT expect(count(*), $" +
		strconv.Itoa(len(s.names)+1) + ") FROM written"
	return writing{define(sql, append(s.arrays, pgtype.Int8OID)...), s}
}
