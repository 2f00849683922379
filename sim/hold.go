package sim

import (
	"slices"
	"time"

	"florin/event"
	"florin/flow"
	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/store"
	"florin/wallet"
)

// holdRecord is what the auditor knows of a hold.
type holdRecord struct {
	row    wallet.Hold
	states []moment[wallet.HoldStatus]
	asked  []*request // to capture it
}

// longest is how long a hold may last that is to end by itself within the run.
const longest = time.Minute

// takeHold takes a hold's row, and returns what must be booked.
func (a *auditor) takeHold(shard int, change store.Change[wallet.Hold]) *booking {
	h := change.Value
	name := h.ID.Text(ident.Hold)
	record := a.holds[h.ID]
	if change.New != (record == nil) || h.ID.Shard(a.w.cfg.Shards) != shard {
		a.fail("%s is written as new: %t, on shard %d", name, change.New, shard)
		return nil
	}
	own, held := ledger.Wallet(h.UserID), ledger.Held(h.UserID)
	a.note(h.ID, ident.Hold, h.Status == wallet.HoldActive && h.ExpiresAt.Sub(h.ID.Time()) < time.Hour)
	if record == nil {
		r := a.wanted[h.Reason]
		switch {
		case r == nil || h.UserID != r.user || h.Amount != r.amount:
			a.fail("%s is none that anybody asked for", name)
		case a.descriptions[h.Reason]:
			a.fail("%s has two holds", r)
		case h.Status != wallet.HoldActive || h.Version != 1 || h.CapturedMinor != 0:
			a.fail("%s begins %s, in version %d", name, h.Status, h.Version)
		}
		a.descriptions[h.Reason] = true
		a.objects[h.ID] = ident.Hold
		a.holds[h.ID] = &holdRecord{row: h, states: []moment[wallet.HoldStatus]{{a.seq, h.Status}}}
		return move(ledger.KindHoldPlaced, h.UserID, h.Amount, own, held)
	}
	if old := record.row; old.Status != wallet.HoldActive || h.Version != 2 || h.Amount != old.Amount ||
		h.UserID != old.UserID || !h.ExpiresAt.Equal(old.ExpiresAt) {
		a.fail("%s goes from %s to %s, in version %d", name, old.Status, h.Status, h.Version)
	}
	record.row = h
	record.states = append(record.states, moment[wallet.HoldStatus]{a.seq, h.Status})
	a.w.count("hold " + string(h.Status))
	return a.endOfHold(record)
}

// endOfHold returns what the end of a hold must book, which somebody asked for.
func (a *auditor) endOfHold(record *holdRecord) *booking {
	h := record.row
	name := h.ID.Text(ident.Hold)
	own, held := ledger.Wallet(h.UserID), ledger.Held(h.UserID)
	switch h.Status {
	case wallet.HoldCaptured:
		if !slices.ContainsFunc(record.asked, func(r *request) bool { return r.taking(h) == h.CapturedMinor }) {
			a.fail("%s is captured with %d, which nobody asked for", name, h.CapturedMinor)
		}
		b := move(ledger.KindHoldCaptured, h.UserID, h.Amount, held, ledger.Sales)
		b.minor[ledger.Sales] = h.CapturedMinor
		if rest := h.Amount.Minor - h.CapturedMinor; rest > 0 {
			b.minor[own] = rest
		}
		return b
	case wallet.HoldExpired:
		if a.w.latest.Before(h.ExpiresAt) {
			a.fail("%s has expired before its time", name)
		}
	case wallet.HoldReleased:
	case wallet.HoldActive:
		a.fail("%s is written again", name)
	}
	return move(ledger.KindHoldReleased, h.UserID, h.Amount, held, own)
}

// taking returns how much of a hold a request to capture it takes.
func (r *request) taking(h wallet.Hold) int64 {
	if r.minor == 0 {
		return h.Amount.Minor
	}
	return r.minor
}

var holdEvents = map[wallet.HoldStatus]event.Type{
	wallet.HoldActive:   event.HoldCreated,
	wallet.HoldCaptured: event.HoldCaptured,
	wallet.HoldReleased: event.HoldReleased,
	wallet.HoldExpired:  event.HoldExpired,
}

// checkHolds checks, after a commit, the events of its holds.
func (a *auditor) checkHolds(c *store.Changes) {
	for _, change := range c.Holds {
		a.checkVersion(ident.Hold, change.Value.ID, change.Value.Version)
	}
	for _, e := range c.Events {
		if e.Kind != ident.Hold {
			continue
		}
		if record := a.holds[e.Object]; record == nil || e.Type != holdEvents[record.row.Status] {
			a.fail("%s of %s", e.Type, e.Object.Text(e.Kind))
		}
	}
}

// ended tells whether a request's hold is over, so that nothing ends it again.
func (r *request) ended(a *auditor) bool {
	record := a.holds[r.hold]
	if record == nil {
		return false
	}
	last := record.states[len(record.states)-1]
	return last.value != wallet.HoldActive || r.kind == takeHold && !a.w.latest.Before(record.row.ExpiresAt)
}

// overtakes tells whether a request is to capture more than its hold has.
func (r *request) overtakes(a *auditor) bool {
	record := a.holds[r.hold]
	return r.kind == takeHold && record != nil && r.minor > record.row.Amount.Minor
}

func (a *auditor) toldHold(r *request, h wallet.Hold, replayed bool, sent sending) {
	record := a.holds[h.ID]
	if record == nil {
		a.fail("%s is told of a hold that is not durable", r)
		return
	}
	row := record.row
	if h.UserID != r.user || h.Amount != row.Amount || !h.ExpiresAt.Equal(row.ExpiresAt) {
		a.fail("%s is told of another hold", r)
	}
	switch r.kind {
	case placeHold:
		if h.Status != wallet.HoldActive || h.Version != 1 || h.Reason != r.description() {
			a.fail("%s is told %s, in version %d", r, h.Status, h.Version)
		}
	case takeHold:
		if h.ID != r.hold || h.Status != wallet.HoldCaptured || row.Status != h.Status ||
			h.CapturedMinor != row.CapturedMinor || h.CapturedMinor != r.taking(row) {
			a.fail("%s is told %s of %d; it is %s", r, h.Status, h.CapturedMinor, row.Status)
		}
		if earliest := sent.at.Add(sent.setBack - a.w.setBack); !replayed && !earliest.Before(row.ExpiresAt) {
			a.fail("%s captures what had expired", r)
		}
	default:
		if h.ID != r.hold || h.Status != wallet.HoldReleased || row.Status != h.Status {
			a.fail("%s is told %s; it is %s", r, h.Status, row.Status)
		}
	}
	if c := a.claimOf(r); c != nil && c.claim.Object != h.ID {
		a.fail("%s is told of another hold than its key's", r)
	}
	a.w.count("told hold " + string(h.Status))
	if r.kind == placeHold {
		a.w.workload.held = append(a.w.workload.held, h.ID)
	}
}

// addHolds adds what holds have done to the wallets.
func (a *auditor) addHolds(want map[purse]int64) {
	for _, record := range a.holds {
		h := record.row
		own := purse{ledger.Wallet(h.UserID), h.Amount.Currency}
		switch h.Status {
		case wallet.HoldActive:
			want[own] -= h.Amount.Minor
			want[purse{ledger.Held(h.UserID), h.Amount.Currency}] += h.Amount.Minor
		case wallet.HoldCaptured:
			want[own] -= h.CapturedMinor
		case wallet.HoldReleased, wallet.HoldExpired:
		}
	}
}

// checkHoldRows checks, at the end, that the holds can be read as they were
// committed, and that none is left whose time is over.
func (a *auditor) checkHoldRows() {
	readBack(a, "holds", len(a.holds), store.Snapshot.Holds, func(h wallet.Hold) {
		record := a.holds[h.ID]
		if record == nil || h.Status != record.row.Status || h.CapturedMinor != record.row.CapturedMinor {
			a.fail("%s is read as %s", h.ID.Text(ident.Hold), h.Status)
		}
	})
}

// nextExpiry returns when the next hold ends that is to end within the run.
func (a *auditor) nextExpiry(consider func(time.Time)) {
	for id, record := range a.holds {
		if _, open := a.unsettled[id]; open {
			consider(record.row.ExpiresAt)
		}
	}
}

// placeHold sets some of a wallet aside, mostly for a short time.
func (l *workload) placeHold(r *request) {
	r.kind, r.scope = placeHold, walletScope(r.user)+"/holds"
	r.amount = money.Amount{Minor: 1 + l.dice.Int64N(4000), Currency: l.currency()}
	if l.dice.hit(0.85) {
		r.lasts = l.dice.between(time.Second, longest)
	}
	l.keyed(r)
	l.want(r)
}

// endHold captures or releases a hold: rather a recent one.
func (l *workload) endHold(r *request) {
	r.kind, r.hold = pick(l.dice, takeHold, takeHold, freeHold), l.w.ids.New(r.user)
	if n := len(l.held); n > 0 && !l.dice.hit(0.02) {
		r.hold = l.held[max(0, n-1-l.dice.IntN(5))]
		if !l.dice.hit(0.02) { // else it may be another's
			r.user = l.w.audit.holds[r.hold].row.UserID
		}
	}
	record := l.w.audit.holds[r.hold]
	action := "/release"
	if r.kind == takeHold {
		action = "/capture"
		if record != nil && l.dice.hit(0.5) {
			r.minor = 1 + l.dice.Int64N(record.row.Amount.Minor+record.row.Amount.Minor/8+1)
		}
	}
	r.scope = walletScope(r.user) + "/holds/" + r.hold.Text(ident.Hold) + action
	l.keyed(r)
	l.askedToEnd(r)
}

// askedToEnd lets the auditor know that a hold may be captured.
func (l *workload) askedToEnd(r *request) {
	if record := l.w.audit.holds[r.hold]; record != nil && r.kind == takeHold {
		record.asked = append(record.asked, r)
	}
}

func (r *request) holding() flow.PlaceHold {
	return flow.PlaceHold{
		UserID: r.user, Amount: r.amount, Reason: r.description(), ExpiresIn: r.lasts, Idempotency: r.idempotency(),
	}
}

func (r *request) ending() flow.EndHold {
	return flow.EndHold{
		UserID: r.user, Hold: r.hold, Capture: r.kind == takeHold, Minor: r.minor, Idempotency: r.idempotency(),
	}
}
