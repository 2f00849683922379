package audit

import (
	"slices"

	"florin/ident"
	"florin/ledger"
	"florin/payment"
	"florin/vault"
)

// payment takes a payment with its children.
func (s *shard) payment(p payment.Payment) error {
	s.row(p.ID)
	s.totals.Payments++
	s.totals.Attempts += int64(len(p.Attempts))
	s.totals.Captures += int64(len(p.Captures))
	s.totals.Refunds += int64(len(p.Refunds))
	s.totals.Disputes += int64(len(p.Disputes))
	s.placePayment(p)
	s.countOpen(p)
	last := lastOfPayment(p)
	if !s.checkState(p, s.checkAmounts(p)) {
		last = everyType
	}
	s.keep(p, last)
	s.holdAgainstTold(p)
	return s.holdAgainstJournals(p)
}

func (s *shard) placePayment(p payment.Payment) {
	s.placed(ident.Payment, p.ID, p.UserID)
	for _, a := range p.Attempts {
		s.placed(ident.Attempt, a.ID, p.UserID)
		s.belongs(ident.Attempt, a.ID, a.Payment == p.ID && a.UserID == p.UserID, p)
	}
	for _, c := range p.Captures {
		s.placed(ident.Capture, c.ID, p.UserID)
		s.belongs(ident.Capture, c.ID, c.Payment == p.ID && c.UserID == p.UserID, p)
	}
	for _, r := range p.Refunds {
		s.placed(ident.Refund, r.ID, p.UserID)
		s.belongs(ident.Refund, r.ID, r.Payment == p.ID && r.UserID == p.UserID, p)
	}
	for _, d := range p.Disputes {
		s.placed(ident.Dispute, d.ID, p.UserID)
		s.belongs(ident.Dispute, d.ID, d.Payment == p.ID && d.UserID == p.UserID, p)
	}
}

func (s *shard) belongs(kind ident.Kind, id ident.ID, does bool, p payment.Payment) {
	if !does {
		s.fail(Placed, kind, id, "stands with %s of user %d, and names another payment or user",
			p.ID.Text(ident.Payment), p.UserID)
	}
}

func (s *shard) countOpen(p payment.Payment) {
	for _, a := range p.Attempts {
		if a.Outcome.Open() {
			s.open.Attempts++
		}
		if a.Reversal != nil && a.Reversal.Status == payment.OperationPending {
			s.open.Reversals++
		}
	}
	for _, c := range p.Captures {
		if c.Status == payment.OperationPending {
			s.open.Captures++
		}
	}
	for _, r := range p.Refunds {
		if r.Status == payment.OperationPending {
			s.open.Refunds++
		}
	}
}

// keep remembers what the ledger and the feed must tell of the payment, whose last
// event is one of last.
func (s *shard) keep(p payment.Payment, last types) {
	s.objects.add(p.ID, object{user: p.UserID, version: int32(p.Version), kind: paymentKind, last: last})
	currency := code(p.Amount.Currency)
	for _, c := range p.Captures {
		s.objects.add(c.ID, object{
			user: p.UserID, version: int32(c.Version), kind: captureKind, last: captureTypes[c.Status],
		})
		name := ""
		if i := attemptOf(p, c); i >= 0 {
			name = p.Attempts[i].Gateway
		}
		s.bookings.add(c.ID, booking{
			payment: p.ID, user: p.UserID, topUp: p.Purpose == payment.WalletTopUp, minor: c.Minor,
			gateway: s.gateway(name), currency: currency, kind: captureKind,
			due: dueIf(c.Status == payment.OperationSucceeded, ledger.KindCapture),
		})
	}
	for _, r := range p.Refunds {
		s.objects.add(r.ID, object{
			user: p.UserID, version: int32(r.Version), kind: refundKind, last: refundTypes[r.Status],
		})
		s.bookings.add(r.ID, booking{
			payment: p.ID, user: p.UserID, topUp: p.Purpose == payment.WalletTopUp, minor: r.Amount.Minor,
			gateway: s.gateway(r.Gateway), currency: code(r.Amount.Currency), kind: refundKind,
			due: dueIf(r.Status == payment.OperationSucceeded || r.FailedLater(), ledger.KindRefund) |
				dueIf(r.FailedLater(), ledger.KindRefundFailed),
		})
		s.keepTopUpRefund(p, r)
	}
	for _, d := range p.Disputes {
		s.objects.add(d.ID, object{
			user: p.UserID, version: int32(d.Version), kind: disputeKind, last: disputeTypes[d.Status],
		})
		s.bookings.add(d.ID, booking{
			payment: p.ID, minor: d.Amount.Minor, part: d.WalletMinor, gateway: s.gateway(d.Gateway),
			currency: code(d.Amount.Currency), kind: disputeKind, user: p.UserID,
			topUp: p.Purpose == payment.WalletTopUp,
			due: dueIf(true, ledger.KindDisputeOpened) | dueIf(d.Status == payment.DisputeWon, ledger.KindDisputeWon) |
				dueIf(d.Status == payment.DisputeLost && p.Purpose != payment.WalletTopUp, ledger.KindDisputeLost),
		})
	}
}

// attemptOf returns the place of a capture's attempt, or -1.
func attemptOf(p payment.Payment, c payment.Capture) int {
	return slices.IndexFunc(p.Attempts, func(a payment.Attempt) bool { return a.ID == c.Attempt })
}

// checkAmounts holds the payment's sums against each other, its captures and its
// refunds, and tells whether they agree.
func (s *shard) checkAmounts(p payment.Payment) bool {
	s.check(Bounded)
	if !bounded(p) {
		s.fail(Bounded, ident.Payment, p.ID, "authorized %d, captured %d and %d pending, refunded %d and %d pending",
			p.AuthorizedMinor, p.CapturedMinor, p.CapturePendingMinor, p.RefundedMinor, p.RefundPendingMinor)
		return false
	}
	s.check(Booked)
	captured, capturing := int64(0), int64(0)
	for _, c := range p.Captures {
		addTo(&captured, &capturing, c.Status, c.Minor)
	}
	refunded, refunding, foreign := int64(0), int64(0), false
	for _, r := range p.Refunds {
		addTo(&refunded, &refunding, r.Status, r.Amount.Minor)
		foreign = foreign || r.Amount.Currency != p.Amount.Currency
	}
	disputed := int64(0)
	for _, d := range p.Disputes {
		if d.Status != payment.DisputeWon {
			disputed += d.Amount.Minor
		}
		foreign = foreign || d.Amount.Currency != p.Amount.Currency
	}
	switch {
	case p.DisputedMinor != disputed:
		s.fail(Booked, ident.Payment, p.ID, "disputed %d, its disputes %d", p.DisputedMinor, disputed)
	case foreign:
		s.fail(Booked, ident.Payment, p.ID, "is in %s and has a refund or dispute in another currency", p.Amount.Currency)
	case p.CapturedMinor != captured || p.CapturePendingMinor != capturing:
		s.fail(Booked, ident.Payment, p.ID, "captured %d and %d pending, its captures %d and %d",
			p.CapturedMinor, p.CapturePendingMinor, captured, capturing)
	case p.RefundedMinor != refunded || p.RefundPendingMinor != refunding:
		s.fail(Booked, ident.Payment, p.ID, "refunded %d and %d pending, its refunds %d and %d",
			p.RefundedMinor, p.RefundPendingMinor, refunded, refunding)
	default:
		return true
	}
	return false
}

func addTo(done, pending *int64, status payment.OperationStatus, minor int64) {
	switch status {
	case payment.OperationSucceeded:
		*done += minor
	case payment.OperationPending:
		*pending += minor
	case payment.OperationFailed:
	}
}

func bounded(p payment.Payment) bool {
	for _, minor := range []int64{
		p.AuthorizedMinor, p.CapturePendingMinor, p.CapturedMinor, p.RefundPendingMinor, p.RefundedMinor,
	} {
		if minor < 0 || minor > p.Amount.Minor {
			return false
		}
	}
	return p.CapturedMinor+p.CapturePendingMinor <= p.AuthorizedMinor &&
		p.RefundedMinor+p.RefundPendingMinor <= p.CapturedMinor
}

// checkState counts the charges that stand, and asks the payment itself, unless
// its amounts are wrong already. It tells whether nothing was found.
func (s *shard) checkState(p payment.Payment, sound bool) bool {
	s.check(ChargedOnce)
	standing := 0
	for _, a := range p.Attempts {
		if a.Stands() {
			standing++
		}
	}
	if standing > 1 {
		s.fail(ChargedOnce, ident.Payment, p.ID, "has %d approved attempts that are not reversed", standing)
		return false
	}
	if !sound {
		return false
	}
	s.check(Consistent)
	err := p.Check()
	switch latest := slices.ContainsFunc(p.Attempts, func(a payment.Attempt) bool { return a.ID == p.Attempt }); {
	case err != nil:
		s.fail(Consistent, ident.Payment, p.ID, "%v", err)
	case !slices.Contains(statuses, p.Status):
		s.fail(Consistent, ident.Payment, p.ID, "has the status %q", p.Status)
	case !p.Attempt.IsZero() && !latest:
		s.fail(Consistent, ident.Payment, p.ID, "names %s, which is none of its attempts", p.Attempt.Text(ident.Attempt))
	default:
		return true
	}
	return false
}

// method takes a payment method.
func (s *shard) method(m vault.PaymentMethod) error {
	s.row(m.ID)
	s.totals.Methods++
	s.placed(ident.PaymentMethod, m.ID, m.UserID)
	s.objects.add(m.ID, object{
		user: m.UserID, version: int32(m.Version), kind: methodKind, last: lastOfMethod(m),
	})
	s.check(Consistent)
	if !m.DeletedAt.IsZero() && len(m.Sealed) > 0 {
		s.fail(Consistent, ident.PaymentMethod, m.ID, "is deleted and still has its card")
	}
	return nil
}
