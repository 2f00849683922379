package sqlite

import (
	"slices"
	"time"

	"florin/ident"
	"florin/payment"
	"florin/store"
	"florin/vault"
)

// recentSize is how many payments a shard remembers.
const recentSize = 8192

// recent remembers the payments that were written last, with their children, as
// they were committed: a payment's second Tx mostly follows its first at once.
type recent struct {
	payments map[ident.ID]*payment.Payment
	order    []ident.ID // a ring once it is full
	next     int
	methods  map[ident.ID]vault.PaymentMethod
}

// method returns a payment method as it was committed last.
func (r *recent) method(id ident.ID) (vault.PaymentMethod, bool) {
	m, ok := r.methods[id]
	m.Sealed = slices.Clone(m.Sealed)
	return m, ok
}

// putMethod remembers a payment method, and forgets all others when there are too
// many.
func (r *recent) putMethod(m vault.PaymentMethod) {
	if r.methods == nil || len(r.methods) >= recentSize {
		r.methods = make(map[ident.ID]vault.PaymentMethod)
	}
	m.Sealed, m.DeletedAt = slices.Clone(m.Sealed), milli(m.DeletedAt)
	r.methods[m.ID] = m
}

// milli cuts what a column does not keep.
func milli(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return time.UnixMilli(t.UnixMilli()).UTC()
}

func (r *recent) clear() {
	clear(r.payments)
	clear(r.methods)
	r.order, r.next = r.order[:0], 0
}

// get returns a copy that the caller may change.
func (r *recent) get(id ident.ID) (payment.Payment, bool) {
	p, ok := r.payments[id]
	if !ok {
		return payment.Payment{}, false
	}
	return cloned(p), true
}

// put remembers a payment that is not remembered yet.
func (r *recent) put(p payment.Payment) {
	if r.payments == nil {
		r.payments = make(map[ident.ID]*payment.Payment, recentSize)
	}
	if len(r.order) < recentSize {
		r.order = append(r.order, p.ID)
	} else {
		delete(r.payments, r.order[r.next])
		r.order[r.next] = p.ID
		r.next = (r.next + 1) % recentSize
	}
	own := cloned(&p)
	r.payments[p.ID] = &own
}

// apply takes over what a Tx has committed. Of a payment that is neither new nor
// remembered nothing is kept, since its children are not known.
func (r *recent) apply(changes *store.Changes) {
	for i := range changes.Methods {
		r.putMethod(changes.Methods[i].Value)
	}
	for i := range changes.Payments {
		c := &changes.Payments[i]
		if c.New {
			p := c.Value
			p.Attempts, p.Captures, p.Refunds, p.Disputes = nil, nil, nil, nil
			r.put(p)
			continue
		}
		if p, ok := r.payments[c.Value.ID]; ok {
			attempts, captures, refunds, disputes := p.Attempts, p.Captures, p.Refunds, p.Disputes
			*p = c.Value
			p.Attempts, p.Captures, p.Refunds, p.Disputes = attempts, captures, refunds, disputes
		}
	}
	for i := range changes.Attempts {
		c := &changes.Attempts[i]
		if p, ok := r.payments[c.Value.Payment]; ok {
			p.Attempts = merged(p.Attempts, c, func(a *payment.Attempt) ident.ID { return a.ID })
		}
	}
	for i := range changes.Captures {
		c := &changes.Captures[i]
		if p, ok := r.payments[c.Value.Payment]; ok {
			p.Captures = merged(p.Captures, c, func(v *payment.Capture) ident.ID { return v.ID })
		}
	}
	for i := range changes.Refunds {
		c := &changes.Refunds[i]
		if p, ok := r.payments[c.Value.Payment]; ok {
			p.Refunds = merged(p.Refunds, c, func(v *payment.Refund) ident.ID { return v.ID })
		}
	}
	for i := range changes.Disputes {
		c := &changes.Disputes[i]
		if p, ok := r.payments[c.Value.Payment]; ok {
			p.Disputes = merged(p.Disputes, c, func(v *payment.Dispute) ident.ID { return v.ID })
		}
	}
}

// merged puts a child among its siblings.
func merged[T any](rows []T, c *store.Change[T], id func(*T) ident.ID) []T {
	if !c.New {
		for i := range rows {
			if id(&rows[i]) == id(&c.Value) {
				rows[i] = c.Value
				return rows
			}
		}
	}
	return append(rows, c.Value)
}

// cloned copies a payment as far as a decision may change it in place.
func cloned(p *payment.Payment) payment.Payment {
	c := *p
	c.Attempts = slices.Clone(p.Attempts)
	c.Captures = slices.Clone(p.Captures)
	c.Refunds = slices.Clone(p.Refunds)
	c.Disputes = slices.Clone(p.Disputes)
	for i := range c.Attempts {
		if r := c.Attempts[i].Reversal; r != nil {
			own := *r
			c.Attempts[i].Reversal = &own
		}
	}
	if p.Answered != nil {
		own := *p.Answered
		c.Answered = &own
	}
	return c
}

// caching tells whether the shard may remember anything beyond a Tx: only the
// process that alone writes may.
func (sh *shard) caching() bool { return sh.cfg.Access == ReadWrite }
