package sim

import (
	"fmt"
	"slices"

	"florin/ident"
	"florin/money"
	"florin/payment"
	"florin/vault"
)

// users are few, so that they meet; the last one shares its bucket with the
// first.
var users = []int64{1, 2, 3, 4, 5, 1 + ident.Buckets}

const root = "/api/v1/"

// choose makes a client's next request, or repeats an earlier one.
func (l *workload) choose() *request {
	if n := len(l.sent); n > 0 && l.dice.hit(0.15) {
		return l.sent[max(0, n-1-l.dice.IntN(8))]
	}
	if n := len(l.sent); n > 0 && l.dice.hit(0.04) {
		return l.sameKey(l.sent[max(0, n-1-l.dice.IntN(20))])
	}
	r := l.request(pick(l.dice, users...))
	wishes[weighted(l.dice, l.weights...)].make(l, r)
	if r.kind == "" {
		return nil
	}
	l.note(r)
	if r.key != "" || r.name != "" {
		l.sent = append(l.sent, r)
	}
	return r
}

// wish is something that clients want: make fills a request in, or leaves it
// without a kind when there is nothing to send.
type wish struct {
	weight int
	make   func(l *workload, r *request)
}

var wishes = []wish{
	{34, (*workload).authorize},
	{6, (*workload).batch},
	{14, (*workload).confirm},
	{9, (*workload).cancel},
	{17, (*workload).refund},
	{20, (*workload).addMethod},
	{3, (*workload).dropMethod},
	{6, (*workload).look},
	{2, (*workload).list},
	{20, (*workload).capture},
	{22, (*workload).adjust},
	{4, func(_ *workload, r *request) { r.kind = lookWallet }},
	{24, (*workload).transfer},
	{4, (*workload).transfers},
	{12, (*workload).placeHold},
	{14, (*workload).endHold},
	{14, (*workload).authenticate},
	{8, (*workload).contest},
	{8, (*workload).payOut},
	{6, (*workload).storeBatch},
	{6, (*workload).settle},
	{8, (*workload).evidence},
}

// drawWeights draws what a world's clients rather want: what is wanted often
// meets itself.
func drawWeights(d dice) []int {
	var weights []int
	for i, wish := range wishes {
		if weights = append(weights, wish.weight*pick(d, 0, 1, 1, 4)); i == 0 {
			weights[0] = 2 * wish.weight // payments there must be
		}
	}
	return weights
}

func (l *workload) cancel(r *request) {
	l.about(r, cancel, "/cancel", append(slices.Clone(waiting), payment.RequiresAction, payment.RequiresCapture)...)
	for _, c := range l.challenged {
		record := l.w.audit.owner[c.attempt]
		if record.row.Status == payment.RequiresAction && l.dice.hit(0.3) {
			r.payment, r.user = record.row.ID, record.row.UserID
			r.scope = root + "payments/" + r.payment.Text(ident.Payment) + "/cancel"
		}
	}
	if record := l.w.audit.payments[r.payment]; record != nil {
		record.cancelAsked = true
	}
}

func (l *workload) confirm(r *request) {
	l.about(r, confirm, "/confirm", waiting...)
	r.method = pick(l.dice, "", "", l.method(r.user), "pm_card_visa", payment.Wallet)
}

func (l *workload) look(r *request) {
	l.about(r, look, "", payment.Statuses()...)
	r.key = ""
	if record := l.w.audit.payments[r.payment]; record != nil {
		r.seen = record.told
	}
}

func (l *workload) list(r *request) {
	r.kind = listPayments
	for _, id := range l.told {
		if record := l.w.audit.payments[id]; record.row.UserID == r.user {
			r.known = append(r.known, sighting{id, record.told})
		}
	}
}

func (l *workload) capture(r *request) {
	l.about(r, take, "/capture", payment.RequiresCapture)
	if record := l.w.audit.payments[r.payment]; record != nil && l.dice.hit(0.6) {
		r.minor = 1 + l.dice.Int64N(record.row.Amount.Minor)
	}
	r.final = pick(l.dice, nil, nil, new(true), new(false))
}

// sameKey makes another request with the key of an earlier one.
func (l *workload) sameKey(earlier *request) *request {
	r := *earlier
	l.number++
	r.number = l.number
	switch r.kind {
	case authorize:
		r.amount.Minor++
	case adjust:
		if l.dice.hit(0.5) {
			r.amount.Minor++
		}
		l.asked(&r)
	case takeHold:
		l.askedToEnd(&r)
	case storeBatch:
		r.items = nil
		l.storeBatch(&r)
		r.key = earlier.key
	case giveEvidence:
		r.text = pick(l.dice, r.text, "other evidence")
		l.askedToAnswer(&r)
	case settle:
		if l.dice.hit(0.5) {
			r.amount.Minor++
		}
		l.askedToSettle(&r)
	case transfer, placeHold, payOut:
		r.amount.Minor++
		l.want(&r)
	default: // the same again
	}
	l.sent = append(l.sent, &r)
	return &r
}

func (l *workload) request(user int64) *request {
	l.number++
	return &request{number: l.number, user: user}
}

// keyed gives most requests a key; now and then one that may be another's.
func (l *workload) keyed(r *request) {
	switch {
	case l.dice.hit(0.2):
	case l.dice.hit(0.06):
		r.key = fmt.Sprintf("shared %d", l.dice.IntN(4))
	default:
		r.key = fmt.Sprintf("k%d", r.number)
	}
}

func (l *workload) authorize(r *request) {
	r.kind, r.scope = authorize, root+"payments"
	r.amount = money.Amount{Minor: 1 + l.dice.Int64N(5000), Currency: pick[money.Currency](l.dice, "USD", "USD", "JPY")}
	r.method, r.confirm, r.manual = l.method(r.user), l.dice.hit(0.8), l.dice.hit(0.35)
	r.topUp, r.offline = l.dice.hit(0.3), l.dice.hit(0.1)
	if r.method == payment.Wallet && l.dice.hit(0.9) {
		r.manual, r.topUp = false, false
	}
	l.keyed(r)
}

// batch makes a batch of one user's payments, or of several users'.
func (l *workload) batch(r *request) {
	r.kind = batch
	for range 1 + l.dice.IntN(8) {
		item := l.request(pick(l.dice, r.user, pick(l.dice, users...)))
		l.authorize(item)
		r.items = append(r.items, item)
		if item.key != "" {
			l.sent = append(l.sent, item)
		}
	}
	if r.items[0].key != "" && l.dice.hit(0.2) {
		r.items = append(r.items, r.items[0]) // it stands in it twice
	}
}

// What the cards do after they were charged: refunds that fail later or stay
// pending, and disputes.
var (
	refundCards  = []string{"pm_card_refundFail", "pm_card_refundFail", "pm_card_pendingRefund"}
	disputeCards = []string{"pm_card_createDispute", "pm_card_createDisputeProductNotReceived"}
)

// method chooses what to pay with.
func (l *workload) method(user int64) string {
	switch weighted(l.dice, 40, 12, 4, 24, 3, 2, 2, 8, 20, 16, 16) {
	case 0:
		return pick(l.dice, "pm_card_visa", "pm_card_mastercard")
	case 1:
		return pick(l.dice, "pm_card_chargeDeclined", "pm_card_chargeDeclinedInsufficientFunds",
			"pm_card_chargeDeclinedLostCard")
	case 2:
		return "pm_card_radarBlock"
	case 3:
		if known := l.methods[user]; len(known) > 0 {
			return pick(l.dice, known...).Text(ident.PaymentMethod)
		}
		return "pm_card_visa"
	case 4: // perhaps another user's
		if known := l.methods[pick(l.dice, users...)]; len(known) > 0 {
			return pick(l.dice, known...).Text(ident.PaymentMethod)
		}
		return "pm_card_visa"
	case 5:
		return noMethod
	case 8:
		return payment.Wallet
	case 9:
		return pick(l.dice, challengeCards...)
	case 10:
		return pick(l.dice, append(refundCards, disputeCards...)...)
	case 6:
		return l.w.ids.New(user).Text(ident.PaymentMethod)
	default:
		return ""
	}
}

// about makes a request about a payment that clients know: rather a recent one,
// and rather one in which something can come of it.
func (l *workload) about(r *request, k kind, action string, in ...payment.Status) {
	r.kind = k
	r.payment = l.w.ids.New(r.user)
	for try := 0; try < 12 && len(l.told) > 0 && !l.dice.hit(0.01); try++ {
		n := len(l.told)
		r.payment = l.told[max(0, n-1-l.dice.IntN(pick(l.dice, 6, n)))]
		if status := l.w.audit.payments[r.payment].row.Status; slices.Contains(in, status) || l.dice.hit(0.1) {
			break
		}
	}
	if record := l.w.audit.payments[r.payment]; record != nil {
		r.user = record.row.UserID
	}
	r.scope = root + "payments/" + r.payment.Text(ident.Payment) + action
	l.keyed(r)
}

func (l *workload) refund(r *request) {
	l.about(r, giveBack, "", payment.Succeeded, payment.RequiresCapture)
	for _, id := range l.told {
		record := l.w.audit.payments[id]
		special := slices.Contains(refundCards, record.row.PaymentMethod) && record.row.Status == payment.Succeeded
		if special && record.row.RefundedMinor+record.row.RefundPendingMinor == 0 && l.dice.hit(0.4) {
			r.payment, r.user = id, record.row.UserID
		}
	}
	r.scope = root + "refunds"
	r.dest = pick(l.dice, "", "", "", payment.ToCard, payment.ToWallet)
	if record := l.w.audit.payments[r.payment]; record != nil && l.dice.hit(0.7) {
		r.minor = 1 + l.dice.Int64N(record.row.Amount.Minor)
	}
}

func (l *workload) addMethod(r *request) {
	r.kind, r.scope = addMethod, root+"payment_methods"
	number := pick(l.dice, "4242424242424242", "5555555555554444", "4000000000000002", vault.AlwaysBlocked)
	if l.dice.hit(0.05) {
		number = badNumber
	}
	r.card = vault.CardInput{Number: number, ExpMonth: 12, ExpYear: began.Year() + 2, CVC: "123", Name: "A User"}
	l.keyed(r)
}

func (l *workload) dropMethod(r *request) {
	r.kind = dropMethod
	known := l.methods[r.user]
	switch {
	case len(l.using) > 0 && l.dice.hit(0.5): // another client is paying with it
		r.methodID = pick(l.dice, l.using...)
		r.user = l.w.audit.methods[r.methodID].row.UserID
	case len(known) > 0:
		r.methodID = pick(l.dice, known...)
	default:
		r.methodID = l.w.ids.New(r.user)
	}
}
