package flow

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"florin/access"
	"florin/commit"
	"florin/ident"
	"florin/problem"
	"florin/store"
)

// maxKeyName is the longest name of an API key, in characters.
const maxKeyName = 100

// keyShard is where API keys live: they belong to no user.
const keyShard = 0

// CreateAPIKey asks for an API key. The secret was made by the caller and is
// not kept.
type CreateAPIKey struct {
	Name   string
	Secret string
	Scopes []string // none: all
	// First asks for a store's first key, of which there is one: of several
	// processes that start on a new store one makes it.
	First bool
}

// firstKey is the claim of a store's first key; its hash is any number.
var firstKey = store.Claim{Hash: 1, Scope: "first API key", Key: "first", Kind: ident.APIKey}

// ErrFirstKey says that the store's first API key is made already.
var ErrFirstKey = errors.New("the store's first API key is made already")

// CreateAPIKey stores a key's hash. A first key that is there already is
// ErrFirstKey.
func (s *Service) CreateAPIKey(_ context.Context, r CreateAPIKey) (access.APIKey, error) {
	name := strings.TrimSpace(r.Name)
	if name == "" || utf8.RuneCountInString(name) > maxKeyName || !utf8.ValidString(name) {
		return access.APIKey{}, problem.Invalid("name", "must be 1 to %d characters", maxKeyName)
	}
	if err := access.CheckSecret(s.cfg.Mode, r.Secret); err != nil {
		return access.APIKey{}, err
	}
	scopes, err := access.ParseScopes(r.Scopes)
	if err != nil {
		return access.APIKey{}, err
	}
	key := access.APIKey{
		ID: s.cfg.IDs.New(0), Name: name, Hash: access.HashSecret(r.Secret), Hint: access.Hint(r.Secret), Scopes: scopes,
	}
	command := &apiKeyCommand{key: key, add: true}
	if r.First {
		claim := firstKey
		claim.Object, claim.At = key.ID, s.now()
		command.claim = &claim
	}
	err = s.cfg.Commit.Do(keyShard, false, command)
	if l := (*commit.LostClaim)(nil); errors.As(err, &l) {
		return key, ErrFirstKey
	}
	return key, err
}

// RevokeAPIKey makes a key useless for ever. Processes notice within 10 s.
// Revoking it again changes nothing.
func (s *Service) RevokeAPIKey(_ context.Context, id ident.ID) (access.APIKey, error) {
	command := &apiKeyCommand{key: access.APIKey{ID: id}, at: s.now().Truncate(time.Millisecond)}
	err := s.cfg.Commit.Do(keyShard, false, command)
	return command.key, err
}

// APIKeys lists all keys, revoked ones too.
func (s *Service) APIKeys(ctx context.Context) ([]access.APIKey, error) {
	keys, err := s.cfg.Store.APIKeys(ctx)
	return keys, readError(err)
}

// apiKeyCommand adds or revokes a key.
type apiKeyCommand struct {
	key access.APIKey
	add bool
	at  time.Time

	claim *store.Claim // of a first key
}

// Keys implements commit.Command.
func (c *apiKeyCommand) Keys(k *store.Keys) {
	if !c.add {
		k.APIKeys = append(k.APIKeys, c.key.ID)
	}
}

// Claim implements commit.Command.
func (c *apiKeyCommand) Claim() *store.Claim { return c.claim }

// Decide implements commit.Command.
func (c *apiKeyCommand) Decide(v *commit.View) (commit.Decision, error) {
	if !c.add {
		k, err := v.APIKey(c.key.ID)
		if err != nil {
			return commit.Decision{}, err
		}
		if c.key = k; !k.RevokedAt.IsZero() {
			return commit.Decision{}, nil
		}
		c.key.RevokedAt = c.at
	}
	return commit.Decision{APIKeys: []store.Change[access.APIKey]{{Value: c.key, New: c.add}}}, nil
}
