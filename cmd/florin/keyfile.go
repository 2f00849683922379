package main

import (
	"context"
	crand "crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
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
// first: a start that is cut off between the two goes on with the same key. Of
// several processes that start at once, in one data directory or in many, one
// makes it.
func (n *node) ensureKey(ctx context.Context) error {
	keys, err := n.flow.APIKeys(ctx)
	if err != nil || len(keys) > 0 {
		return err
	}
	path := filepath.Join(n.cfg.Data, keyFile)
	secret, made, err := keepKeyFile(path, n.cfg.Mode)
	if err != nil {
		return fmt.Errorf("the API key cannot be kept: %w", err)
	}
	_, err = n.flow.CreateAPIKey(ctx, flow.CreateAPIKey{Name: "first", Secret: secret, First: true})
	if errors.Is(err, flow.ErrFirstKey) {
		return n.giveUpKey(ctx, path, secret, made)
	}
	if err != nil {
		return fmt.Errorf("the first API key cannot be stored: %w", err)
	}
	return n.reloadKeys(ctx)
}

// giveUpKey takes the file away that this process has made, unless it holds the
// key that another one has stored.
func (n *node) giveUpKey(ctx context.Context, path, secret string, made bool) error {
	keys, err := n.flow.APIKeys(ctx)
	if err != nil {
		return err
	}
	n.keys.Replace(keys)
	hash := access.HashSecret(secret)
	if slices.ContainsFunc(keys, func(k access.APIKey) bool { return k.Hash == hash }) {
		return nil
	}
	n.log.WarnContext(ctx, "another process has made the store's first API key, in its own data directory", "unused", path)
	if !made {
		return nil
	}
	return os.Remove(path)
}

// keepKeyFile returns the secret in the file, and makes the file when there is
// none: processes that do so at once all get the secret of the first. One that
// holds no key of this mode is replaced.
func keepKeyFile(path string, mode access.Mode) (secret string, made bool, err error) {
	secret, err = readKeyFile(path)
	switch {
	case err == nil && access.CheckSecret(mode, secret) == nil:
		return secret, false, nil
	case err == nil:
		secret = newSecret(mode)
		return secret, true, writeKeyFile(path, secret, os.Rename)
	case !errors.Is(err, fs.ErrNotExist):
		return "", false, err
	}
	secret = newSecret(mode)
	err = writeKeyFile(path, secret, os.Link) // which, unlike a rename, never replaces what is there
	if errors.Is(err, fs.ErrExist) {
		secret, err = readKeyFile(path)
		return secret, false, err
	}
	return secret, true, err
}

func readKeyFile(path string) (string, error) {
	text, err := os.ReadFile(path)
	return strings.TrimSpace(string(text)), err
}

// writeKeyFile writes the file for its owner alone; it appears whole or not at
// all, by a rename or a link.
func writeKeyFile(path, secret string, appear func(from, to string) error) error {
	temp, err := os.CreateTemp(filepath.Dir(path), ".api-key-*") // with mode 0600
	if err != nil {
		return err
	}
	_, err = temp.WriteString(secret + "\n")
	if err == nil {
		err = temp.Sync()
	}
	if err = errors.Join(err, temp.Close()); err == nil {
		err = appear(temp.Name(), path)
	}
	if gone := os.Remove(temp.Name()); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
		return errors.Join(err, gone)
	}
	return err
}
