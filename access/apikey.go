// Package access decides about API keys: their form, their mode, what they
// may do, and how one is recognised by its hash alone.
package access

import (
	"crypto/sha256"
	"strings"
	"time"

	"florin/ident"
	"florin/problem"
)

// Mode is whether a store moves real money.
type Mode string

// The modes.
const (
	Test Mode = "test"
	Live Mode = "live"
)

// ParseMode reads "test" or "live".
func ParseMode(text string) (Mode, error) {
	switch mode := Mode(text); mode {
	case Test, Live:
		return mode, nil
	}
	return "", problem.Invalid("mode", "must be test or live")
}

// Prefix returns what every secret of the mode begins with: "sk_test_" or
// "sk_live_".
func (m Mode) Prefix() string { return "sk_" + string(m) + "_" }

// Hash is a secret's SHA-256: all that is kept of it. A secret has 160 bits of
// chance or more, so that no salt is needed.
type Hash [32]byte

// HashSecret returns the hash of a secret.
func HashSecret(secret string) Hash { return sha256.Sum256([]byte(secret)) }

// APIKey is a key as it is stored: without its secret.
type APIKey struct {
	ID        ident.ID
	Name      string
	Hash      Hash
	Hint      string // the secret's last four characters
	Scopes    []string
	RevokedAt time.Time // zero while it is good
}

// CheckSecret tells whether secret has the form of a key of the mode: its
// prefix and at least 20 letters and digits behind it.
func CheckSecret(mode Mode, secret string) error {
	rest, ok := strings.CutPrefix(secret, mode.Prefix())
	if !ok {
		return problem.New(problem.Unauthorized, "an API key of this store begins with %s", mode.Prefix())
	}
	if len(rest) < 20 || strings.Trim(rest, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "" {
		return problem.New(problem.Unauthorized, "an API key has 20 or more letters and digits behind %s", mode.Prefix())
	}
	return nil
}
