package flow

import (
	"context"
	"errors"
	"time"

	"florin/access"
	"florin/commit"
	"florin/event"
	"florin/ident"
	"florin/problem"
	"florin/store"
	"florin/vault"
)

// retryAfter is what a caller is told to wait when the store is away.
const retryAfter = time.Second

// StoreMethod puts a card into the vault.
type StoreMethod struct {
	UserID      int64
	Card        vault.CardInput
	Idempotency *Idempotency
}

// StoreMethod checks, seals and stores a card; its verification code is checked
// in form and forgotten.
func (s *Service) StoreMethod(ctx context.Context, r StoreMethod) (m vault.PaymentMethod, replayed bool, err error) {
	card, err := vault.ParseCard(r.Card, s.now())
	if err != nil {
		return m, false, err
	}
	id := s.cfg.IDs.New(r.UserID)
	claim := s.claim(r.Idempotency, r.UserID, ident.PaymentMethod, id)
	held, err := s.holder(ctx, claim)
	if err != nil {
		return m, false, err
	}
	if held == nil {
		sealed, err := s.cfg.Vault.Seal(id, card)
		if err != nil {
			return m, false, problem.New(problem.Internal, "the card could not be sealed").With(err)
		}
		m = vault.PaymentMethod{
			ID: id, UserID: r.UserID, Brand: vault.BrandOf(card.Number), Last4: card.Last4(),
			ExpMonth: card.ExpMonth, ExpYear: card.ExpYear,
			Fingerprint: s.cfg.Vault.Fingerprint(card.Number), Sealed: sealed, Version: 1,
		}
		err = s.cfg.Commit.Do(s.shardOf(r.UserID), false, &methodCommand{method: m, claim: claim, add: true})
		held, err = lost(claim, err)
		if err == nil && held == nil {
			s.cfg.Methods.Put(m)
		}
		if err != nil || held == nil {
			return m, false, err
		}
	}
	m, err = s.readMethod(ctx, held.Object)
	return m, true, err
}

// lost returns the holder of a claim that was lost, or the error.
func lost(c *store.Claim, err error) (*store.Claim, error) {
	var l *commit.LostClaim
	if errors.As(err, &l) {
		return &l.Holder, sameBody(*c, l.Holder)
	}
	return nil, err
}

// DeleteMethod makes a payment method unusable and drops its card data. Deleting
// it again changes nothing.
func (s *Service) DeleteMethod(_ context.Context, id ident.ID) (vault.PaymentMethod, error) {
	command := &methodCommand{method: vault.PaymentMethod{ID: id}, at: s.now().Truncate(time.Millisecond)}
	err := s.cfg.Commit.Do(s.shard(id), false, command)
	if err == nil {
		s.cfg.Methods.Put(command.method)
	}
	return command.method, err
}

// methodCommand adds or deletes a payment method.
type methodCommand struct {
	method vault.PaymentMethod
	claim  *store.Claim
	add    bool
	at     time.Time
}

// Keys implements commit.Command.
func (c *methodCommand) Keys(k *store.Keys) {
	if !c.add {
		k.Methods = append(k.Methods, c.method.ID)
	}
}

// Claim implements commit.Command.
func (c *methodCommand) Claim() *store.Claim { return c.claim }

// Decide implements commit.Command.
func (c *methodCommand) Decide(v *commit.View) (commit.Decision, error) {
	m, kind := c.method, event.MethodCreated
	if !c.add {
		var err error
		if m, err = v.Method(c.method.ID); err != nil {
			return commit.Decision{}, err
		}
		if c.method = m; !m.DeletedAt.IsZero() {
			return commit.Decision{}, nil
		}
		m = vault.Delete(m, c.at)
		c.method, kind = m, event.MethodDeleted
	}
	return commit.Decision{
		Methods: []store.Change[vault.PaymentMethod]{{Value: m, New: c.add}},
		Events: []event.Event{{
			Type: kind, Kind: ident.PaymentMethod, Object: m.ID, Version: m.Version, UserID: m.UserID,
			Data: m.EventData(),
		}},
	}, nil
}

func noMethod() error {
	err := problem.New(problem.NotFound, "the user has no such payment method")
	err.Param = "payment_method"
	return err
}

// Method returns a payment method that is not deleted.
func (s *Service) Method(ctx context.Context, id ident.ID) (vault.PaymentMethod, error) {
	m, err := s.readMethod(ctx, id)
	if err == nil && !m.DeletedAt.IsZero() {
		err = readError(store.ErrNotFound)
	}
	return m, err
}

// readMethod reads a payment method, and keeps it near.
func (s *Service) readMethod(ctx context.Context, id ident.ID) (vault.PaymentMethod, error) {
	m, err := s.cfg.Store.Method(ctx, id)
	if err == nil {
		s.cfg.Methods.Put(m)
	}
	return m, readError(err)
}

// Methods lists a user's payment methods, newest first.
func (s *Service) Methods(ctx context.Context, userID int64, page store.Page) ([]vault.PaymentMethod, error) {
	methods, err := s.cfg.Store.Methods(ctx, userID, page)
	return methods, readError(err)
}

// instrument is what a payment is charged to.
type instrument struct {
	method      ident.ID // zero for a test card's name
	card        vault.Card
	fingerprint string
}

// instrument finds the card behind a payment method's name, for its user.
func (s *Service) instrument(ctx context.Context, userID int64, name string) (instrument, error) {
	id, err := ident.Parse(ident.PaymentMethod, name)
	if err != nil {
		card, ok := vault.TestMethod(name)
		if !ok || s.cfg.Mode != access.Test {
			return instrument{}, problem.Invalid("payment_method", "is not a payment method's id")
		}
		return instrument{card: card, fingerprint: s.cfg.Vault.Fingerprint(card.Number)}, nil
	}
	if id.Bucket() != ident.Bucket(userID) {
		return instrument{}, noMethod()
	}
	m, ok := s.cfg.Methods.Get(id)
	if !ok {
		if m, err = s.Method(ctx, id); err != nil {
			if problem.Is(err, problem.NotFound) {
				err = noMethod()
			}
			return instrument{}, err
		}
	}
	if m.UserID != userID || !m.DeletedAt.IsZero() {
		return instrument{}, noMethod()
	}
	card, err := s.cfg.Vault.Unseal(id, m.Sealed)
	if err != nil {
		return instrument{}, problem.New(problem.Internal, "the card could not be unsealed").With(err)
	}
	return instrument{method: id, card: card, fingerprint: m.Fingerprint}, nil
}

// warm has the payment methods of requests in the cache, where it can, with one
// question a shard. What fails is asked again for each request.
func (s *Service) warm(ctx context.Context, requests []Authorize) {
	missing := make([][]ident.ID, s.cfg.Store.Shards())
	for _, r := range requests {
		id, err := ident.Parse(ident.PaymentMethod, r.Method)
		if err != nil || id.Bucket() != ident.Bucket(r.UserID) {
			continue
		}
		if _, ok := s.cfg.Methods.Get(id); !ok {
			shard := s.shardOf(r.UserID)
			missing[shard] = append(missing[shard], id)
		}
	}
	s.cfg.Each(len(missing), len(missing), func(shard int) {
		if len(missing[shard]) < 2 {
			return
		}
		found, err := s.cfg.Store.FindMethods(ctx, shard, missing[shard])
		if err != nil {
			return
		}
		for _, m := range found {
			s.cfg.Methods.Put(m)
		}
	})
}

// chargeable tells, inside the Tx that starts an attempt, whether the payment
// method is still there: what was read before, or is cached, may be old.
func chargeable(v *commit.View, method ident.ID) error {
	if method.IsZero() {
		return nil
	}
	m, err := v.Method(method)
	if err == nil && m.DeletedAt.IsZero() {
		return nil
	}
	var need *commit.NeedKeys
	if errors.As(err, &need) {
		return err
	}
	return noMethod()
}

// methodKey adds a payment method to what a Tx reads.
func methodKey(k *store.Keys, method ident.ID) {
	if !method.IsZero() {
		k.Methods = append(k.Methods, method)
	}
}
