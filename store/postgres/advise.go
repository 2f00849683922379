package postgres

import (
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
)

// States of a database in which no store can be made.
const (
	stateTableThere    = "42P07"
	stateObjectThere   = "42710"
	stateNoColumn      = "42703"
	stateNotPrivileged = "42501"
)

// adviseNew says what the database should be in which no store can be made.
func adviseNew(c *pgx.Conn, err error) error {
	what := ""
	switch state := stateOf(err); {
	case slices.Contains([]string{stateTableThere, stateObjectThere, stateNoColumn}, state):
		what = "has tables of another program"
	case state == stateNotPrivileged:
		what = "is not one in which the role may make tables"
	default:
		return err
	}
	cfg := c.Config()
	name, role := pgx.Identifier{cfg.Database}.Sanitize(), pgx.Identifier{cfg.User}.Sanitize()
	return fmt.Errorf("the database %s: take an empty one of the role's own, "+
		"made by CREATE DATABASE %s OWNER %s: %w", what, name, role, err)
}
