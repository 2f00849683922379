package audit

import (
	"context"

	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/store"
)

// shard is the audit of one shard: what was seen of it so far.
type shard struct {
	*audit
	tally
	number, shards int

	objects  index[object]        // what has versions
	late     map[ident.ID][]int64 // versions above maxSeen that have had their event
	bookings index[booking]       // what the ledger must hold
	moves    index[move]          // the same, of wallets
	held     map[ledger.Key]*heldSum
	accounts map[ledger.Key]*history
	gateways map[string]uint16
	// receivables are the gateways' accounts, by the gateways' numbers.
	receivables []ledger.Name

	// Where the last searches ended.
	objectAt, bookingAt, moveAt, journalAt, toldAt, batchAt finger

	// before is when what the ledger keeps begins, in milliseconds, a little later;
	// 0 when no month was closed. adjusted are the adjustments of closed months.
	before   int64
	adjusted map[ident.ID]object

	transfers   transfers
	batches     index[batch]
	items       items // of the batch that is being read
	disagreeing []operation
	phase       phase
}

// object is what is kept of a versioned object: which of its versions have had
// their event, and what the last one may tell.
type object struct {
	user    int64
	seen    uint64 // versions 1 to 64, a bit each
	version int32
	last    types
	closed  int32 // versions 1 to this had theirs in closed months
	kind    kind
}

// kind is an ident.Kind in one byte.
type kind uint8

const (
	paymentKind kind = iota
	captureKind
	refundKind
	disputeKind
	methodKind
	transferKind
	batchKind
	holdKind
	payoutKind
	adjustmentKind
	settlementKind // without versions: it is there for what claims it
)

var kinds = [...]ident.Kind{
	paymentKind: ident.Payment, captureKind: ident.Capture, refundKind: ident.Refund,
	disputeKind: ident.Dispute, methodKind: ident.PaymentMethod,
	transferKind: ident.Transfer,
	batchKind:    ident.Batch,
	holdKind:     ident.Hold, payoutKind: ident.Payout, adjustmentKind: ident.Transaction,
	settlementKind: ident.Transaction,
}

// booking is what is kept of a capture, refund or dispute until its transactions
// are seen.
type booking struct {
	payment  ident.ID
	user     int64
	minor    int64
	part     int64 // of a dispute: what the wallet gave
	gateway  uint16
	currency [3]byte
	kind     kind
	topUp    bool  // of a payment into the wallet
	due      posts // what the ledger must hold
	found    posts
}

// posts are kinds of transactions, a bit each.
type posts uint8

var postKinds = [...]ledger.Kind{
	ledger.KindCapture, ledger.KindRefund, ledger.KindRefundFailed,
	ledger.KindDisputeOpened, ledger.KindDisputeWon, ledger.KindDisputeLost,
}

// postOf returns a kind's bit; 0 for one that books something else.
func postOf(k ledger.Kind) posts {
	for i, kind := range postKinds {
		if kind == k {
			return 1 << i
		}
	}
	return 0
}

func dueIf(due bool, k ledger.Kind) posts {
	if due {
		return postOf(k)
	}
	return 0
}

func newShard(a *audit, number int) *shard {
	return &shard{
		audit: a, number: number, shards: a.cfg.Store.Shards(),
		gateways: map[string]uint16{}, late: map[ident.ID][]int64{}, accounts: map[ledger.Key]*history{},
		transfers: transfers{cleared: map[money.Currency]money.Sum{}, due: map[money.Currency]money.Sum{}},
		held:      map[ledger.Key]*heldSum{}, adjusted: map[ident.ID]object{},
	}
}

func (s *shard) read(ctx context.Context, snapshot store.Snapshot) error {
	for _, part := range []struct {
		from, to float64 // of the shard's work
		read     func() error
	}{
		{0, .45, func() error { return snapshot.Payments(ctx, s.payment) }},
		{.45, .48, func() error { return snapshot.Methods(ctx, s.method) }},
		{.48, .53, func() error { return snapshot.Transfers(ctx, s.transfer) }},
		{.53, .55, func() error { return snapshot.Received(ctx, s.receivedTransfer) }},
		{.55, .55, func() error { return snapshot.Holds(ctx, s.hold) }},
		{.55, .55, func() error { return snapshot.Payouts(ctx, s.payout) }},
		{.55, .55, func() error { return snapshot.Batches(ctx, s.batch) }},
		{.55, .55, func() error { s.batches.sort(); return snapshot.BatchItems(ctx, s.batchItem) }},
		{.55, .55, func() error { s.objects.sort(); return snapshot.Checkpoints(ctx, s.checkpoint) }},
		{.55, .75, func() error { s.sortBooked(); s.moves.sort(); return snapshot.Transactions(ctx, s.transaction) }},
		{.75, .78, func() error { return snapshot.Accounts(ctx, s.account) }},
		{.78, .95, func() error { s.addAdjusted(); s.objects.sort(); return snapshot.Events(ctx, s.event) }},
		{.95, 1, func() error { return snapshot.Claims(ctx, s.claim) }},
	} {
		s.phase = phase{from: part.from, to: part.to}
		if err := part.read(); err != nil {
			return err
		}
	}
	s.endItems()
	s.unbooked()
	s.uncleared()
	s.unmoved()
	s.unaccounted()
	s.untold()
	s.done(s.number, 1)
	return nil
}

// sortBooked makes what the ledger must hold ready to be searched.
func (s *shard) sortBooked() {
	s.bookings.sort()
	s.transfers.sent.sort()
	s.transfers.got.sort()
}

// phase is a part of the shard's work.
type phase struct {
	from, to float64
	rows     int
	first    int64 // milliseconds of the first row's id
}

// row counts a row, and tells now and then how far the reading is: as far as the
// row's time is between the first row's and the store's last.
func (s *shard) row(id ident.ID) {
	p := &s.phase
	if p.rows == 0 {
		p.first = id.Millis()
	}
	if p.rows++; p.rows%4096 != 0 {
		return
	}
	part := float64(id.Millis()-p.first) / float64(max(1, s.last-p.first))
	s.done(s.number, p.from+(p.to-p.from)*min(max(part, 0), 1))
}

// placed checks that a row of a user's has its user's bucket in its id, and lies
// on the shard.
func (s *shard) placed(kind ident.Kind, id ident.ID, userID int64) {
	s.check(Placed)
	switch {
	case ident.Shard(userID, s.shards) != s.number:
		s.fail(Placed, kind, id, "is user %d's and lies on shard %d", userID, s.number)
	case id.Bucket() != ident.Bucket(userID):
		s.fail(Placed, kind, id, "is user %d's and has the bucket %d in its id", userID, id.Bucket())
	}
}

func (s *shard) gateway(name string) uint16 {
	number, ok := s.gateways[name]
	if !ok {
		number = uint16(len(s.gateways))
		s.gateways[name] = number
		s.receivables = append(s.receivables, ledger.Receivable(name))
	}
	return number
}

func code(c money.Currency) (code [3]byte) {
	copy(code[:], c)
	return code
}
