package postgres

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// TestWhyThereIsNoConnection: in a line, each server once.
func TestWhyThereIsNoConnection(t *testing.T) {
	t.Parallel()
	for dsn, want := range map[string]string{
		"host=127.0.0.1 port=1 user=f dbname=f": "127.0.0.1:1: connect: connection refused",
		"host=127.0.0.1,127.0.0.1 port=1,2 user=f dbname=f": "127.0.0.1:1: connect: connection refused; " +
			"127.0.0.1:2: connect: connection refused",
		"host=/nowhere user=f dbname=f": "/nowhere/.s.PGSQL.5432: connect: no such file or directory",
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		_, err := pgconn.Connect(ctx, dsn)
		if got := briefly(err); got == nil || got.Error() != want {
			t.Errorf("%s: %v, want %s", dsn, got, want)
		}
	}
	if briefly(errNoAnswer) != errNoAnswer { //nolint:errorlint // the very same
		t.Error("another error is changed")
	}
}
