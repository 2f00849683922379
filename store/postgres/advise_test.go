//go:build services

package postgres_test

import (
	"context"
	"strings"
	"testing"

	"florin/internal/pgtest"
	"florin/store/postgres"
)

// TestMigrateSaysWhichDatabaseItNeeds, where the one it has is of another program or
// of another role.
func TestMigrateSaysWhichDatabaseItNeeds(t *testing.T) {
	t.Parallel()
	server := pgtest.Shared(t)
	for name, c := range map[string]struct{ script, role, want string }{
		"a table":          {"CREATE TABLE payments (id int)", "", "has tables of another program: take an empty one"},
		"a table of marks": {"CREATE TABLE meta (id int)", "", "has tables of another program: take an empty one"},
		"another role's": {
			"DO $$ BEGIN CREATE ROLE stranger LOGIN; EXCEPTION WHEN duplicate_object THEN END $$", "stranger",
			`is not one in which the role may make tables: take an empty one`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dsn := server.Database(t)
			if err := pgtest.Run(dsn, c.script); err != nil {
				t.Fatal(err)
			}
			owner := ""
			if c.role != "" {
				t.Cleanup(func() { _ = server.Exec(context.Background(), "DROP ROLE IF EXISTS "+c.role) })
				owner, dsn = `" OWNER "`+c.role+`"`, dsn+" user="+c.role
			}
			_, err := postgres.Migrate(context.Background(), postgres.Config{Shards: []postgres.Shard{{DSN: dsn}}})
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "CREATE DATABASE") ||
				!strings.Contains(err.Error(), owner) {
				t.Errorf("the error is %v", err)
			}
		})
	}
}
