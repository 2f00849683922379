package sqlite

import (
	"context"
	"encoding/json"
	"fmt"

	"florin/access"
	"florin/ident"
)

const apiKeyColumns = `id, id_low, name, hash, hint, scopes, revoked_at` //nolint:gosec // names of columns

var (
	apiKeys = table[access.APIKey]{
		defineInsert("api_keys", apiKeyColumns), (*tx).bindAPIKey, (*conn).updateAPIKey,
	}
	updateAPIKey = define(`UPDATE api_keys SET name = ?, hash = ?, hint = ?, scopes = ?, revoked_at = ?
		WHERE id = ? AND id_low = ?`)
	selectAPIKey = define(`SELECT ` + apiKeyColumns + ` FROM api_keys WHERE id = ? AND id_low = ?`)
	allAPIKeys   = define(`SELECT ` + apiKeyColumns + ` FROM api_keys ORDER BY id`)
)

func (t *tx) bindAPIKey(s *stmt, k *access.APIKey) error {
	s.bindID(k.ID)
	return s.bindAPIKeyState(k)
}

func (c *conn) updateAPIKey(k *access.APIKey) error {
	s, err := c.query(updateAPIKey)
	if err != nil {
		return err
	}
	if err := s.bindAPIKeyState(k); err != nil {
		return err
	}
	s.bindID(k.ID)
	return s.runOne()
}

// bindAPIKeyState binds the columns from name on.
func (s *stmt) bindAPIKeyState(k *access.APIKey) error {
	s.bindText(k.Name)
	s.bindBlob(k.Hash[:])
	s.bindText(k.Hint)
	if err := s.bindJSON(k.Scopes); err != nil {
		return err
	}
	s.bindInt(millis(k.RevokedAt))
	return nil
}

// apiKey reads a row of apiKeyColumns.
func (s *stmt) apiKey() (k access.APIKey, err error) {
	k.ID, k.Name = s.id(), s.text()
	copy(k.Hash[:], s.view())
	k.Hint = s.text()
	if err := json.Unmarshal(s.view(), &k.Scopes); err != nil {
		return k, fmt.Errorf("scopes of API key %s: %w", k.ID.Text(ident.APIKey), err)
	}
	k.RevokedAt = s.time()
	return k, nil
}

func (c *conn) apiKey(id ident.ID) (access.APIKey, error) {
	return one(c, selectAPIKey, id, (*stmt).apiKey)
}

// APIKeys lists all keys, oldest first, revoked ones too.
func (s *Store) APIKeys(ctx context.Context) (keys []access.APIKey, err error) {
	err = s.shards[0].read(ctx, func(c *conn) error {
		q, err := c.query(allAPIKeys)
		if err != nil {
			return err
		}
		keys, err = collect(q, nil, (*stmt).apiKey)
		return err
	})
	return keys, err
}
