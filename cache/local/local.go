// Package local keeps things near in the process's own memory, bounded in number
// and in time.
package local

import (
	"errors"
	"time"

	"github.com/maypok86/otter/v2"

	"florin/ident"
	"florin/vault"
)

// Config says how much is kept, and how long.
type Config struct {
	// Size is the most payment methods kept; 100,000 by default.
	Size int
	// Expiry is how long one is kept after it was written; 1 h by default.
	Expiry time.Duration
}

// Methods keeps payment methods; it implements flow.MethodCache and is safe for
// concurrent use.
type Methods struct {
	cache *otter.Cache[ident.ID, vault.PaymentMethod]
}

// NewMethods returns an empty cache.
func NewMethods(cfg Config) (*Methods, error) {
	if cfg.Size == 0 {
		cfg.Size = 100_000
	}
	if cfg.Expiry == 0 {
		cfg.Expiry = time.Hour
	}
	if cfg.Size < 0 || cfg.Expiry < 0 {
		return nil, errors.New("cache/local: a size or an expiry is negative")
	}
	cache, err := otter.New(&otter.Options[ident.ID, vault.PaymentMethod]{
		MaximumSize:      cfg.Size,
		ExpiryCalculator: otter.ExpiryWriting[ident.ID, vault.PaymentMethod](cfg.Expiry),
	})
	if err != nil {
		return nil, err
	}
	return &Methods{cache: cache}, nil
}

// Get returns the payment method, if it is kept.
func (m *Methods) Get(id ident.ID) (vault.PaymentMethod, bool) {
	return m.cache.GetIfPresent(id)
}

// Put keeps a payment method, unless a later version of it is kept already. The
// two are compared and one is chosen in one step, so that a method's deletion is
// never overwritten by a reader who came before it and was slow.
func (m *Methods) Put(method vault.PaymentMethod) {
	m.cache.Compute(method.ID, func(old vault.PaymentMethod, found bool) (vault.PaymentMethod, otter.ComputeOp) {
		if found && old.Version >= method.Version {
			return old, otter.CancelOp
		}
		return method, otter.WriteOp
	})
}

// Len returns about how many are kept.
func (m *Methods) Len() int { return m.cache.EstimatedSize() }

// Close stops what runs in the background.
func (m *Methods) Close() { m.cache.StopAllGoroutines() }
