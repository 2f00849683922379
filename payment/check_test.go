package payment_test

import (
	"testing"
	"time"

	"florin/ident"
	"florin/payment"
	"florin/problem"
)

func TestCheckOfWhatIsSound(t *testing.T) {
	t.Parallel()
	for status, p := range standing(t) {
		for _, r := range rows() {
			if changes, err := r.decided(p); err == nil {
				p = changes.Payment
			}
			if err := p.Check(); err != nil {
				t.Errorf("%s, after %s: %v", status, r.title, err)
			}
		}
	}
}

// Each corruption alone makes Check speak.
func TestCheckOfWhatIsBroken(t *testing.T) {
	t.Parallel()
	payments := standing(t)
	limit := payments[payment.Succeeded].Amount.Currency.MaxMinor()
	for name, c := range map[string]struct {
		status  payment.Status
		corrupt func(*payment.Payment)
	}{
		"no amount":        {payment.Declined, func(p *payment.Payment) { p.Amount.Minor = 0 }},
		"a debt as amount": {payment.Declined, func(p *payment.Payment) { p.Amount.Minor = -5000 }},
		"a huge amount":    {payment.Declined, func(p *payment.Payment) { p.Amount.Minor = limit + 1 }},
		"a huge amount in a currency of few digits": {payment.Declined, func(p *payment.Payment) {
			p.Amount.Currency, p.Amount.Minor = "JPY", 10_000_000_000_000
		}},
		"version 0":         {payment.Declined, func(p *payment.Payment) { p.Version = 0 }},
		"version -1":        {payment.Declined, func(p *payment.Payment) { p.Version = -1 }},
		"no status":         {payment.Declined, func(p *payment.Payment) { p.Status = "" }},
		"a status refunded": {payment.Declined, func(p *payment.Payment) { p.Status = "refunded" }},

		"succeeded, and never booked": {payment.Succeeded, func(p *payment.Payment) {
			p.Captures, p.AuthorizedMinor, p.CapturedMinor = nil, 0, 0
		}},
		"succeeded with a part": {payment.Succeeded, func(p *payment.Payment) {
			p.Captures[0].Minor, p.CapturedMinor = 4999, 4999
		}},
		"succeeded with a failed capture": {payment.Succeeded, func(p *payment.Payment) {
			p.Captures[0].Status = payment.OperationFailed
		}},
		"captured on another attempt": {payment.Succeeded, func(p *payment.Payment) {
			p.Captures[0].Attempt = attempt(99)
		}},
		"an attempt at another amount": {payment.Succeeded, func(p *payment.Payment) { p.Attempts[0].Minor-- }},
		"an open attempt that nobody asks about": {payment.Processing, func(p *payment.Payment) {
			p.Attempts[len(p.Attempts)-1].Inquiry.At = time.Time{}
		}},
		"captured more than authorized": {payment.Succeeded, func(p *payment.Payment) { p.AuthorizedMinor-- }},
		"captured without authorization": {payment.Succeeded, func(p *payment.Payment) {
			p.AuthorizedMinor = 0
		}},
		"capturing more than authorized": {payment.Succeeded, func(p *payment.Payment) { p.CapturePendingMinor = 1 }},
		"capturing before authorization": {payment.Processing, func(p *payment.Payment) { p.CapturePendingMinor = 1 }},
		"refunded more than captured":    {payment.Succeeded, func(p *payment.Payment) { p.RefundedMinor = 5001 }},
		"refunding more than captured":   {payment.Succeeded, func(p *payment.Payment) { p.RefundPendingMinor = 5001 }},
		"both more than captured": {payment.Succeeded, func(p *payment.Payment) {
			p.RefundedMinor, p.RefundPendingMinor = 2500, 2501
		}},
		"refunded before capture": {payment.RequiresCapture, func(p *payment.Payment) { p.RefundedMinor = 1 }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			broken(t, payments[c.status], c.corrupt)
		})
	}
}

// Every sum alone out of its range, whatever the others are.
func TestCheckOfSums(t *testing.T) {
	t.Parallel()
	sound := clone(standing(t)[payment.Succeeded])
	limit := sound.Amount.Currency.MaxMinor()
	sound.Amount.Minor, sound.AuthorizedMinor, sound.CapturedMinor = limit, limit, limit
	sound.Captures[0].Minor = limit
	for i := range sound.Attempts {
		sound.Attempts[i].Minor = limit
	}
	if err := sound.Check(); err != nil {
		t.Fatal(err)
	}
	for name, sum := range map[string]func(*payment.State) *int64{
		"authorized":      func(s *payment.State) *int64 { return &s.AuthorizedMinor },
		"capture pending": func(s *payment.State) *int64 { return &s.CapturePendingMinor },
		"captured":        func(s *payment.State) *int64 { return &s.CapturedMinor },
		"refund pending":  func(s *payment.State) *int64 { return &s.RefundPendingMinor },
		"refunded":        func(s *payment.State) *int64 { return &s.RefundedMinor },
		"disputed":        func(s *payment.State) *int64 { return &s.DisputedMinor },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, minor := range []int64{-1, -1 << 63, sound.AuthorizedMinor + 1, 1<<63 - 1} {
				if name == "disputed" && minor > 0 {
					continue // a gateway may report any number of disputes
				}
				broken(t, sound, func(p *payment.Payment) { *sum(&p.State) = minor })
			}
		})
	}
}

// Every status with attempts that do not fit it: open and standing ones too many
// or too few. A reversed approval stands no more.
func TestCheckOfAttempts(t *testing.T) {
	t.Parallel()
	one := func(id ident.ID, outcome payment.Outcome) payment.Attempt {
		return payment.Attempt{
			ID: id, Minor: 5000, Outcome: outcome, Inquiry: payment.Inquiry{At: time.Unix(1, 0)}, ExpiresAt: after(60),
		}
	}
	open, unknown := one(attempt(7), payment.OutcomePending), one(attempt(8), payment.OutcomeUnknown)
	declined := one(attempt(10), payment.OutcomeDeclined)
	for status, p := range standing(t) {
		approved := one(attempt(9), payment.OutcomeApproved)
		if len(p.Captures) > 0 {
			approved.ID = p.Captures[0].Attempt
		}
		reversed := one(attempt(11), payment.OutcomeApproved)
		reversed.Reversal = &payment.Reversal{Status: payment.OperationPending}
		for name, list := range map[string][]payment.Attempt{
			"":                  nil,
			"o":                 {open},
			"u":                 {unknown},
			"oo":                {open, open},
			"ou":                {open, unknown},
			"s":                 {approved},
			"ss":                {approved, approved},
			"os":                {open, approved},
			"so":                {approved, open},
			"s with a reversal": {approved, reversed, declined},
			"o with a reversal": {reversed, declined, open},
			"reversals":         {reversed, declined, reversed},
		} {
			var want bool
			switch status {
			case payment.Processing, payment.RequiresAction:
				want = name == "o" || name == "u" || name == "o with a reversal"
			case payment.Succeeded, payment.RequiresCapture:
				want = name == "s" || name == "s with a reversal"
			default:
				want = name == "" || name == "reversals"
			}
			p.Attempts = list
			if err := p.Check(); (err == nil) != want {
				t.Errorf("%s with %q: %v", status, name, err)
			}
		}
	}
}

// What nobody would ever finish, or is of a charge that the payment does not have.
func TestCheckOfWhatIsAwaited(t *testing.T) {
	t.Parallel()
	payments := standing(t)
	succeeded, authorized := payments[payment.Succeeded], payments[payment.RequiresCapture]
	refunding := followed(t, succeeded, refunds(1, 1000))
	refunded := followed(t, refunding, refundEnds(1, payment.OperationSucceeded))
	capturing := followed(t, authorized, captures(7, 1000, nil))
	canceled := followed(t, authorized, cancels)
	disputed := followed(t, succeeded, disputes(1, 1000))
	answered := followed(t, disputed, submits(1))
	handedIn := followed(t, answered, submitted(1, true))
	reviewed := followed(t, disputed, disputeEnds(1, payment.DisputeUnderReview))
	for name, c := range map[string]struct {
		p       payment.Payment
		corrupt func(*payment.Payment)
	}{
		"a refund":           {refunding, func(p *payment.Payment) { p.Refunds[0].Inquiry.At = time.Time{} }},
		"a refund of none":   {refunded, func(p *payment.Payment) { p.Refunds[0].Attempt = attempt(9) }},
		"a capture":          {capturing, func(p *payment.Payment) { p.Captures[0].Inquiry.At = time.Time{} }},
		"a capture of none":  {capturing, func(p *payment.Payment) { p.Captures[0].Attempt = attempt(9) }},
		"a reversal":         {canceled, func(p *payment.Payment) { p.Attempts[1].Inquiry.At = time.Time{} }},
		"an authorization":   {authorized, func(p *payment.Payment) { p.Attempts[1].ExpiresAt = time.Time{} }},
		"evidence":           {answered, func(p *payment.Payment) { p.Disputes[0].Inquiry.At = time.Time{} }},
		"a dispute of none":  {disputed, func(p *payment.Payment) { p.Disputes[0].Attempt = attempt(9) }},
		"evidence, and none": {handedIn, func(p *payment.Payment) { p.Disputes[0].Inquiry.Count = 0 }},
		"a review of none":   {reviewed, func(p *payment.Payment) { p.Disputes[0].Attempt = ident.ID{} }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			broken(t, c.p, c.corrupt)
		})
	}
}

// broken corrupts a sound payment, and wants every decision to refuse it.
func broken(t *testing.T, p payment.Payment, corrupt func(*payment.Payment)) {
	t.Helper()
	p = clone(p)
	if err := p.Check(); err != nil {
		t.Fatalf("already broken: %v", err)
	}
	corrupt(&p)
	if err := p.Check(); !problem.Is(err, problem.Internal) {
		t.Errorf("%+v: got %v", p.State, err)
	}
	for _, r := range rows() {
		if changes, err := r.step(p); err == nil && (changes.Changed || len(changes.Transactions) > 0) {
			if err := changes.Payment.Check(); err != nil {
				t.Errorf("%s goes on with it: %v", r.title, err)
			}
		}
	}
}
