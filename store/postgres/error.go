package postgres

import (
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"florin/store"
)

// SQLSTATEs that mean something of their own here.
const (
	stateLockTimeout  = "55P03"
	stateNotThere     = "FL001" // see expect in the schema
	stateNoTable      = "42P01"
	stateTooMany      = "53300" // connections
	stateCheck        = "23514"
	constraintOfVoids = "commits_void"
)

// errNoAnswer: the shard did not answer in time.
var errNoAnswer = errors.New("the server does not answer")

// errorOf translates an error of the driver into the store's. What is the
// store's already stays as it is.
func errorOf(err error) error {
	if err == nil || isOurs(err) {
		return err
	}
	var answer *pgconn.PgError
	if !errors.As(err, &answer) {
		return fmt.Errorf("%w: %w", store.ErrUnavailable, briefly(err))
	}
	return fmt.Errorf("%w: %w", meaning(answer), briefly(err))
}

// meaning returns the store's error that a server's answer stands for.
func meaning(e *pgconn.PgError) error {
	switch {
	case e.Code == "40001", e.Code == "40P01", e.Code == stateLockTimeout:
		return store.ErrConflict
	case e.Code == stateCheck && e.ConstraintName == constraintOfVoids:
		return store.ErrConflict // it was given up meanwhile
	case e.Code == stateNotThere:
		return store.ErrRefused
	case e.Code[:2] == "23", e.Code[:2] == "22":
		return store.ErrRefused
	default:
		return store.ErrUnavailable
	}
}

func isOurs(err error) bool {
	for _, ours := range []error{
		store.ErrNotFound, store.ErrConflict, store.ErrUnavailable, store.ErrRefused, store.ErrCommitUnknown,
		ErrMarks, ErrSchema, ErrSettings, ErrFilling, ErrNotEmpty, ErrClock,
	} {
		if errors.Is(err, ours) {
			return true
		}
	}
	return false
}

// stateOf returns the server's code for an error; empty when it is not the
// server's.
func stateOf(err error) string {
	var answer *pgconn.PgError
	if errors.As(err, &answer) {
		return answer.Code
	}
	return ""
}
