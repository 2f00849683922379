package sim

import (
	"context"
	"fmt"
	"slices"
	"time"

	"florin/ident"
	"florin/payment"
	"florin/problem"
)

// workload is what the clients want, and what they know.
type workload struct {
	w       *world
	dice    dice
	sent    []*request           // those with keys, each once
	told    []ident.ID           // payments, in the order in which clients heard of them
	heard   map[ident.ID]bool    // those in told
	methods map[int64][]ident.ID // by user: what clients have stored
	using   []ident.ID           // methods that clients have paid with just now
	held    []ident.ID           // holds that clients were told of

	challenged []challenge // that clients were told of
	number     int         // of the last request
	clients    int         // at work
	ending     bool        // everything is settled
	weights    []int       // of what they want
}

func newWorkload(w *world) *workload {
	d := newDice(w.cfg.Seed, streamWorkload)
	return &workload{
		w: w, dice: d, weights: drawWeights(d), heard: map[ident.ID]bool{},
		methods: map[int64][]ident.ID{}, clients: w.shape.clients,
	}
}

// learn notes a payment that a client was told of.
func (l *workload) learn(p payment.Payment) {
	if !l.heard[p.ID] {
		l.heard[p.ID] = true
		l.told = append(l.told, p.ID)
	}
	if c := (challenge{p.Attempt, p.Gateway}); p.Status == payment.RequiresAction && !slices.Contains(l.challenged, c) {
		l.challenged = append(l.challenged, c)
	}
}

// note keeps the stored payment methods of the latest requests to pay. Now and
// then another client deletes one meanwhile.
func (l *workload) note(r *request) {
	const latest = 3
	id, err := ident.Parse(ident.PaymentMethod, r.method)
	if m := l.w.audit.methods[id]; err != nil || m == nil || m.row.UserID != r.user {
		return
	}
	if l.using = append(l.using, id); len(l.using) > latest {
		l.using = l.using[1:]
	}
	if l.dice.hit(0.5) {
		l.clients++
		l.w.spawn(nil, "rival", func() {
			rival := l.request(r.user)
			rival.kind, rival.methodID = dropMethod, id
			l.w.sleep(l.dice.between(0, pick(l.dice, 0, 0, 20*time.Millisecond, 2*time.Second)))
			l.deliver(rival)
			l.clients--
		})
	}
}

// quiet tells whether every client has its answers and has gone.
func (l *workload) quiet() bool { return l.clients == 0 }

// run is a client: a task that sends one request after the other.
func (l *workload) run() {
	for !l.w.calm {
		l.w.sleep(l.dice.between(0, pick[time.Duration](l.dice, 10, 100, 3000)*time.Millisecond))
		if !l.w.calm {
			l.deliver(l.choose()) // nil is nothing to send
		}
	}
	l.clients--
}

// deliver sends a request until it is answered. One without a key is not
// repeated, since it would be another one.
func (l *workload) deliver(r *request) {
	sent := sending{seq: l.w.audit.seq, first: l.w.step}
	for r != nil {
		sent.step, sent.calm, sent.at = l.w.step, l.w.calm, l.w.now()
		sent.setBack = l.w.setBack
		r = l.try(r, sent)
		if r != nil {
			l.w.sleep(l.dice.between(50*time.Millisecond, 4*time.Second))
		}
	}
}

// try sends a request to some instance, and returns what of it is to be sent
// again; nil for nothing.
func (l *workload) try(r *request, sent sending) (again *request) {
	home := l.w.anyInstance()
	for home == nil {
		l.w.sleep(100 * time.Millisecond)
		home = l.w.anyInstance()
	}
	l.w.report.Requests++
	l.w.say("sends %s to %s", r, home)
	ctx, hangUp := context.WithCancel(background())
	defer hangUp()
	var got answer
	t := l.w.spawn(home, fmt.Sprintf("request %d", r.number), func() { got = r.call(ctx, home.flow) })
	answered := func() bool { return t.done }
	switch {
	case l.w.hit(l.w.faults.hangUp / 2):
		hangUp()
		l.w.await(answered)
		l.w.count("hung up at once")
		return r.repeated()
	case l.w.hit(l.w.faults.hangUp):
		l.w.awaitUntil(answered, l.w.now().Add(l.dice.between(0, 10*time.Second)))
		if !t.done {
			l.w.say("hangs up on %s", r)
			l.w.count("hung up")
			return r.repeated()
		}
	default:
		l.w.await(answered)
	}
	if t.killed {
		l.w.say("loses %s", r)
		return r.repeated()
	}
	return l.take(r, got, sent)
}

// take takes an answer, and returns what is to be sent again.
func (l *workload) take(r *request, got answer, sent sending) (again *request) {
	if r.kind != batch && r.kind != transferBatch {
		l.w.say("%s is answered %s", r, got)
		if l.w.audit.answered(r, got, sent) {
			return r.repeated()
		}
		return nil
	}
	answers := got.items()
	if len(answers) != len(r.items) {
		l.w.fail("audit: %s of %d has %d answers", r, len(r.items), len(answers))
		return nil
	}
	left := *r
	left.items = nil
	for i, item := range r.items {
		one := answers[i]
		l.w.say("%s is answered %s", item, one)
		if l.w.audit.answered(item, one, sent) && item.key != "" {
			left.items = append(left.items, item)
		}
	}
	return left.repeated()
}

// repeated returns what a client may send again: what has a key.
func (r *request) repeated() *request {
	left := *r
	left.items = slices.DeleteFunc(slices.Clone(r.items), func(item *request) bool {
		return item.key == "" && r.kind != storeBatch
	})
	if r.key == "" && r.name == "" && (len(left.items) == 0 || r.kind == storeBatch) {
		return nil
	}
	return &left
}

func (got answer) String() string {
	switch {
	case got.err != nil:
		return string(problem.CodeOf(got.err))
	case !got.capture.Capture.ID.IsZero():
		return fmt.Sprintf("%s %s, replayed %t", got.capture.Capture.ID.Text(ident.Capture),
			got.capture.Capture.Status, got.capture.Replayed)
	case !got.refund.Refund.ID.IsZero():
		return fmt.Sprintf("%s %s, replayed %t", got.refund.Refund.ID.Text(ident.Refund),
			got.refund.Refund.Status, got.refund.Replayed)
	case !got.payment.Payment.ID.IsZero():
		p := got.payment.Payment
		return fmt.Sprintf("%s %s version %d, replayed %t", p.ID.Text(ident.Payment), p.Status, p.Version,
			got.payment.Replayed)
	case !got.transfer.Transfer.ID.IsZero():
		t := got.transfer.Transfer
		return fmt.Sprintf("%s %s, replayed %t", t.ID.Text(ident.Transfer), t.Status, got.transfer.Replayed)
	default:
		return "ok"
	}
}
