package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"florin/internal/config"
	"florin/store/postgres"
	"florin/store/sqlite"
)

// storeFile, in a data directory, names the store in PostgreSQL whose keys and
// gateways' journals are there. The embedded store is there itself.
const storeFile = "store"

// owner returns the name of the store in PostgreSQL that a data directory belongs to;
// none where it belongs to no such store.
func owner(dir string) (string, error) {
	text, err := os.ReadFile(filepath.Join(dir, storeFile))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return strings.TrimSpace(string(text)), err
}

// checkOwner refuses a data directory that is another's than the opened store's.
func checkOwner(ctx context.Context, cfg config.Config, opened engine) error {
	s, ok := opened.(*postgres.Store)
	if !ok {
		return nil // the embedded store is in it
	}
	has, err := owner(cfg.Data)
	switch {
	case err != nil || has == s.Name() || s.Name() == "": // no database answers
		return err
	case has == "":
		return checkMoved(ctx, cfg, s.Name())
	}
	return fmt.Errorf("the data directory %s holds the keys and the gateways' journals of another store: "+
		"give this one a directory of its own, with --data", cfg.Data)
}

// checkMoved refuses a data directory with an embedded store, but for one that was
// moved to the store with a name.
func checkMoved(ctx context.Context, cfg config.Config, name string) error {
	there, err := sqlite.Open(ctx, sqlite.Config{Dir: cfg.Data, Mode: cfg.Mode, Access: sqlite.ReadOnly})
	if errors.Is(err, sqlite.ErrNoStore) {
		return nil
	}
	if err == nil {
		moved, failure := there.Move(ctx)
		if err = errors.Join(failure, there.Close()); err == nil && moved.Done && moved.Target == name {
			return nil
		}
	}
	return errors.Join(fmt.Errorf("the data directory %s holds an embedded store, with its keys and its gateways' "+
		"journals: give the store in PostgreSQL a directory of its own, with --data, or move the embedded one there, "+
		"with florin copy", cfg.Data), err)
}

// checkFree refuses a data directory of a store in PostgreSQL to a new embedded one.
func checkFree(ctx context.Context, cfg config.Config) error {
	has, err := owner(cfg.Data)
	if err != nil || has == "" {
		return err
	}
	there, err := sqlite.Open(ctx, sqlite.Config{Dir: cfg.Data, Mode: cfg.Mode, Access: sqlite.ReadOnly})
	if err == nil {
		return there.Close()
	}
	if !errors.Is(err, sqlite.ErrNoStore) {
		return err
	}
	return fmt.Errorf("the data directory %s holds the keys and the gateways' journals of a store in PostgreSQL: "+
		"give an embedded store a directory of its own, with --data, or serve that one, with --config", cfg.Data)
}

// ownData makes the data directory the opened store's, unless it is another's. That
// comes before the vault's key: a start that is cut off between the two leaves no key
// for another store.
func (n *node) ownData(ctx context.Context) error {
	s, ok := n.store.(*postgres.Store)
	if !ok {
		return nil
	}
	has, err := owner(n.cfg.Data)
	if err != nil || has == s.Name() {
		return err
	}
	err = writeKeyFile(filepath.Join(n.cfg.Data, storeFile), s.Name(), os.Link)
	if errors.Is(err, fs.ErrExist) { // another process was first
		return checkOwner(ctx, n.cfg, n.store)
	}
	n.marked = err == nil
	return err
}

// leaveData takes back what a start has made of a data directory that lacks the
// vault's key: it is not the one that the store is served with.
func (n *node) leaveData() error {
	if n.vault != nil {
		return nil
	}
	if n.marked {
		if err := os.Remove(filepath.Join(n.cfg.Data, storeFile)); err != nil {
			return err
		}
	}
	if n.madeData {
		_ = os.Remove(n.cfg.Data) // only what is empty can be
	}
	return nil
}
