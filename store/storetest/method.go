package storetest

import (
	"florin/ident"
	"florin/store"
	"florin/vault"
)

var methodCases = map[string]func(*fixture){
	"roundtrip": methodRoundtrip,
	"list":      methodList,
}

func (f *fixture) method(userID int64) vault.PaymentMethod {
	return vault.PaymentMethod{
		ID: f.ids.New(userID), UserID: userID, Brand: "visa", Last4: "4242", ExpMonth: 12, ExpYear: 2031,
		Fingerprint: "fp_1", Sealed: []byte{0, 1, 2, 0, 255}, Version: 1,
	}
}

func methodRoundtrip(f *fixture) {
	m, other := f.method(f.user(0, 1)), f.method(f.user(0, 2))
	f.commit(0, store.Changes{Methods: fresh(m, other)})
	some, err := f.store.FindMethods(f.ctx, 0, []ident.ID{f.ids.New(1), m.ID})
	f.check(err)
	same(f, some, []vault.PaymentMethod{m})
	got, err := f.store.Method(f.ctx, m.ID)
	f.check(err)
	same(f, got, m)

	m.Sealed, m.Version, m.DeletedAt = nil, 2, f.now
	f.commit(0, store.Changes{Methods: update(m)})
	got, err = f.store.Method(f.ctx, m.ID)
	f.check(err)
	same(f, got, m)
	state := f.load(0, store.Keys{Methods: []ident.ID{other.ID, m.ID}})
	same(f, state.Methods, map[ident.ID]vault.PaymentMethod{m.ID: m, other.ID: other})
}

func methodList(f *fixture) {
	userID := f.user(0, 1)
	first, deleted, third := f.method(userID), f.method(userID), f.method(userID)
	deleted.DeletedAt = f.now
	f.commit(0, store.Changes{Methods: fresh(first, deleted, third, f.method(f.user(0, 2)))})
	got, err := f.store.Methods(f.ctx, userID, store.Page{Limit: 10})
	f.check(err)
	same(f, got, []vault.PaymentMethod{third, first})
	got, err = f.store.Methods(f.ctx, userID, store.Page{Limit: 10, After: third.ID})
	f.check(err)
	same(f, got, []vault.PaymentMethod{first})
	got, err = f.store.Methods(f.ctx, userID, store.Page{Limit: 10, Before: first.ID})
	f.check(err)
	same(f, got, []vault.PaymentMethod{third})
}
