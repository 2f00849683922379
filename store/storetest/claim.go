package storetest

import (
	"errors"
	"fmt"
	"sync"

	"florin/ident"
	"florin/store"
)

var claimCases = map[string]func(*fixture){
	"won and lost":      claimWonAndLost,
	"rolled back":       claimRolledBack,
	"released":          claimReleased,
	"answered":          claimAnswered,
	"hash collision":    claimHashCollision,
	"race":              claimRace,
	"same key of other": claimSameKeyOfOther,
	"many at once":      claimManyAtOnce,
}

func (f *fixture) claim(userID int64, key string) store.Claim {
	return store.Claim{
		Hash: 42, Scope: "POST /api/v1/payments", UserID: userID, Key: key, Digest: [16]byte{1, 15: 2},
		Kind: ident.Payment, Object: f.ids.New(userID), At: f.now,
	}
}

// take claims in a Tx of its own, which releases and answers as said.
func (f *fixture) take(claims []store.Claim, changes store.Changes) []*store.Claim {
	f.Helper()
	shard := f.shardOf(claims[0].UserID)
	tx := f.begin(shard)
	defer tx.Rollback()
	holders, err := tx.Claim(f.ctx, claims)
	f.check(err)
	changes.Group = f.ids.New(0)
	f.check(tx.Write(f.ctx, &changes))
	f.check(tx.Commit(f.ctx))
	return holders
}

func (f *fixture) holds(want store.Claim) {
	f.Helper()
	got, err := f.store.FindClaim(f.ctx, f.shardOf(want.UserID), store.Claim{
		Hash: want.Hash, Scope: want.Scope, UserID: want.UserID, Key: want.Key,
	})
	f.check(err)
	same(f, got, want)
}

func (f *fixture) holdsNot(c store.Claim) {
	f.Helper()
	_, err := f.store.FindClaim(f.ctx, f.shardOf(c.UserID), c)
	f.want(err, store.ErrNotFound)
}

func claimWonAndLost(f *fixture) {
	held := f.claim(f.user(0, 1), "a")
	f.holdsNot(held)
	if holders := f.take([]store.Claim{held}, store.Changes{}); holders[0] != nil {
		f.Fatalf("a new key is held by %+v", holders[0])
	}
	f.holds(held)
	again, other := f.claim(f.user(0, 1), "a"), f.claim(f.user(0, 1), "b")
	again.Digest, again.Object = [16]byte{9}, f.ids.New(0)
	holders := f.take([]store.Claim{other, again}, store.Changes{})
	same(f, holders, []*store.Claim{nil, &held})
	f.holds(held)
	f.holds(other)
}

func claimRolledBack(f *fixture) {
	c := f.claim(f.user(0, 1), "a")
	tx := f.begin(0)
	_, err := tx.Claim(f.ctx, []store.Claim{c})
	f.check(err)
	f.check(tx.Write(f.ctx, &store.Changes{Group: f.ids.New(0)}))
	f.holdsNot(c)
	tx.Rollback()
	f.holdsNot(c)
	if holders := f.take([]store.Claim{c}, store.Changes{}); holders[0] != nil {
		f.Errorf("a key that was rolled back is held by %+v", holders[0])
	}
}

func claimReleased(f *fixture) {
	a, b, c := f.claim(f.user(0, 1), "a"), f.claim(f.user(0, 1), "b"), f.claim(f.user(0, 1), "c")
	f.take([]store.Claim{a, b, c}, store.Changes{Released: []store.Claim{b}})
	f.holds(a)
	f.holdsNot(b)
	f.holds(c)
	if holders := f.take([]store.Claim{b}, store.Changes{}); holders[0] != nil {
		f.Errorf("a key that was released is held by %+v", holders[0])
	}
}

func claimAnswered(f *fixture) {
	now, later, other := f.claim(f.user(0, 1), "a"), f.claim(f.user(0, 1), "b"), f.claim(f.user(0, 1), "c")
	now.Answer = []byte("\x00at once\xff")
	f.take([]store.Claim{
		{
			Hash: now.Hash, Scope: now.Scope, UserID: now.UserID, Key: now.Key, Digest: now.Digest,
			Kind: now.Kind, Object: now.Object, At: now.At,
		},
		later, other,
	}, store.Changes{Answered: []store.Claim{now}})
	f.holds(now)
	f.holds(later)
	later.Answer = []byte(`{"status":201}`)
	f.commit(0, store.Changes{Answered: []store.Claim{later}})
	f.holds(later)
	f.holds(other)
}

func claimHashCollision(f *fixture) {
	first, second := f.claim(f.user(0, 1), "first"), f.claim(f.user(0, 1), "second")
	f.take([]store.Claim{first, second}, store.Changes{})
	third := f.claim(f.user(0, 1), "third")
	f.holdsNot(third)
	holders := f.take([]store.Claim{third, second}, store.Changes{})
	same(f, holders, []*store.Claim{nil, &second})
	for _, c := range []store.Claim{first, second, third} {
		f.holds(c)
	}
}

func claimSameKeyOfOther(f *fixture) {
	first, ofOther, elsewhere := f.claim(f.user(0, 1), "a"), f.claim(f.user(0, 2), "a"), f.claim(f.user(0, 1), "a")
	elsewhere.Scope = "POST /api/v1/refunds"
	for _, c := range []store.Claim{first, ofOther, elsewhere} {
		if holders := f.take([]store.Claim{c}, store.Changes{}); holders[0] != nil {
			f.Errorf("held by %+v", holders[0])
		}
	}
	f.holds(first)
	f.holds(ofOther)
	f.holds(elsewhere)
}

// claimRace lets many claim one key at once: one wins, the others learn who.
func claimRace(f *fixture) {
	const racers = 8
	holders := make([]*store.Claim, racers)
	claims := make([]store.Claim, racers)
	for i := range claims {
		claims[i] = f.claim(f.user(0, 1), "a")
	}
	errs := make([]error, racers)
	var running sync.WaitGroup
	for i := range racers {
		group := f.ids.New(0)
		running.Go(func() {
			holders[i], errs[i] = f.race(claims[i], group)
		})
	}
	running.Wait()
	winner := -1
	for i := range racers {
		f.check(errs[i])
		if holders[i] == nil {
			if winner >= 0 {
				f.Fatal("two have won")
			}
			winner = i
		}
	}
	if winner < 0 {
		f.Fatal("nobody has won")
	}
	f.holds(claims[winner])
	for i := range racers {
		if i != winner {
			same(f, *holders[i], claims[winner])
		}
	}
}

func (f *fixture) race(c store.Claim, group ident.ID) (*store.Claim, error) {
	tx, err := f.store.Begin(f.ctx, 0)
	if err != nil {
		return nil, err
	}
	defer tx.Rollback()
	holders, err := tx.Claim(f.ctx, []store.Claim{c})
	if err != nil {
		return nil, err
	}
	if err := tx.Write(f.ctx, &store.Changes{Group: group}); err != nil {
		return nil, err
	}
	return holders[0], tx.Commit(f.ctx)
}

// claimManyAtOnce looks for many keys, of which every other one is held: with one
// question, and with one each at the same time.
func claimManyAtOnce(f *fixture) {
	const many = 700
	var claims, held []store.Claim
	for i := range many {
		claims = append(claims, f.claim(f.user(0, 1+i%5), fmt.Sprint("key ", i)))
		if i%2 == 0 {
			held = append(held, claims[i])
		}
	}
	f.take(held, store.Changes{})
	all, err := f.store.FindClaims(f.ctx, 0, claims)
	f.check(err)
	one := make([]*store.Claim, many)
	var looking sync.WaitGroup
	for i := range many {
		looking.Go(func() {
			switch found, err := f.store.FindClaim(f.ctx, 0, claims[i]); {
			case err == nil:
				one[i] = &found
			case !errors.Is(err, store.ErrNotFound):
				f.Errorf("key %d: %v", i, err)
			}
		})
	}
	looking.Wait()
	for i := range many {
		var want *store.Claim
		if i%2 == 0 {
			want = &claims[i]
		}
		same(f, all[i], want)
		same(f, one[i], want)
	}
	none, err := f.store.FindClaims(f.ctx, 0, nil)
	f.check(err)
	if len(none) > 0 {
		f.Errorf("for no keys there are %v", none)
	}
}
