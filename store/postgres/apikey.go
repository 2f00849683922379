package postgres

import (
	"context"

	"florin/access"
)

// apiKeyColumns are what (*row).apiKey reads.
const apiKeyColumns = `id, name, hash, hint, scopes, revoked_at` //nolint:gosec // names of columns

//nolint:gosec // names of columns
const apiKeyState = "id uuid, name text, hash bytea, hint text, scopes jsonb, revoked_at timestamptz"

var apiKeys = table[access.APIKey]{
	insert: defineInsert("api_keys", apiKeyState),
	update: defineUpdate("api_keys", 1, apiKeyState),
	bind:   (*columns).apiKey,
	rebind: (*columns).apiKey,
}

func (c *columns) apiKey(k *access.APIKey) {
	c.id(k.ID)
	c.text(k.Name)
	c.bytes(k.Hash[:])
	c.text(k.Hint)
	c.json(k.Scopes)
	c.time(k.RevokedAt)
}

// apiKey reads a row of apiKeyColumns.
func (r *row) apiKey() (k access.APIKey) {
	k.ID, k.Name = r.id(), r.text()
	copy(k.Hash[:], r.take(len(k.Hash)))
	k.Hint = r.text()
	r.json(&k.Scopes)
	k.RevokedAt = r.time()
	return k
}

const selectAPIKeys = `SELECT ` + apiKeyColumns + ` FROM api_keys ORDER BY id`

// APIKeys lists all keys, revoked ones too.
func (s *Store) APIKeys(ctx context.Context) ([]access.APIKey, error) {
	return readAll(ctx, s.shards[0], (*row).apiKey, selectAPIKeys)
}
