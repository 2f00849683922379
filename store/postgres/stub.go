package postgres

import (
	"context"

	"florin/ident"
	"florin/store"
)

func (s *Store) Begin(context.Context, int) (store.Tx, error)                 { return nil, errLater }
func (s *Store) Committed(context.Context, int, ident.ID) (bool, error)       { return false, errLater }
func (s *Store) LastHigh(context.Context) (int64, error)                      { return 0, errLater }
func (s *Store) FindClaim(context.Context, int, store.Claim) (store.Claim, error) {
	return store.Claim{}, errLater
}
func (s *Store) Hold2() {}
