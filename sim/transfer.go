package sim

import (
	"math"
	"slices"

	"florin/event"
	"florin/flow"
	"florin/ident"
	"florin/ledger"
	"florin/money"
	"florin/problem"
	"florin/store"
	"florin/wallet"
)

// transferRecord is what the auditor knows of a transfer.
type transferRecord struct {
	row      wallet.Transfer
	received *wallet.Transfer // what the receiver's shard has decided
	states   []transferState
}

// transferState is the part of a transfer that changes.
type transferState struct {
	status  wallet.TransferStatus
	reason  problem.Code
	version int64
}

func transferStateOf(t wallet.Transfer) transferState {
	return transferState{t.Status, t.Reason, t.Version}
}

// same tells whether two rows are of one transfer.
func same(t, o wallet.Transfer) bool {
	return t.ID == o.ID && t.FromUserID == o.FromUserID && t.ToUserID == o.ToUserID && t.Amount == o.Amount
}

// takeTransfer takes a transfer's row on its sender's shard, and returns what
// must be booked there.
func (a *auditor) takeTransfer(shard int, change store.Change[wallet.Transfer]) *booking {
	t := change.Value
	name := t.ID.Text(ident.Transfer)
	record := a.transfers[t.ID]
	if change.New != (record == nil) || t.ID.Shard(a.w.cfg.Shards) != shard {
		a.fail("%s is written as new: %t, on shard %d", name, change.New, shard)
		return nil
	}
	a.note(t.ID, ident.Transfer, t.Status == wallet.TransferPending)
	if record == nil {
		return a.newTransfer(t)
	}
	received := record.received
	switch {
	case !same(t, record.row) || record.row.Status != wallet.TransferPending || t.Version != 2:
		a.fail("%s goes from %s to %s, in version %d", name, record.row.Status, t.Status, t.Version)
	case received == nil || received.Status != t.Status || received.Reason != t.Reason:
		a.fail("%s is %s, and its receiver's shard did not say so", name, t.Status)
	}
	record.row = t
	record.states = append(record.states, transferStateOf(t))
	if t.Status == wallet.TransferFailed {
		return move(ledger.KindTransferReturn, t.FromUserID, t.Amount, ledger.Transfers, ledger.Wallet(t.FromUserID))
	}
	return nil
}

func (a *auditor) newTransfer(t wallet.Transfer) *booking {
	name := t.ID.Text(ident.Transfer)
	r := a.wanted[t.Details.Description]
	switch {
	case r == nil || t.FromUserID != r.user || t.ToUserID != r.to || t.Amount != r.amount:
		a.fail("%s is none that anybody asked for", name)
	case a.descriptions[t.Details.Description]:
		a.fail("%s has two transfers", r)
	case t.Version != 1 || t.Reason != "":
		a.fail("%s begins with version %d, %q", name, t.Version, t.Reason)
	}
	a.descriptions[t.Details.Description] = true
	a.transfers[t.ID] = &transferRecord{row: t, states: []transferState{transferStateOf(t)}}
	a.objects[t.ID] = ident.Transfer
	from, to := ledger.Wallet(t.FromUserID), ledger.Wallet(t.ToUserID)
	if a.local(t.FromUserID, t.ToUserID) {
		if t.Status != wallet.TransferSucceeded {
			a.fail("%s is within a shard, and %s", name, t.Status)
		}
		return move(ledger.KindTransfer, t.FromUserID, t.Amount, from, to)
	}
	if t.Status != wallet.TransferPending {
		a.fail("%s goes to another shard, and begins %s", name, t.Status)
	}
	return move(ledger.KindTransferOut, t.FromUserID, t.Amount, from, ledger.Transfers)
}

func (a *auditor) local(user, other int64) bool {
	return ident.Shard(user, a.w.cfg.Shards) == ident.Shard(other, a.w.cfg.Shards)
}

// takeReceived takes what a receiver's shard has decided, once and for ever.
func (a *auditor) takeReceived(shard int, t wallet.Transfer) *booking {
	name := t.ID.Text(ident.Transfer)
	record := a.transfers[t.ID]
	switch {
	case record == nil || !same(t, record.row) || a.local(t.FromUserID, t.ToUserID):
		a.fail("%s is received, and was not sent", name)
		return nil
	case record.received != nil || record.row.Status != wallet.TransferPending:
		a.fail("%s is received twice", name)
	case ident.Shard(t.ToUserID, a.w.cfg.Shards) != shard:
		a.fail("%s is received on shard %d", name, shard)
	}
	record.received = &t
	switch t.Status {
	case wallet.TransferSucceeded:
		return move(ledger.KindTransferIn, t.ToUserID, t.Amount, ledger.Transfers, ledger.Wallet(t.ToUserID))
	case wallet.TransferFailed:
		a.w.count("transfer refused by its receiver")
	case wallet.TransferPending:
		a.fail("%s is received and pending", name)
	}
	return nil
}

// full tells whether a wallet had no room for an amount after a commit.
func (a *auditor) full(user int64, amount money.Amount, since int64) bool {
	balances := a.accountOf(user, ledger.Wallet(user), amount.Currency).balances(since)
	return slices.Max(balances) > math.MaxInt64-amount.Minor
}

var transferEvents = map[wallet.TransferStatus]event.Type{
	wallet.TransferPending:   event.TransferPending,
	wallet.TransferSucceeded: event.TransferSucceeded,
	wallet.TransferFailed:    event.TransferFailed,
}

// checkTransfers checks, after a commit, the events of its transfers, and the
// declines that it keeps under a key.
func (a *auditor) checkTransfers(c *store.Changes) {
	for _, change := range c.Transfers {
		a.checkVersion(ident.Transfer, change.Value.ID, change.Value.Version)
	}
	for _, t := range c.Received {
		if t.Status == wallet.TransferFailed &&
			(t.Reason != problem.WalletFull || !a.full(t.ToUserID, t.Amount, a.seq-1)) {
			a.fail("%s is refused for %q", t.ID.Text(ident.Transfer), t.Reason)
		}
	}
	for _, e := range c.Events {
		if e.Kind != ident.Transfer {
			continue
		}
		if record := a.transfers[e.Object]; record == nil || e.Type != transferEvents[record.row.Status] {
			a.fail("%s of %s", e.Type, e.Object.Text(e.Kind))
		}
	}
	for _, claim := range c.Answered {
		if claim.Kind != ident.Transfer {
			continue
		}
		r := a.byBody[claim.Digest]
		if r == nil || a.transfers[claim.Object] != nil || !r.lacks(a, a.seq-1) && !r.overfills(a, a.seq-1) {
			a.fail("key %s keeps a decline without a reason", claim.Key)
		}
	}
}

// overfills tells whether the receiver of a transfer within a shard had no room.
func (r *request) overfills(a *auditor, since int64) bool {
	return r.kind == transfer && a.local(r.user, r.to) && a.full(r.to, r.amount, since)
}

// declined says why the decline of a wallet's request is wrong; "" when it is
// right: what it lacked it lacked then, or when its key was used first; and what
// was made before it was sent is told, not declined.
func (a *auditor) declined(r *request, code problem.Code, sent sending) string {
	right := code == problem.InsufficientFunds && r.lacks(a, sent.seq) ||
		code == problem.WalletFull && r.overfills(a, sent.seq)
	if c := a.claims[claimKey{r.scope, r.user, r.key}]; r.key != "" && c != nil && c.claim.Digest == r.body() {
		if a.objects[c.claim.Object] != "" && c.seq <= sent.seq {
			return "it was made"
		}
		right = right || r.kind == transfer && c.claim.Answer != nil
	}
	if r.kind == transfer && r.key != "" && code == problem.InsufficientFunds && a.claimOf(r) == nil {
		return "its key does not keep that"
	}
	if made := a.adjustments[adjustmentName{r.user, r.name}]; r.kind == adjust && made != nil && made.seq <= sent.seq {
		return "it was made"
	}
	return unless(right, "the wallet was not so")
}

func (a *auditor) toldTransfer(r *request, got flow.TransferResult, sent sending) {
	record := a.transfers[got.Transfer.ID]
	if record == nil {
		a.fail("%s is told of a transfer that is not durable", r)
		return
	}
	state := transferStateOf(got.Transfer)
	if !slices.Contains(record.states, state) {
		a.fail("%s is told a state that the transfer never had: %+v", r, state)
	}
	if !same(got.Transfer, record.row) || got.Transfer.Details.Description != r.description() {
		a.fail("%s is told of another transfer", r)
	}
	a.w.count("told transfer " + string(state.status))
	if a.w.workload.ending && state.status == wallet.TransferPending {
		a.fail("%s is told pending when everything is settled", r)
	}
	c := a.claimOf(r)
	switch {
	case c == nil:
	case c.claim.Object != got.Transfer.ID:
		a.fail("%s is told of another transfer than its key's", r)
	case c.transfer == nil && state.status != wallet.TransferPending:
		c.transfer, c.step = &state, a.w.step
	case c.transfer == nil || *c.transfer == state:
	case state.status != wallet.TransferPending || sent.step > c.step:
		a.fail("%s is told %+v, and was told %+v", r, state, *c.transfer)
	}
}

// checkClearing checks, at the end, that nothing is left between the shards, and
// that both sides of every transfer can be read as they were committed.
func (a *auditor) checkClearing() {
	left := map[money.Currency]int64{}
	for key, account := range a.accounts {
		if key.Name == ledger.Transfers {
			left[key.Currency] += account.balance
		}
	}
	if left["USD"] != 0 || left["JPY"] != 0 {
		a.fail("%d USD and %d JPY are on their way between shards for ever", left["USD"], left["JPY"])
	}
	rows, received := 0, 0
	for shard := range a.w.cfg.Shards {
		snapshot, err := a.w.disk.Snapshot(background(), shard)
		if err != nil {
			a.fail("snapshot of shard %d: %v", shard, err)
			return
		}
		_ = snapshot.Transfers(background(), func(t wallet.Transfer) error {
			rows++
			if record := a.transfers[t.ID]; record == nil || transferStateOf(t) != transferStateOf(record.row) {
				a.fail("%s is read as %s", t.ID.Text(ident.Transfer), t.Status)
			}
			return nil
		})
		_ = snapshot.Received(background(), func(t wallet.Transfer) error {
			received++
			if record := a.transfers[t.ID]; record == nil || record.received == nil || t.Status != record.received.Status {
				a.fail("%s is received as %s", t.ID.Text(ident.Transfer), t.Status)
			}
			return nil
		})
	}
	for _, record := range a.transfers {
		if rows--; record.received != nil {
			received--
		}
	}
	if rows != 0 || received != 0 {
		a.fail("%d transfers too many can be read, and %d received", rows, received)
	}
}

// fullUser is somebody whose wallet has nearly all that a wallet may have.
const fullUser = 7

// room is what that wallet has left.
const room = 5000

// fill makes the full wallet, before anything begins.
func (w *world) fill() error {
	shard := ident.Shard(fullUser, w.cfg.Shards)
	tx, err := w.disk.Begin(background(), shard)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	// From a slot of its own, whose balance is of no interest.
	from := ledger.Key{Name: ledger.Adjustments, Slot: 99, Currency: "USD"}
	to := ledger.Key{Name: ledger.Wallet(fullUser), Currency: "USD"}
	state, err := tx.Load(background(), store.Keys{Accounts: []ledger.Key{from, to}})
	if err != nil {
		return err
	}
	const minor = math.MaxInt64 - room
	id := w.ids.New(fullUser)
	changes := store.Changes{Group: w.ids.New(fullUser), Transactions: []ledger.Transaction{{
		ID: id, UserID: fullUser, Kind: ledger.KindAdjustment, Object: id,
	}}}
	for i, key := range []ledger.Key{from, to} {
		amount := []int64{-minor, minor}[i]
		account, err := state.Accounts[key].Apply(amount)
		if err != nil {
			return err
		}
		changes.Accounts = append(changes.Accounts, account)
		changes.Transactions[0].Entries = append(changes.Transactions[0].Entries, ledger.Entry{
			ID: w.ids.New(fullUser), Account: key, Minor: amount, Seq: account.Seq, Balance: account.Balance,
		})
		known := w.audit.account(accountKey{shard, key})
		known.seq, known.balance = 1, amount
		known.history = append(known.history, moment[was]{0, was{amount, id}})
	}
	told := event.Event{
		ID: w.ids.New(fullUser), Type: event.WalletAdjusted, Kind: ident.Transaction, Object: id, Version: 1,
		UserID: fullUser, Data: []byte("{}"),
	}
	changes.Events = []event.Event{told}
	w.audit.events[shard], w.audit.versions[id] = []event.Event{told}, 1
	if err := tx.Write(background(), &changes); err != nil {
		return err
	}
	return tx.Commit(background())
}

// transfer makes a transfer: rather to another shard.
func (l *workload) transfer(r *request) {
	r.kind, r.scope = transfer, root+"transfers"
	r.to = pick(l.dice, pick(l.dice, users...), pick(l.dice, users...), fullUser)
	r.amount = money.Amount{Minor: 1 + l.dice.Int64N(6000), Currency: l.currency()}
	switch {
	case r.to == fullUser:
		r.amount.Currency = "USD"
	case r.to == r.user && l.dice.hit(0.9):
		r.to = users[(slices.Index(users, r.user)+1)%len(users)]
	}
	l.keyed(r)
	l.want(r)
}

// want lets the auditor know what a client wants.
func (l *workload) want(r *request) {
	l.w.audit.wanted[r.description()] = r
	l.w.audit.byBody[r.body()] = r
}

// transfers makes a batch of them.
func (l *workload) transfers(r *request) {
	r.kind = transferBatch
	for range 1 + l.dice.IntN(8) {
		item := l.request(pick(l.dice, users...))
		l.transfer(item)
		r.items = append(r.items, item)
		if item.key != "" {
			l.sent = append(l.sent, item)
		}
	}
	if r.items[0].key != "" && l.dice.hit(0.2) {
		r.items = append(r.items, r.items[0])
	}
}

func (r *request) moving() flow.Transfer {
	return flow.Transfer{
		FromUserID: r.user, ToUserID: r.to, Amount: r.amount,
		Details: wallet.TransferDetails{Description: r.description()}, Idempotency: r.idempotency(),
	}
}

// addTransfers adds to the wallets what transfers have moved.
func (a *auditor) addTransfers(want map[purse]int64) {
	for _, record := range a.transfers {
		if t := record.row; t.Status == wallet.TransferSucceeded {
			want[purse{ledger.Wallet(t.FromUserID), t.Amount.Currency}] -= t.Amount.Minor
			want[purse{ledger.Wallet(t.ToUserID), t.Amount.Currency}] += t.Amount.Minor
		}
	}
	want[purse{ledger.Wallet(fullUser), "USD"}] += math.MaxInt64 - room
}

// batchAnswers returns the answers of a batch's items.
func (got answer) items() []answer {
	var items []answer
	for _, one := range got.batch {
		items = append(items, answer{payment: one.Result, err: one.Err})
	}
	for _, one := range got.transfers {
		items = append(items, answer{transfer: one, err: one.Err})
	}
	return items
}

// underWay tells whether a transfer is between its steps: decided is whether its
// receiver's shard has.
func (a *auditor) underWay(decided bool) bool {
	for _, record := range a.transfers {
		if record.row.Status == wallet.TransferPending && (record.received != nil) == decided {
			return true
		}
	}
	return false
}
