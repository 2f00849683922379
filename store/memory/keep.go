package memory

import (
	"maps"
	"slices"
	"time"

	"florin/access"
	"florin/event"
	"florin/ledger"
	"florin/payment"
	"florin/store"
	"florin/vault"
	"florin/wallet"
)

// Each keep function copies a row as an engine keeps it: nothing is shared, and
// of times the milliseconds.

func keepTime(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return time.UnixMilli(t.UnixMilli()).UTC()
}

func keepPointer[T any](p *T) *T {
	if p == nil {
		return nil
	}
	value := *p
	return &value
}

// keepPayment copies a payment's own row, without children.
func keepPayment(p payment.Payment) payment.Payment {
	p.Details.Metadata = maps.Clone(p.Details.Metadata)
	if len(p.Details.Metadata) == 0 {
		p.Details.Metadata = nil
	}
	p.Details.Customer = keepPointer(p.Details.Customer)
	p.Details.Risk = keepPointer(p.Details.Risk)
	p.Answered = keepPointer(p.Answered)
	p.Attempts, p.Captures, p.Refunds, p.Disputes = nil, nil, nil, nil
	return p
}

func keepAttempt(a payment.Attempt) payment.Attempt {
	a.AnsweredAt, a.Inquiry.At = keepTime(a.AnsweredAt), keepTime(a.Inquiry.At)
	a.ExpiresAt, a.Reversal = keepTime(a.ExpiresAt), keepPointer(a.Reversal)
	return a
}

func keepCapture(c payment.Capture) payment.Capture {
	c.AnsweredAt, c.Inquiry.At = keepTime(c.AnsweredAt), keepTime(c.Inquiry.At)
	return c
}

func keepDispute(d payment.Dispute) payment.Dispute {
	d.Inquiry.At = keepTime(d.Inquiry.At)
	return d
}

func keepRefund(r payment.Refund) payment.Refund {
	r.AnsweredAt, r.Inquiry.At = keepTime(r.AnsweredAt), keepTime(r.Inquiry.At)
	return r
}

func keepMethod(m vault.PaymentMethod) vault.PaymentMethod {
	m.Sealed, m.DeletedAt = slices.Clone(m.Sealed), keepTime(m.DeletedAt)
	return m
}

func keepAPIKey(k access.APIKey) access.APIKey {
	k.Scopes, k.RevokedAt = slices.Clone(k.Scopes), keepTime(k.RevokedAt)
	return k
}

func keepHold(h wallet.Hold) wallet.Hold {
	h.ExpiresAt, h.Metadata = keepTime(h.ExpiresAt), maps.Clone(h.Metadata)
	return h
}

func keepPayout(p wallet.Payout) wallet.Payout {
	p.Metadata = maps.Clone(p.Metadata)
	return p
}

func keepTransaction(t ledger.Transaction) ledger.Transaction {
	t.Entries = slices.Clone(t.Entries)
	return t
}

func keepStored(e event.Stored) event.Stored {
	e.Data = slices.Clone(e.Data)
	return e
}

func keepClaim(c store.Claim) store.Claim {
	c.At, c.Answer = keepTime(c.At), slices.Clone(c.Answer)
	return c
}
