package move

import (
	"context"
	"errors"
	"fmt"
	"time"

	"florin/access"
	"florin/audit"
	"florin/ident"
	"florin/internal/clock"
	"florin/payment"
	"florin/store"
	"florin/vault"
	"florin/wallet"
)

// Reader is what is read of either store.
type Reader interface {
	audit.Store
	Method(ctx context.Context, id ident.ID) (vault.PaymentMethod, error)
	Batch(ctx context.Context, id ident.ID) (payment.Batch, error)
	BatchItems(ctx context.Context, batch ident.ID, q store.BatchItemQuery) ([]payment.BatchItem, error)
	Hold(ctx context.Context, id ident.ID) (wallet.Hold, error)
	Payout(ctx context.Context, id ident.ID) (wallet.Payout, error)
	APIKeys(ctx context.Context) ([]access.APIKey, error)
	Keysets(ctx context.Context) ([]store.Keyset, error)
}

// Source is a store that is moved. Nobody else has it open for writing.
type Source interface {
	Reader
	// Move returns what SetMove has said, durably, last.
	Move(ctx context.Context) (store.Move, error)
	SetMove(ctx context.Context, m store.Move) error
}

// Target is a store that is filled. Its methods may be called for several shards
// at once.
type Target interface {
	Reader
	// Name is the store's own.
	Name() string
	// CheckEmpty fails where a shard is neither empty nor being filled by the copy.
	CheckEmpty(ctx context.Context, shard int, name ident.ID) error
	// StartFill marks a shard as being filled by a copy.
	StartFill(ctx context.Context, shard int, name ident.ID) error
	// Filled returns how many rows of each part a shard has.
	Filled(ctx context.Context, shard int) (map[string]int64, error)
	// Fill writes a part's rows and their count, which was before, in one Tx.
	Fill(ctx context.Context, shard int, name ident.ID, part string, before, after int64, rows *store.Fill) error
	// Settle is called once a shard has all its rows: further ids are above high.
	Settle(ctx context.Context, shard int, high int64) error
	// EndFill takes the mark away: the shard can be served.
	EndFill(ctx context.Context, shard int, name ident.ID) error
}

// Config is what a move is made of.
type Config struct {
	Source Source
	Target Target
	// Journals are the gateways', for both audits.
	Journals map[string]audit.Journal
	// Absent are the gateways whose journal should be there and is not.
	Absent []string
	Clock  clock.Clock
	// Each runs f(0) to f(n-1), at most limit of them at a time: loop.Each.
	Each func(n, limit int, f func(i int))
	// NewID names a copy.
	NewID func() ident.ID
	// Rows is how many rows of a part one Tx writes into a shard; 4,000 by default.
	Rows int
	// Writers is how many shards are written at a time; 4 by default.
	Writers int
	// Verify also reads each object of the target by its id, as the API does.
	Verify bool
	// Progress is told what is done, and how much of that, from 0 to 1; it may be
	// nil.
	Progress func(what string, done float64)
	// Before is called before each chunk is written; its error ends the move. It may
	// be nil.
	Before func(part string, shard int) error
}

func (c Config) withDefaults() Config {
	if c.Rows <= 0 {
		c.Rows = 4000
	}
	if c.Writers <= 0 {
		c.Writers = 4
	}
	if c.Progress == nil {
		c.Progress = func(string, float64) {}
	}
	if c.Before == nil {
		c.Before = func(string, int) error { return nil }
	}
	return c
}

// Errors of a move.
var (
	// ErrElsewhere: the source is being moved, or was, to another store.
	ErrElsewhere = errors.New("the store is moved to other databases than these")
	// ErrNotMoving: no copy is under way.
	ErrNotMoving = errors.New("the store is not being moved")
	// ErrMoved: the store was moved, for good.
	ErrMoved = errors.New("the store was moved already")
)

// Report is what became of a move.
type Report struct {
	// OK: the target is served from now on, and the source is not any more.
	OK bool `json:"ok"`
	// Copy names the copy, Target the store that it is in.
	Copy   string `json:"copy"`
	Target string `json:"target"`
	// Resumed: an earlier run had begun; Before: it had even done everything.
	Resumed bool `json:"resumed"`
	Before  bool `json:"done_before"`
	// ShardsFrom and ShardsTo are the numbers of shards.
	ShardsFrom int `json:"shards_from"`
	ShardsTo   int `json:"shards_to"`
	// SourceAudit and TargetAudit are nil where it did not come to them.
	SourceAudit *audit.Report `json:"source_audit,omitempty"`
	TargetAudit *audit.Report `json:"target_audit,omitempty"`
	Parts       []Compared    `json:"parts"`
	TookMS      int64         `json:"took_ms"`
	Took        time.Duration `json:"-"`
}

// mover is one run.
type mover struct {
	cfg Config
	shards
	move   store.Move
	from   []store.Snapshot
	into   []store.Snapshot
	filled []map[string]int64

	what        string
	done, total int64 // rows, in all parts
}

// Run copies the source into the target, or goes on where an earlier run ended,
// and hands the business over when all is well. Its error is of what could not be
// done: the next run goes on from there. What is wrong with the books or with the
// copy is in the report.
func Run(ctx context.Context, cfg Config) (r Report, err error) {
	m := &mover{cfg: cfg.withDefaults(), shards: shards{cfg.Source.Shards(), cfg.Target.Shards()}}
	began := m.cfg.Clock.Now()
	r.ShardsFrom, r.ShardsTo, r.Target = m.shards.from, m.to, cfg.Target.Name()
	defer func() {
		for _, s := range append(m.from, m.into...) {
			_ = s.Close() // it was only read
		}
		r.Took = m.cfg.Clock.Now().Sub(began)
		r.TookMS = r.Took.Milliseconds()
	}()
	if err := m.recall(ctx, &r); err != nil || r.Before {
		return r, err
	}
	if ok, err := m.audit(ctx, &r.SourceAudit, "auditing the source", m.cfg.Source); err != nil || !ok {
		return r, err
	}
	err = m.begin(ctx)
	r.Copy = m.move.Copy.Text("copy")
	if err != nil {
		return r, err
	}
	if err := m.copyAll(ctx, r.SourceAudit.Totals); err != nil {
		return r, err
	}
	if ok, err := m.prove(ctx, &r); err != nil || !ok {
		return r, err
	}
	if err := m.handOver(ctx); err != nil {
		return r, err
	}
	r.OK = true
	return r, nil
}

// recall finds out how far an earlier run has come, and ends what it had proved.
func (m *mover) recall(ctx context.Context, r *Report) (err error) {
	if m.move, err = m.cfg.Source.Move(ctx); err != nil {
		return err
	}
	r.Resumed = m.move != store.Move{}
	if !r.Resumed {
		return m.checkEmpty(ctx)
	}
	r.Copy = m.move.Copy.Text("copy")
	if m.move.Target != m.cfg.Target.Name() {
		return fmt.Errorf("%w: store %s, and the databases of the configuration are store %s",
			ErrElsewhere, m.move.Target, m.cfg.Target.Name())
	}
	if !m.move.Done {
		return m.checkEmpty(ctx)
	}
	r.OK, r.Before = true, true
	return m.open(ctx)
}

func (m *mover) checkEmpty(ctx context.Context) error {
	for shard := range m.to {
		if err := m.cfg.Target.CheckEmpty(ctx, shard, m.move.Copy); err != nil {
			return err
		}
	}
	return nil
}

// begin sets the marks, the source's first.
func (m *mover) begin(ctx context.Context) error {
	if m.move == (store.Move{}) {
		move := store.Move{Copy: m.cfg.NewID(), Target: m.cfg.Target.Name()}
		if err := m.cfg.Source.SetMove(ctx, move); err != nil {
			return err
		}
		m.move = move
	}
	for shard := range m.to {
		if err := m.cfg.Target.StartFill(ctx, shard, m.move.Copy); err != nil {
			return err
		}
		filled, err := m.cfg.Target.Filled(ctx, shard)
		if err != nil {
			return err
		}
		m.filled = append(m.filled, filled)
	}
	return nil
}

// copyAll copies all parts, one after the other.
func (m *mover) copyAll(ctx context.Context, t audit.Totals) (err error) {
	if m.from, err = snapshots(ctx, m.cfg.Source); err != nil {
		return err
	}
	m.what, m.done = "copying", 0
	m.total = t.Payments + t.Methods + t.Transfers + t.Transactions + t.Entries + t.Accounts + t.Events + t.Claims
	for _, p := range parts() {
		if _, err := p.copy(ctx, m); err != nil {
			return err
		}
	}
	high, err := m.cfg.Source.LastHigh(ctx)
	if err != nil {
		return err
	}
	for shard := range m.to {
		if err := m.cfg.Target.Settle(ctx, shard, high); err != nil {
			return err
		}
	}
	m.total -= t.Entries // they are compared with their transactions
	return nil
}

// prove compares the stores and audits the target, and tells whether all is well.
func (m *mover) prove(ctx context.Context, r *Report) (ok bool, err error) {
	if m.into, err = snapshots(ctx, m.cfg.Target); err != nil {
		return false, err
	}
	m.what, m.done, ok = "comparing", 0, true
	for _, p := range parts() {
		if p.title() == "claims" || p.title() == "ledger_entries" {
			continue // the one is below, the other with its transactions
		}
		c, err := p.compare(ctx, m)
		if err != nil {
			return false, err
		}
		r.Parts = append(r.Parts, c)
	}
	for _, compare := range []func(context.Context) (Compared, error){m.compareSystem, m.compareClaims} {
		c, err := compare(ctx)
		if err != nil {
			return false, err
		}
		r.Parts = append(r.Parts, c)
	}
	for _, c := range r.Parts {
		ok = ok && c.Different == 0
	}
	clean, err := m.audit(ctx, &r.TargetAudit, "auditing the target", m.cfg.Target)
	return ok && clean, err
}

// handOver lets nobody serve the source any more, and then the target be served.
func (m *mover) handOver(ctx context.Context) error {
	m.move.Done = true
	if err := m.cfg.Source.SetMove(ctx, m.move); err != nil {
		return err
	}
	return m.open(ctx)
}

// open takes the marks of the target away.
func (m *mover) open(ctx context.Context) error {
	for shard := range m.to {
		if err := m.cfg.Target.EndFill(ctx, shard, m.move.Copy); err != nil {
			return err
		}
	}
	return nil
}

func (m *mover) audit(ctx context.Context, into **audit.Report, what string, s audit.Store) (ok bool, err error) {
	report, err := audit.Run(ctx, audit.Config{
		Store: s, Journals: m.cfg.Journals, Absent: m.cfg.Absent, Clock: m.cfg.Clock, Each: m.cfg.Each,
		Progress: func(done float64) { m.cfg.Progress(what, done) },
	})
	if err != nil {
		return false, err
	}
	*into = &report
	return report.OK, nil
}

// step counts a row, and tells now and then how far it is.
func (m *mover) step() error {
	if m.done++; m.done%1024 == 0 {
		m.cfg.Progress(m.what, min(1, float64(m.done)/float64(max(1, m.total))))
	}
	return nil
}

func snapshots(ctx context.Context, s Reader) (list []store.Snapshot, err error) {
	for shard := range s.Shards() {
		v, err := s.Snapshot(ctx, shard)
		if err != nil {
			return list, err
		}
		list = append(list, v)
	}
	return list, nil
}

// Abandon gives a copy that is unfinished up: the source is served again, and what
// was copied never. ErrNotMoving where there is none; a store that was moved stays so.
func Abandon(ctx context.Context, source Source) error {
	m, err := source.Move(ctx)
	switch {
	case err != nil:
		return err
	case m == store.Move{}:
		return ErrNotMoving
	case m.Done:
		return fmt.Errorf("%w: it was handed over to store %s, which may have taken payments since", ErrMoved, m.Target)
	}
	return source.SetMove(ctx, store.Move{})
}
