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
	row  string // the type of the rows that the first parameter is an array of; empty for none
}

// defined are all statements: they are defined while the program starts.
var defined []*statement

// define registers a statement with its parameters' types.
func define(sql string, oids ...uint32) *statement {
	s := &statement{name: "florin_" + strconv.Itoa(len(defined)), sql: sql, oids: oids}
	defined = append(defined, s)
	return s
}

// defineRows registers a statement whose first parameter is rows of a shape.
func defineRows(s shape, sql string, oids ...uint32) *statement {
	d := define(sql, append([]uint32{0}, oids...)...) // the text says the type, whose number is a database's own
	d.row = s.row
	return d
}

// kinds are the types that columns have. A numeric goes as a text.
var kinds = map[string]uint32{
	"uuid":        pgtype.UUIDOID,
	"int8":        pgtype.Int8OID,
	"int4":        pgtype.Int4OID,
	"bool":        pgtype.BoolOID,
	"text":        pgtype.TextOID,
	"numeric":     pgtype.TextOID,
	"bytea":       pgtype.ByteaOID,
	"jsonb":       pgtype.JSONBOID,
	"timestamptz": pgtype.TimestamptzOID,
}

// shape is a list of columns, "id uuid, user_id int8, ...", and the name of the type
// that the schema has for such rows.
type shape struct {
	row   string
	names []string
	casts []string // what a column's value is cast to; empty for nothing
	oids  []uint32
}

// shapes are all that have a type: they are defined while the program starts.
var shapes []shape

func shapeOf(row, list string) (s shape) {
	s.row = row
	for column := range strings.SplitSeq(list, ",") {
		name, kind, _ := strings.Cut(strings.TrimSpace(column), " ")
		oid, ok := kinds[kind]
		if !ok {
			panic(fmt.Sprintf("store/postgres: column %s is of no type that is known: %q", name, kind))
		}
		cast := ""
		if kind == "numeric" {
			cast = "::numeric"
		}
		s.names = append(s.names, name)
		s.casts = append(s.casts, cast)
		s.oids = append(s.oids, oid)
	}
	if row != "" {
		shapes = append(shapes, s)
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

// rows returns the first parameter as rows called v.
func (s shape) rows() string { return "unnest($1::" + s.row + "[]) AS v" }

// numbered returns the first parameter as rows called v, with their place from 1.
func numbered(s shape) string {
	return "unnest($1::" + s.row + "[]) WITH ORDINALITY AS v (" + s.list("") + ", place)"
}

// writing is a statement that writes rows.
type writing struct {
	*statement
	shape
}

// defineInsert registers the statement that inserts rows of columns.
func defineInsert(table, columns string) writing {
	s := shapeOf(table+"_insert", columns)
	sql := "INSERT INTO " + table + " (" + s.list("") + ") SELECT " + s.values() + " FROM " + s.rows()
	return writing{defineRows(s, sql), s}
}

// defineUpdate registers the statement that updates the rows that the first keys
// of columns name, and fails when one of them is not there.
func defineUpdate(table string, keys int, columns string) writing {
	s := shapeOf(table+"_update", columns)
	var set, where []string
	for i, name := range s.names {
		if i < keys {
			where = append(where, "t."+name+" = v."+name)
		} else {
			set = append(set, name+" = v."+name+s.casts[i])
		}
	}
	sql := "WITH written AS (UPDATE " + table + " AS t SET " + strings.Join(set, ", ") + " FROM " + s.rows() +
		" WHERE " + strings.Join(where, " AND ") +
		" RETURNING 1) SELECT CASE WHEN count(*) <> $2 THEN expect(count(*), $2) END FROM written"
	return writing{defineRows(s, sql, pgtype.Int8OID), s}
}
