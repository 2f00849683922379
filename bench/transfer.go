package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// The modes of transfers.
const (
	Transfers      Mode = "transfers"       // one transfer a request, any two users
	TransfersBatch Mode = "transfers-batch" // many a request: within a shard, and of any two users
	RawTransfers   Mode = "raw-transfers"   // ceiling: batched inserts of the same rows
)

// What TransfersBatch is measured as.
const (
	batchSame   Mode = "transfers_batch_same"
	batchRandom Mode = "transfers_batch_random"
)

const (
	pathTransfers     = "/api/v1/transfers"
	pathTransferBatch = "/api/v1/transfers/batch"
	// defaultTransfers is how many transfers a batch has.
	defaultTransfers = 2000
	maxTransfers     = 10_000
	// funds are what every wallet is given: no run comes to its end.
	funds = 1_000_000_000_000
	// shardsAtMost: users whose numbers differ by a multiple of it share a shard,
	// however many there are.
	shardsAtMost = 256
)

// AllModes lists every mode, also those that a run without modes leaves out.
func AllModes() []Mode {
	return append(Modes(), PGBench, Transfers, TransfersBatch, RawTransfers, Wallet, Mixed)
}

// movesWallets tells whether a run has modes of transfers.
func (c *Config) movesWallets() bool { return c.Has(Transfers) || c.Has(TransfersBatch) }

// paysByCard tells whether a run needs stored cards.
func (c *Config) paysByCard() bool {
	return c.Fill > 0 || c.Has(Single) || c.Has(Batch) || c.Has(Hot) || c.Has(Mixed)
}

// appendTransfer appends what POST /api/v1/transfers takes.
func appendTransfer(dst []byte, p *Payment) []byte {
	dst = append(dst, `{"from_user_id":`...)
	dst = strconv.AppendInt(dst, p.UserID, 10)
	dst = append(dst, `,"to_user_id":`...)
	dst = strconv.AppendInt(dst, p.To, 10)
	dst = append(dst, `,"amount":`...)
	dst = strconv.AppendInt(dst, p.Minor, 10)
	return append(dst, `,"currency":"`+currency+`"}`...)
}

// appendTransfers appends what POST /api/v1/transfers/batch takes.
func appendTransfers(dst []byte, transfers []Payment) []byte {
	dst = append(dst, `{"transfers":[`...)
	for i := range transfers {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendTransfer(dst, &transfers[i])
	}
	return append(dst, `]}`...)
}

// pairs asks for transfers between two users drawn evenly, of one shard or of
// any. It never ends.
type pairs struct {
	users  int64
	stride int64 // between two users that may be a pair; 1 for any two
	chance *rand.Rand
}

// newPairs returns a client's traffic.
func newPairs(users int, same bool, seed, client uint64) *pairs {
	p := &pairs{users: int64(users), stride: 1, chance: rand.New(rand.NewPCG(seed, client))} //nolint:gosec // no secret
	if same {
		p.stride = shardsAtMost
		for p.stride > 4 && p.users < 4*p.stride { // too few users: as many shards as there are by default
			p.stride /= 2
		}
	}
	return p
}

// Next implements Traffic.
func (p *pairs) Next(transfers []Payment) int {
	for i := range transfers {
		from := p.chance.Int64N(p.users)
		first := from % p.stride
		others := (p.users-1-first)/p.stride + 1 // users of the same remainder, with the sender
		to := first + (from/p.stride+1+p.chance.Int64N(max(others-1, 1)))%others*p.stride
		transfers[i] = Payment{kind: moves, UserID: from + 1, To: to + 1, Minor: 1 + p.chance.Int64N(leastAmount)}
	}
	return len(transfers)
}

// transferLane returns the lane of a load of transfers.
func (r *run) transferLane(mode Mode, s *site, clients, batch int, same bool) lane {
	return r.loadOf(mode, s.target, s.users, clients, asked{batch, func(seed uint64) func(client int) Traffic {
		return func(client int) Traffic { return newPairs(r.cfg.Users, same, seed, uint64(client)) }
	}})
}

// transfers measures the modes of transfers and their ceiling.
func (r *run) transfers(ctx context.Context) error {
	raw := lane{mode: RawTransfers, run: func(ctx context.Context, _, window time.Duration) (Slice, error) {
		return r.rawSliceOf(ctx, r.cfg.RawTransfers, window)
	}}
	if !r.cfg.movesWallets() {
		return r.rotate(ctx, []lane{raw})
	}
	return r.with(ctx, "transfers", func(s *site) error {
		if err := r.fund(ctx, s); err != nil {
			return err
		}
		if r.cfg.Has(Transfers) {
			r.report.TransferClients = orFew(r.cfg.Clients)
			if err := r.rotate(ctx, []lane{r.transferLane(Transfers, s, r.report.TransferClients, 0, false)}); err != nil {
				return err
			}
		}
		if !r.cfg.Has(TransfersBatch) {
			return nil
		}
		clients := batchClients
		if r.cfg.Clients > 0 && !r.cfg.Has(Transfers) {
			clients = r.cfg.Clients
		}
		r.report.TransferBatchClients, r.report.TransferBatch = clients, r.cfg.transferBatch
		lanes := []lane{
			r.transferLane(batchSame, s, clients, r.cfg.transferBatch, true),
			r.transferLane(batchRandom, s, clients, r.cfg.transferBatch, false),
		}
		if r.cfg.Has(RawTransfers) {
			lanes = append(lanes, raw)
		}
		return r.rotate(ctx, lanes)
	})
}

// fund puts money into every user's wallet, once a run and site. It is not
// measured.
func (r *run) fund(ctx context.Context, s *site) error {
	if s.funded {
		return nil
	}
	p := newProgress(r.cfg.Log, r.cfg.Terminal, "wallets", int64(r.cfg.Users), false)
	defer p.end()
	keys := r.keys()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next, done atomic.Int64
	var wait sync.WaitGroup
	for worker := range min(setupClients, r.cfg.Users) {
		wait.Go(func() {
			conn := s.target.exchanger(worker)
			defer conn.Close()
			for ctx.Err() == nil {
				user := next.Add(1)
				if user > int64(r.cfg.Users) {
					return
				}
				if err := fundWallet(ctx, conn, s.target.Repeat, user, keys); err != nil {
					cancel(err)
					return
				}
				p.set(done.Add(1))
			}
		})
	}
	wait.Wait()
	if err := context.Cause(ctx); err != nil {
		return fmt.Errorf("fund the users' wallets: %w", err)
	}
	s.funded = true
	return nil
}

func fundWallet(ctx context.Context, conn Exchanger, repeat bool, userID int64, keys string) error {
	user := strconv.FormatInt(userID, 10)
	request := &Request{
		Path: pathWallets + "/" + user + "/adjustments", Key: []byte(keys + "-fund-" + user),
		Body: appendAdjustment(nil, funds, []byte(keys+"-"+user)),
	}
	var unused Tally
	return exchange(ctx, conn, request, repeat, &unused, func(res Response) (unanswered bool, err error) {
		a := answer{http: res.Status}
		if repeat && a.readProblem(res.Body) && a.verdict() == again {
			return true, nil
		}
		if res.Status != 200 && res.Status != 201 {
			return false, fmt.Errorf("POST %s was answered %d: %.300s", request.Path, res.Status, res.Body)
		}
		return false, nil
	})
}

// rawSliceOf measures a ceiling on a store of its own.
func (r *run) rawSliceOf(
	ctx context.Context, raw func(string, time.Duration) *exec.Cmd, window time.Duration,
) (Slice, error) {
	dir, err := TempDir()
	if err != nil {
		return Slice{}, err
	}
	defer func() { _ = os.RemoveAll(dir) }() // what is left is in a temporary place
	rate, err := runRaw(ctx, raw(dir, window))
	return Slice{PerSecond: rate}, err
}

// checkTransfers refuses what the modes of transfers cannot have.
func (c *Config) checkTransfers() error {
	switch {
	case c.Has(RawTransfers) && c.RawTransfers == nil:
		return errors.New("raw transfers can be measured in the embedded store only: leave --config or --url out")
	case c.BatchSize > maxTransfers:
		return fmt.Errorf("a batch has at most %d transfers", maxTransfers)
	case (c.movesWallets() || c.Has(Mixed)) && c.Users < 8:
		return errors.New("transfers need 8 users or more")
	}
	return nil
}
