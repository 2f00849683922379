package flow

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"florin/commit"
	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/problem"
	"florin/store"
	"florin/wallet"
)

// Transfer moves money from one wallet to another. Its fields were checked in
// form.
type Transfer struct {
	FromUserID  int64
	ToUserID    int64
	Amount      money.Amount
	Details     wallet.TransferDetails
	Idempotency *Idempotency
}

// TransferResult is a transfer in the state to tell, and whether that was told
// before; so may its error have been.
type TransferResult struct {
	Transfer wallet.Transfer
	Replayed bool
	Err      error // of one in a batch
}

// Transfer moves the money at once where both wallets are on one shard. Else it
// takes it out of the sender's, durably, and waits for TransferWait at most for
// the receiver's shard: what is pending then goes on by itself.
func (s *Service) Transfer(ctx context.Context, r Transfer) (TransferResult, error) {
	run := s.prepareTransfer(r)
	if !run.done {
		run.opened(ctx, s, s.cfg.Commit.Do(s.shardOf(r.FromUserID), false, &run.create))
		s.repeated(ctx, run)
	}
	if !run.done {
		s.cross(ctx, []*transferring{run})
	}
	return run.result, run.result.Err
}

// TransferBatch does what Transfer does for each request, with one Tx a shard and
// step where it can. The results are in the requests' order; one that fails stops
// no other.
func (s *Service) TransferBatch(ctx context.Context, requests []Transfer) []TransferResult {
	runs := make([]*transferring, len(requests))
	items := make([]commit.Item, 0, len(requests))
	opening := make([]*transferring, 0, len(requests))
	for i, r := range requests {
		runs[i] = s.prepareTransfer(r)
		if !runs[i].done {
			items = append(items, commit.Item{Shard: s.shardOf(r.FromUserID), Command: &runs[i].create})
			opening = append(opening, runs[i])
		}
	}
	crossing := make([]*transferring, 0, len(opening))
	for i, err := range s.cfg.Commit.DoAll(false, items) {
		if opening[i].opened(ctx, s, err); !opening[i].done {
			crossing = append(crossing, opening[i])
		}
	}
	s.repeated(ctx, opening...)
	s.cross(ctx, crossing)
	results := make([]TransferResult, len(runs))
	for i, run := range runs {
		results[i] = run.result
	}
	return results
}

// transferring is one transfer on its way.
type transferring struct {
	create createTransferCommand
	done   bool
	result TransferResult
}

func (t *transferring) end(r TransferResult, err error) {
	r.Err = err
	t.done, t.result = true, r
}

// prepareTransfer does what comes before the first Tx, in which a repeated request
// shows.
func (s *Service) prepareTransfer(r Transfer) *transferring {
	run := &transferring{}
	if err := wallet.CheckParties(r.FromUserID, r.ToUserID); err != nil {
		run.end(TransferResult{}, err)
		return run
	}
	id := s.cfg.IDs.New(r.FromUserID)
	claim := s.claim(r.Idempotency, r.FromUserID, ident.Transfer, id)
	run.create = createTransferCommand{claim: claim, create: wallet.CreateTransfer{
		ID: id, FromUserID: r.FromUserID, ToUserID: r.ToUserID, Amount: r.Amount, Details: r.Details,
		Local: s.shardOf(r.FromUserID) == s.shardOf(r.ToUserID),
	}}
	return run
}

// opened takes the answer of the first Tx.
func (t *transferring) opened(ctx context.Context, s *Service, err error) {
	held, err := lost(t.create.claim, err)
	switch {
	case err != nil:
		t.end(TransferResult{}, err)
	case held != nil:
		t.end(s.replayTransfer(ctx, *held))
	case t.create.declined != nil:
		t.end(TransferResult{}, t.create.declined)
	default:
		t.result.Transfer = t.create.decided
		t.done = t.create.decided.Status != wallet.TransferPending
	}
}

// repeated answers transfers that were refused as those were answered that have their
// keys, where some have.
func (s *Service) repeated(ctx context.Context, runs ...*transferring) {
	var ended []*transferring
	var claims []*store.Claim
	for _, run := range runs {
		if refused(run.result.Err) && run.create.claim != nil {
			ended, claims = append(ended, run), append(claims, run.create.claim)
		}
	}
	for i, key := range s.lookUp(ctx, claims) {
		switch {
		case key.held == nil:
		case key.err != nil:
			ended[i].end(TransferResult{}, key.err)
		default:
			ended[i].end(s.replayTransfer(ctx, *key.held))
		}
	}
}

// cross drives pending transfers for TransferWait at most.
func (s *Service) cross(ctx context.Context, runs []*transferring) {
	if len(runs) == 0 {
		return
	}
	transfers := make([]wallet.Transfer, len(runs))
	for i, run := range runs {
		transfers[i] = run.result.Transfer
		s.crossing.Store(transfers[i].ID, nil)
		defer s.crossing.Delete(transfers[i].ID)
	}
	var mu sync.Mutex
	ended := map[ident.ID]wallet.Transfer{}
	ctx = context.WithoutCancel(ctx)
	groups := s.byReceiver(transfers)
	s.cfg.Within(s.cfg.TransferWait, func() {
		s.cfg.Each(len(groups), len(groups), func(shard int) {
			err := s.driveTransfers(groups[shard], func(t wallet.Transfer) {
				mu.Lock()
				defer mu.Unlock()
				ended[t.ID] = t
			})
			if err != nil {
				s.cfg.Log.WarnContext(ctx, "transfers are left for later", "shard", shard, "error", err)
			}
		})
	})
	mu.Lock()
	defer mu.Unlock()
	for _, run := range runs {
		if t, ok := ended[run.result.Transfer.ID]; ok {
			run.result.Transfer = t
		}
	}
}

// byReceiver sorts transfers by their receivers' shards, so that one that hangs
// holds up nobody else's.
func (s *Service) byReceiver(transfers []wallet.Transfer) [][]wallet.Transfer {
	groups := make([][]wallet.Transfer, s.cfg.Store.Shards())
	for _, t := range transfers {
		shard := s.shardOf(t.ToUserID)
		groups[shard] = append(groups[shard], t)
	}
	return groups
}

// DriveTransfers takes pending transfers on to their end: worker/transfer calls
// it for those that a crash or a shard that was away has left over. It waits for
// TransferWait at most; a shard that an earlier call still waits for is left out.
func (s *Service) DriveTransfers(_ context.Context, transfers []wallet.Transfer) error {
	groups := s.byReceiver(transfers)
	failures := make(chan error, len(groups))
	s.cfg.Within(s.cfg.TransferWait, func() {
		s.cfg.Each(len(groups), len(groups), func(shard int) {
			if len(groups[shard]) == 0 || !s.driving[shard].CompareAndSwap(false, true) {
				return
			}
			defer s.driving[shard].Store(false)
			if err := s.driveTransfers(groups[shard], func(wallet.Transfer) {}); err != nil {
				failures <- err
			}
		})
	})
	select {
	case err := <-failures:
		return err
	default:
		return nil
	}
}

// driveTransfers has a receivers' shard decide, then ends what it decided, and
// tells of each that has ended. Both steps may be repeated at any time.
func (s *Service) driveTransfers(transfers []wallet.Transfer, ended func(wallet.Transfer)) error {
	receiving := make([]commit.Item, len(transfers))
	for i, t := range transfers {
		receiving[i] = commit.Item{Shard: s.shardOf(t.ToUserID), Command: &receiveCommand{transfer: t}}
	}
	var failure error
	ending := make([]commit.Item, 0, len(transfers))
	for i, err := range s.cfg.Commit.DoAll(true, receiving) {
		if err != nil {
			failure = err
			continue
		}
		ending = append(ending, commit.Item{
			Shard:   s.shard(transfers[i].ID),
			Command: &endTransferCommand{received: receiving[i].Command.(*receiveCommand).decided},
		})
	}
	for i, err := range s.cfg.Commit.DoAll(true, ending) {
		if err != nil {
			failure = err
			continue
		}
		ended(ending[i].Command.(*endTransferCommand).decided)
	}
	return failure
}

// declinedTransfer is what is kept of a transfer that was declined.
type declinedTransfer struct {
	Code   problem.Code `json:"code"`
	Detail string       `json:"detail"`
}

// replayTransfer answers a repeated request: a decline as it was told, and else
// how the transfer stands, which moves from pending to its end and nowhere else.
func (s *Service) replayTransfer(ctx context.Context, held store.Claim) (TransferResult, error) {
	if held.Answer != nil {
		var told declinedTransfer
		if err := json.Unmarshal(held.Answer, &told); err != nil {
			return TransferResult{}, problem.New(problem.Internal, "a kept answer cannot be read").With(err)
		}
		return TransferResult{Replayed: true}, &problem.Problem{Code: told.Code, Detail: told.Detail}
	}
	t, err := s.cfg.Store.Transfer(ctx, held.Object)
	if err != nil {
		return TransferResult{}, readError(err)
	}
	if _, waiting := s.crossing.Load(t.ID); waiting && t.Status == wallet.TransferPending {
		return TransferResult{}, inProgress()
	}
	return TransferResult{Transfer: t, Replayed: true}, nil
}

// TransferByID returns a transfer.
func (s *Service) TransferByID(ctx context.Context, id ident.ID) (wallet.Transfer, error) {
	t, err := s.cfg.Store.Transfer(ctx, id)
	return t, readError(err)
}

// Transfers lists transfers, newest first: a user's on either side, or all.
func (s *Service) Transfers(ctx context.Context, q store.TransferQuery) ([]wallet.Transfer, error) {
	return merged(s.shards(q.UserID), q.Page,
		func(shard int) ([]wallet.Transfer, error) { return s.cfg.Store.Transfers(ctx, shard, q) },
		func(t wallet.Transfer) ident.ID { return t.ID })
}

// createTransferCommand is the first Tx of a transfer, and the only one within a
// shard.
type createTransferCommand struct {
	create   wallet.CreateTransfer
	claim    *store.Claim
	decided  wallet.Transfer
	declined error // kept under the claim
}

// Keys implements commit.Command.
func (c *createTransferCommand) Keys(k *store.Keys) {
	other := ledger.Transfers
	if c.create.Local {
		other = ledger.Wallet(c.create.ToUserID)
	}
	k.Accounts = append(k.Accounts, c.key(ledger.Wallet(c.create.FromUserID)), c.key(other))
}

func (c *createTransferCommand) key(name ledger.Name) ledger.Key {
	return ledger.Key{Name: name, Currency: c.create.Amount.Currency}
}

// Claim implements commit.Command.
func (c *createTransferCommand) Claim() *store.Claim { return c.claim }

// Decide implements commit.Command.
func (c *createTransferCommand) Decide(v *commit.View) (commit.Decision, error) {
	c.declined = nil
	from, err := v.Account(c.key(ledger.Wallet(c.create.FromUserID)))
	if err != nil {
		return commit.Decision{}, err
	}
	create := c.create
	create.Balance = from.Balance
	if create.Local {
		to, err := v.Account(c.key(ledger.Wallet(c.create.ToUserID)))
		if err != nil {
			return commit.Decision{}, err
		}
		create.Receiver = receiver(to)
	}
	changes, err := wallet.DecideTransfer(create)
	c.decided = changes.Transfer
	if declined := (*problem.Problem)(nil); c.claim != nil && errors.As(err, &declined) && declined.Code.IsDecline() {
		return c.decline(declined)
	}
	return commit.Decision{Transfer: changes}, err
}

// decline keeps the answer, as that of any decline.
func (c *createTransferCommand) decline(p *problem.Problem) (commit.Decision, error) {
	text, err := json.Marshal(declinedTransfer{p.Code, p.Detail})
	if err != nil {
		return commit.Decision{}, err
	}
	answered := *c.claim
	answered.Answer = text
	c.declined = p
	return commit.Decision{Answered: []store.Claim{answered}}, nil
}

// receiver is a wallet as a transfer's decision sees it. No wallet can be closed
// yet.
func receiver(a ledger.Account) wallet.Receiver { return wallet.Receiver{Balance: a.Balance} }

// receiveCommand is the Tx on the receiver's shard.
type receiveCommand struct {
	transfer wallet.Transfer
	decided  wallet.Transfer
}

// Keys implements commit.Command.
func (c *receiveCommand) Keys(k *store.Keys) {
	k.Received = append(k.Received, c.transfer.ID)
	k.Accounts = append(k.Accounts, c.wallet(),
		ledger.Key{Name: ledger.Transfers, Currency: c.transfer.Amount.Currency})
}

func (c *receiveCommand) wallet() ledger.Key {
	return ledger.Key{Name: ledger.Wallet(c.transfer.ToUserID), Currency: c.transfer.Amount.Currency}
}

// Claim implements commit.Command.
func (c *receiveCommand) Claim() *store.Claim { return nil }

// Decide implements commit.Command.
func (c *receiveCommand) Decide(v *commit.View) (commit.Decision, error) {
	decided, err := v.Received(c.transfer.ID)
	if !problem.Is(err, problem.NotFound) {
		c.decided = decided
		return commit.Decision{}, err
	}
	to, err := v.Account(c.wallet())
	if err != nil {
		return commit.Decision{}, err
	}
	changes := wallet.DecideReceive(c.transfer, receiver(to))
	c.decided = changes.Transfer
	return commit.Decision{Transfer: changes, Received: true}, nil
}

// endTransferCommand is the last Tx, on the sender's shard again.
type endTransferCommand struct {
	received wallet.Transfer
	decided  wallet.Transfer
}

// Keys implements commit.Command.
func (c *endTransferCommand) Keys(k *store.Keys) {
	k.Transfers = append(k.Transfers, c.received.ID)
	if c.received.Status == wallet.TransferFailed {
		k.Accounts = append(k.Accounts,
			ledger.Key{Name: ledger.Wallet(c.received.FromUserID), Currency: c.received.Amount.Currency},
			ledger.Key{Name: ledger.Transfers, Currency: c.received.Amount.Currency})
	}
}

// Claim implements commit.Command.
func (c *endTransferCommand) Claim() *store.Claim { return nil }

// Decide implements commit.Command.
func (c *endTransferCommand) Decide(v *commit.View) (commit.Decision, error) {
	t, err := v.Transfer(c.received.ID)
	if err != nil {
		return commit.Decision{}, err
	}
	changes, err := wallet.DecideTransferOutcome(t, c.received)
	c.decided = changes.Transfer
	return commit.Decision{Transfer: changes}, err
}

// inline runs f to its end, whatever that takes: Config.Within where nothing can
// run beside its caller.
func inline(_ time.Duration, f func()) bool {
	f()
	return true
}
