package storetest

import (
	"sync"

	"florin/access"
	"florin/ident"
	"florin/store"
)

var accessCases = map[string]func(*fixture){
	"api keys":     apiKeys,
	"keysets":      keysets,
	"keysets race": keysetsRace,
}

func apiKeys(f *fixture) {
	first := access.APIKey{
		ID: f.ids.New(0), Name: "first", Hash: access.HashSecret("a"), Hint: "aaaa", Scopes: []string{"read", "write"},
	}
	second := access.APIKey{ID: f.ids.New(0), Hash: access.HashSecret("b")}
	f.commit(0, store.Changes{APIKeys: fresh(first, second)})
	got, err := f.store.APIKeys(f.ctx)
	f.check(err)
	same(f, got, []access.APIKey{first, second})
	second.RevokedAt = f.now
	f.commit(0, store.Changes{APIKeys: update(second)})
	got, err = f.store.APIKeys(f.ctx)
	f.check(err)
	same(f, got, []access.APIKey{first, second})
	state := f.load(0, store.Keys{APIKeys: []ident.ID{second.ID, f.ids.New(0)}})
	same(f, state.APIKeys, map[ident.ID]access.APIKey{second.ID: second})
}

func keysets(f *fixture) {
	_, found, err := f.store.FindKeyset(f.ctx, "cards")
	f.check(err)
	same(f, found, false)
	got, err := f.store.ClaimKeyset(f.ctx, "cards", []byte("\x00sealed"))
	f.check(err)
	same(f, got, []byte("\x00sealed"))
	got, err = f.store.ClaimKeyset(f.ctx, "cards", []byte("another"))
	f.check(err)
	same(f, got, []byte("\x00sealed"))
	got, found, err = f.store.FindKeyset(f.ctx, "cards")
	f.check(err)
	same(f, found, true)
	same(f, got, []byte("\x00sealed"))
	_, found, err = f.store.FindKeyset(f.ctx, "Cards")
	f.check(err)
	same(f, found, false)
}

func keysetsRace(f *fixture) {
	const racers = 8
	got, errs := make([][]byte, racers), make([]error, racers)
	var running sync.WaitGroup
	for i := range racers {
		running.Go(func() { got[i], errs[i] = f.store.ClaimKeyset(f.ctx, "cards", []byte{byte(i)}) })
	}
	running.Wait()
	for i := range racers {
		f.check(errs[i])
		same(f, got[i], got[0])
	}
}
