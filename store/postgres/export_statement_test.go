//go:build services

package postgres

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
