package bench

import (
	"math/rand/v2"
	"sync/atomic"
)

// Amounts of made-up payments, in minor units.
const (
	leastAmount = 100
	mostAmount  = 99999
)

// random asks for payments of users drawn evenly; of a single one when there is
// only one. It never ends.
type random struct {
	users  []User
	chance *rand.Rand
}

// newRandom returns a client's traffic; seed tells clients and loads apart.
func newRandom(users []User, seed, client uint64) *random {
	return &random{users, rand.New(rand.NewPCG(seed, client))} //nolint:gosec // which user pays is no secret
}

// Next implements Traffic.
func (r *random) Next(payments []Payment) int {
	for i := range payments {
		u := &r.users[r.chance.IntN(len(r.users))]
		payments[i] = Payment{UserID: u.ID, Minor: leastAmount + r.chance.Int64N(mostAmount-leastAmount+1), Method: u.Method}
	}
	return len(payments)
}

// limited is traffic of which the clients share a number of payments.
type limited struct {
	Traffic
	left *atomic.Int64
}

// Next implements Traffic.
func (l limited) Next(payments []Payment) int {
	want := int64(len(payments))
	left := l.left.Add(-want)
	n := max(min(want, want+left), 0)
	return l.Traffic.Next(payments[:n])
}
