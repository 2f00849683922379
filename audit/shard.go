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
	accounts map[ledger.Key]*history
	gateways map[string]uint16
	// receivables are the gateways' accounts, by the gateways' numbers.
	receivables []ledger.Name

	// Where the last searches ended.
	objectAt, bookingAt, journalAt, toldAt finger

	disagreeing []operation
	phase       phase
}

// object is what is kept of a versioned object: which of its versions have had
// their event.
type object struct {
	user    int64
	seen    uint64 // versions 1 to 64, a bit each
	version int32
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
)

var kinds = [...]ident.Kind{
	paymentKind: ident.Payment, captureKind: ident.Capture, refundKind: ident.Refund,
	disputeKind: ident.Dispute, methodKind: ident.PaymentMethod,
}

// booking is what is kept of a capture, refund or dispute until its transactions
// are seen.
type booking struct {
	payment  ident.ID
	minor    int64
	part     int64 // of a dispute: what the wallet gave
	user     int64 // whose wallet stands for sales; 0 for sales
	gateway  uint16
	currency [3]byte
	kind     kind
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
	}
}

func (s *shard) read(ctx context.Context, snapshot store.Snapshot) error {
	for _, part := range []struct {
		from, to float64 // of the shard's work
		read     func() error
	}{
		{0, .45, func() error { return snapshot.Payments(ctx, s.payment) }},
		{.45, .5, func() error { return snapshot.Methods(ctx, s.method) }},
		{.5, .75, func() error { s.bookings.sort(); return snapshot.Transactions(ctx, s.transaction) }},
		{.75, .78, func() error { return snapshot.Accounts(ctx, s.account) }},
		{.78, 1, func() error { s.objects.sort(); return snapshot.Events(ctx, s.event) }},
	} {
		s.phase = phase{from: part.from, to: part.to}
		if err := part.read(); err != nil {
			return err
		}
	}
	s.unbooked()
	s.unaccounted()
	s.untold()
	s.done(s.number, 1)
	return nil
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
