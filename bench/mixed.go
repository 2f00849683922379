package bench

import (
	"context"
	"math/rand/v2"
)

// The modes of what else a service does all day.
const (
	Wallet Mode = "wallet" // adjustments of wallets, up and down, one a request
	Mixed  Mode = "mixed"  // payments, captures, refunds and transfers, one a request
)

// The shares of Mixed, in percent. Of the payments a few more are authorized
// than are captured, so that there is always one to capture.
const (
	sharePays       = 59
	shareAuthorizes = 11
	shareCaptures   = 10
	shareRefunds    = 10 // the rest is transfers
)

// remembered is how many payments of its own a client chooses from.
const remembered = 256

// learner is traffic that wants to know what became of what it asked for.
type learner interface {
	learn(p *Payment, id string)
}

// mixed asks for everything, of users drawn evenly. It never ends.
type mixed struct {
	pay        *random
	move       *pairs
	chance     *rand.Rand
	authorized []Payment // and not captured; Of is the payment's id
	paid       []Payment // and not refunded
}

func newMixed(users []User, seed, client uint64) *mixed {
	const other = 1 << 32 // chance of its own
	return &mixed{
		pay: newRandom(users, seed, client), move: newPairs(len(users), false, seed, client+other),
		chance: rand.New(rand.NewPCG(seed, client+2*other)), //nolint:gosec // no secret
	}
}

// Next implements Traffic.
func (m *mixed) Next(asked []Payment) int {
	for i := range asked {
		m.next(&asked[i])
	}
	return len(asked)
}

func (m *mixed) next(p *Payment) {
	draw := m.chance.IntN(100)
	one := []Payment{{}}
	switch {
	case draw < sharePays:
		m.pay.Next(one)
	case draw < sharePays+shareAuthorizes:
		m.pay.Next(one)
		one[0].kind = authorizes
	case draw < sharePays+shareAuthorizes+shareCaptures:
		if !m.draw(&m.authorized, &one[0]) { // in the beginning
			m.pay.Next(one)
			one[0].kind = authorizes
			break
		}
		one[0].kind = captures
	case draw < sharePays+shareAuthorizes+shareCaptures+shareRefunds:
		if !m.draw(&m.paid, &one[0]) {
			m.pay.Next(one)
			break
		}
		one[0].kind = refunds
		one[0].Minor = 1 + m.chance.Int64N(one[0].Minor)
	default:
		m.move.Next(one)
	}
	*p = one[0]
}

// draw takes a random payment out of a list.
func (m *mixed) draw(from *[]Payment, p *Payment) bool {
	list := *from
	if len(list) == 0 {
		return false
	}
	i := m.chance.IntN(len(list))
	*p = list[i]
	list[i] = list[len(list)-1]
	*from = list[:len(list)-1]
	return true
}

// learn implements learner.
func (m *mixed) learn(p *Payment, id string) {
	made := Payment{UserID: p.UserID, Minor: p.Minor, Of: id}
	switch p.kind {
	case authorizes:
		m.keep(&m.authorized, made)
	case pays, captures:
		m.keep(&m.paid, made)
	case refunds, moves, adjusts, kinds:
	}
}

func (m *mixed) keep(in *[]Payment, p Payment) {
	if len(*in) == remembered {
		(*in)[m.chance.IntN(remembered)] = p
		return
	}
	*in = append(*in, p)
}

// adjustments asks for amounts to be put into the wallets of users drawn evenly,
// or taken out of them: much less than the wallets were given. It never ends.
type adjustments struct {
	users  int64
	chance *rand.Rand
}

func newAdjustments(users int, seed, client uint64) *adjustments {
	return &adjustments{int64(users), rand.New(rand.NewPCG(seed, client))} //nolint:gosec // no secret
}

// Next implements Traffic.
func (a *adjustments) Next(asked []Payment) int {
	for i := range asked {
		minor := leastAmount + a.chance.Int64N(mostAmount-leastAmount+1)
		if a.chance.IntN(2) == 0 {
			minor = -minor
		}
		asked[i] = Payment{kind: adjusts, UserID: 1 + a.chance.Int64N(a.users), Minor: minor}
	}
	return len(asked)
}

// everyday measures Wallet or Mixed, each on its own.
func (r *run) everyday(ctx context.Context, mode Mode) error {
	return r.with(ctx, string(mode), func(s *site) error {
		if err := r.fund(ctx, s); err != nil {
			return err
		}
		traffic := func(seed uint64) func(client int) Traffic {
			return func(client int) Traffic {
				if mode == Mixed {
					return newMixed(s.users, seed, uint64(client))
				}
				return newAdjustments(r.cfg.Users, seed, uint64(client))
			}
		}
		r.report.OtherClients = orFew(r.cfg.Clients)
		return r.rotate(ctx, []lane{r.loadOf(mode, s.target, s.users, r.report.OtherClients, asked{traffic: traffic})})
	})
}
