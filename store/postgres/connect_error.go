package postgres

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// ErrSettings is of a server that refuses the password, the user or the database that
// are configured: waiting would not change it.
var ErrSettings = errors.New("the server refuses the configured connection")

// settingsStates are the server's codes for it.
var settingsStates = []string{
	"28000", // who connects is not let in
	"28P01", // the password
	"3D000", // the database
	"42501", // rights
}

// ShardError is an error of one shard, which names it.
type ShardError struct {
	Shard int
	Err   error
}

// Error implements error.
func (e *ShardError) Error() string { return fmt.Sprintf("shard %d: %v", e.Shard, e.Err) }

// Unwrap returns the error.
func (e *ShardError) Unwrap() error { return e.Err }

// noConnection is why there is no connection, in few words.
type noConnection struct {
	text string
	err  error
}

// Error implements error.
func (e *noConnection) Error() string { return e.text }

// Unwrap returns the driver's error.
func (e *noConnection) Unwrap() error { return e.err }

// briefly says in a line, for each server once, why there is no connection. Other
// errors stay as they are.
func briefly(err error) error {
	var failed *pgconn.ConnectError
	if !errors.As(err, &failed) {
		return err
	}
	tries := triesOf(failed)
	var texts []string
	for _, try := range tries { // a server is tried with TLS and without
		if text := whyNot(try); text != "" && !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	if len(texts) == 0 {
		texts = append(texts, tries[0].Error())
	}
	return &noConnection{strings.Join(texts, "; "), err}
}

// triesOf returns what became of each try to connect.
func triesOf(failed *pgconn.ConnectError) []error {
	var several interface{ Unwrap() []error }
	if errors.As(failed.Unwrap(), &several) {
		return several.Unwrap()
	}
	return []error{failed.Unwrap()}
}

// refusesSettings tells whether all servers that were asked refuse what is configured:
// where one of several does not answer, it might not.
func refusesSettings(err error) bool {
	var failed *pgconn.ConnectError
	if !errors.As(err, &failed) {
		return slices.Contains(settingsStates, stateOf(err))
	}
	for _, try := range triesOf(failed) {
		if whyNot(try) != "" && !slices.Contains(settingsStates, stateOf(try)) {
			return false
		}
	}
	return true
}

// whyNot says where a try to connect went to and what became of it; nothing where the
// same is tried again without TLS.
func whyNot(err error) string {
	text := err.Error()
	where, rest, _ := strings.Cut(text, ": ")
	address, _, known := strings.Cut(where, " (")
	var answer *pgconn.PgError
	var network *net.OpError
	var name *net.DNSError
	switch {
	case errors.As(err, &answer):
		rest = fmt.Sprintf("%s (SQLSTATE %s)", answer.Message, answer.Code)
	case errors.As(err, &name):
		return name.Error()
	case pgconn.Timeout(err):
		rest = "no answer in time"
	case errors.As(err, &network):
		rest = network.Err.Error()
	case strings.HasSuffix(text, "server refused TLS connection"):
		return ""
	}
	if !known {
		return strings.ReplaceAll(text, "\n", "; ")
	}
	return address + ": " + rest
}
