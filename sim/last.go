package sim

import (
	"maps"
	"slices"

	"florin/event"
	"florin/flow"
	"florin/ident"
	"florin/payment"
	"florin/store"
)

// last is the last client: when everything is settled it sends every request
// that has a key once more, and reads all there is to read.
func (l *workload) last() {
	l.ending = true
	for _, r := range slices.Clone(l.sent) {
		l.deliver(r)
	}
	s := l.w.anyInstance().flow
	l.readWallets()
	l.readEvents(s)
	l.readPayments(s)
	l.readRefunds(s)
	l.readTransfers(s)
	l.readBatches(s)
}

// readEvents follows the feed of all shards, a page at a time.
func (l *workload) readEvents(s *flow.Service) {
	const page = 50
	known := l.w.audit.events
	at := make([]event.Position, len(known))
	read := make([]int, len(known))
	for {
		events, next, err := s.Events(background(), at, page)
		if err != nil {
			l.w.fail("audit: the feed cannot be read: %v", err)
			return
		}
		for _, e := range events {
			shard := e.ID.Shard(len(known))
			if n := read[shard]; n >= len(known[shard]) || known[shard][n].ID != e.ID {
				l.w.fail("audit: event %d of shard %d is out of its order in the feed", e.Position, shard)
				return
			}
			read[shard]++
		}
		if at = next; len(events) == 0 {
			break
		}
	}
	for shard := range known {
		if read[shard] != len(known[shard]) {
			l.w.fail("audit: the feed has %d of %d events of shard %d", read[shard], len(known[shard]), shard)
		}
	}
}

// readWallets looks at every user's wallet.
func (l *workload) readWallets() {
	for _, user := range users {
		r := l.request(user)
		r.kind = lookWallet
		l.deliver(r)
	}
}

// readPayments reads the list of all payments, a page at a time.
func (l *workload) readPayments(s *flow.Service) {
	var want []ident.ID
	for _, r := range l.w.audit.order {
		want = append(want, r.row.ID)
	}
	l.compare("payments", want, func(after ident.ID) (ids []ident.ID, err error) {
		list, err := s.Payments(background(), store.PaymentQuery{Page: store.Page{Limit: 30, After: after}})
		for _, p := range list {
			ids = append(ids, p.ID)
		}
		return ids, err
	})
}

// readRefunds does the same for the refunds that were done.
func (l *workload) readRefunds(s *flow.Service) {
	var want []ident.ID
	for _, r := range l.w.audit.order {
		for _, f := range r.refunds {
			if f.row.Status == payment.OperationSucceeded {
				want = append(want, f.row.ID)
			}
		}
	}
	l.compare("refunds", want, func(after ident.ID) (ids []ident.ID, err error) {
		list, err := s.Refunds(background(), store.RefundQuery{
			Page: store.Page{Limit: 30, After: after}, Status: payment.OperationSucceeded,
		})
		for _, f := range list {
			ids = append(ids, f.ID)
		}
		return ids, err
	})
}

// readTransfers does the same for the transfers.
func (l *workload) readTransfers(s *flow.Service) {
	want := slices.Collect(maps.Keys(l.w.audit.transfers))
	l.compare("transfers", want, func(after ident.ID) (ids []ident.ID, err error) {
		list, err := s.Transfers(background(), store.TransferQuery{Page: store.Page{Limit: 30, After: after}})
		for _, t := range list {
			ids = append(ids, t.ID)
		}
		return ids, err
	})
}

// compare checks that a list's pages have every id that is wanted, newest first.
func (l *workload) compare(what string, want []ident.ID, page func(after ident.ID) ([]ident.ID, error)) {
	slices.SortFunc(want, func(a, b ident.ID) int { return b.Compare(a) })
	var got []ident.ID
	var after ident.ID
	for {
		ids, err := page(after)
		if err != nil {
			l.w.fail("audit: the %s cannot be listed: %v", what, err)
			return
		}
		if len(ids) == 0 {
			break
		}
		got, after = append(got, ids...), ids[len(ids)-1]
	}
	if !slices.Equal(got, want) {
		l.w.fail("audit: the list has %d %s of %d", len(got), what, len(want))
	}
}
