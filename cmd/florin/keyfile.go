package main

import (
	"context"
	crand "crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"florin/access"
	"florin/flow"
)

const (
	// keyFile is where, in the data directory, the first API key is kept.
	keyFile = "api-key"
	// keyVariable holds an API key that is accepted beside the stored ones.
	keyVariable = "FLORIN_API_KEY"
)

// environmentKeys returns the API key in the environment, if there is one.
func environmentKeys(mode access.Mode) ([]access.APIKey, error) {
	secret := os.Getenv(keyVariable)
	if secret == "" {
		return nil, nil
	}
	if err := access.CheckSecret(mode, secret); err != nil {
		return nil, fmt.Errorf("%s: %s", keyVariable, sentence(err))
	}
	return []access.APIKey{{
		Name: keyVariable, Hash: access.HashSecret(secret), Hint: access.Hint(secret),
		Scopes: []string{string(access.AllScopes)},
	}}, nil
}

func newSecret(mode access.Mode) string {
	var chance [20]byte
	_, _ = crand.Read(chance[:]) // it never fails
	return access.NewSecret(mode, chance)
}

// ensureKey makes an API key for a store that never had one. The file comes
// first: a start that is cut off between the two goes on with the same key.
func (n *node) ensureKey(ctx context.Context) error {
	keys, err := n.flow.APIKeys(ctx)
	if err != nil || len(keys) > 0 {
		return err
	}
	path := filepath.Join(n.cfg.Data, keyFile)
	secret, err := readKeyFile(path)
	if err != nil || access.CheckSecret(n.cfg.Mode, secret) != nil {
		secret = newSecret(n.cfg.Mode)
		if err := writeKeyFile(path, secret); err != nil {
			return fmt.Errorf("the API key cannot be kept: %w", err)
		}
	}
	if _, err := n.flow.CreateAPIKey(ctx, flow.CreateAPIKey{Name: "first", Secret: secret}); err != nil {
		return fmt.Errorf("the first API key cannot be stored: %w", err)
	}
	return n.reloadKeys(ctx)
}

func readKeyFile(path string) (string, error) {
	text, err := os.ReadFile(path)
	return strings.TrimSpace(string(text)), err
}

// writeKeyFile writes the file for its owner alone; it appears whole or not at
// all.
func writeKeyFile(path, secret string) error {
	temp, err := os.CreateTemp(filepath.Dir(path), ".api-key-*") // with mode 0600
	if err != nil {
		return err
	}
	_, err = temp.WriteString(secret + "\n")
	if err == nil {
		err = temp.Sync()
	}
	if err = errors.Join(err, temp.Close()); err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		if gone := os.Remove(temp.Name()); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
			return errors.Join(err, gone)
		}
	}
	return err
}
