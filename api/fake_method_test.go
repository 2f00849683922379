package api_test

import (
	"context"
	"slices"

	"florin/event"
	"florin/flow"
	"florin/ident"
	"florin/store"
	"florin/vault"
)

func (f *fakeFlows) StoreMethod(_ context.Context, r flow.StoreMethod) (vault.PaymentMethod, bool, error) {
	if err := f.ask(r); err != nil {
		return vault.PaymentMethod{}, false, err
	}
	card, err := vault.ParseCard(r.Card, began)
	if err != nil {
		return vault.PaymentMethod{}, false, err
	}
	id, replayed, err := f.claim(r.Idempotency, f.ids.New(r.UserID))
	if err != nil || replayed {
		m, _ := find(f, f.methods, id)
		return m, replayed, err
	}
	m := vault.PaymentMethod{
		ID: id, UserID: r.UserID, Brand: vault.BrandOf(card.Number), Last4: card.Last4(), ExpMonth: card.ExpMonth,
		ExpYear: card.ExpYear, Fingerprint: "print", Version: 1,
	}
	keep(f, f.methods, id, m)
	return m, false, nil
}

func (f *fakeFlows) DeleteMethod(_ context.Context, id ident.ID) (vault.PaymentMethod, error) {
	m, err := find(f, f.methods, id)
	if err != nil || !m.DeletedAt.IsZero() {
		return m, err
	}
	m = vault.Delete(m, began)
	keep(f, f.methods, id, m)
	return m, nil
}

func (f *fakeFlows) Method(_ context.Context, id ident.ID) (vault.PaymentMethod, error) {
	m, err := find(f, f.methods, id)
	if err == nil && !m.DeletedAt.IsZero() {
		err = missing()
	}
	return m, err
}

func (f *fakeFlows) Methods(_ context.Context, userID int64, p store.Page) ([]vault.PaymentMethod, error) {
	if err := f.ask(userID); err != nil {
		return nil, err
	}
	return page(f, f.methods, p), nil
}

func (f *fakeFlows) Events(
	_ context.Context, after []event.Position, limit int,
) ([]event.Stored, []event.Position, error) {
	var some []event.Stored
	next := slices.Clone(after)
	for _, e := range f.events {
		if shard := e.ID.Shard(len(after)); e.Position > after[shard] && len(some) < limit {
			some = append(some, e)
			next[shard] = e.Position
		}
	}
	return some, next, f.err
}

func (f *fakeFlows) LatestEvents(_ context.Context, limit int) ([]event.Stored, []event.Position, error) {
	positions := make([]event.Position, 4)
	for _, e := range f.events {
		positions[e.ID.Shard(4)] = e.Position
	}
	some := slices.Clone(f.events)
	slices.Reverse(some)
	return some[:min(len(some), limit)], positions, f.err
}
